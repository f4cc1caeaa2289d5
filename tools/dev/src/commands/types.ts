import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { PropertySchema } from '@state-server/domain';
import { propertyTypes } from '../types/property-types';
import { UserError } from '../user-error';

export interface TypesOptions {
  /** `ID` or `ID@version`. */
  readonly prototype: string;
  readonly origin: string;
  /** Access token; without it a development sign-in, which sees public prototypes alone. */
  readonly token: string | undefined;
  /** File to write; without it the standard output. */
  readonly out: string | undefined;
}

interface Told {
  readonly name: string;
  readonly latest_version?: number;
}

/** Writes the types of a prototype's properties. Answers the exit code. */
export async function types(options: TypesOptions): Promise<number> {
  const [id = '', wanted] = options.prototype.split('@');
  const token = options.token ?? (await signIn(options.origin));
  const ask = <T>(path: string): Promise<T> => get<T>(`${options.origin}${path}`, token);
  const { name, latest_version } = await ask<Told>(`/prototype/${encodeURIComponent(id)}`);
  const number = wanted === undefined ? latest_version : Number(wanted);
  if (number === undefined) throw new UserError(`The prototype ${id} has no version yet.`);
  const version = await ask<{ readonly schema?: PropertySchema }>(
    `/prototype/${encodeURIComponent(id)}/versions/${number}`,
  );
  const { schema } = version;
  const text = propertyTypes({
    name,
    prototype_id: id,
    version: number,
    ...(schema === undefined ? {} : { schema }),
  });
  if (options.out === undefined) process.stdout.write(text);
  else writeFileSync(resolve(options.out), text);
  return 0;
}

async function signIn(origin: string): Promise<string> {
  const body = JSON.stringify({ name: 'types' });
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const { access_token } = await read<{ readonly access_token: string }>(`${origin}/auth/dev`, {
    method: 'POST',
    headers,
    body,
  });
  return access_token;
}

function get<T>(url: string, token: string): Promise<T> {
  return read<T>(url, { headers: { authorization: `Bearer ${token}`, accept: 'application/json' } });
}

async function read<T>(url: string, init: RequestInit): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) });
  } catch (error) {
    throw new UserError(
      `Nothing answers at ${url}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const body = (await answer.json()) as T & { readonly error?: { readonly message: string } };
  if (!answer.ok) throw new UserError(`${url} answers ${answer.status}: ${body.error?.message ?? ''}`);
  return body;
}
