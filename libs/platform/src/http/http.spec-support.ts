import { Controller, Get, Module, Patch, Post, Req, Res } from '@nestjs/common';
import type { Environment } from '@state-server/domain';
import { StoreError } from '@state-server/persistence-port';
import { decodeCbor, fail } from '@state-server/protocol';
import type { SecretSource } from '@state-server/secrets';
import { commonFields, commonRules, defineConfig, loadConfig } from '../config';
import { createLogger, currentContext, type Logger } from '../log';
import { realEnvironment } from '../real-environment';
import { okAnswer, readRequest, respond, type RestReply, type RestRequest } from '../rest';
import { createService, type Service } from '../service';
import { type HttpParts, type HttpService, startHttpService } from './start-http-service';

@Controller()
class Doors {
  @Post('auth/refresh')
  refresh(@Req() request: RestRequest, @Res() reply: RestReply): void {
    respond(reply, okAnswer({ echo: readRequest('auth.refresh', request).body }));
  }

  @Patch('users/me')
  update(@Req() request: RestRequest, @Res() reply: RestReply): void {
    respond(reply, okAnswer({ echo: request.body, context: currentContext()?.request_id }));
  }

  @Post('internal/callbacks/:type')
  raw(@Req() request: RestRequest, @Res() reply: RestReply): void {
    const { body } = request;
    respond(reply, okAnswer({ bytes: body instanceof Uint8Array ? Uint8Array.from(body) : 'decoded' }));
  }

  @Get('entity/:id')
  fails(@Req() { params }: RestRequest): Promise<never> {
    const { id } = params as { readonly id: string };
    if (id === 'busy')
      return Promise.reject(fail('rate.limited', undefined, undefined, { retryAfterMs: 2_500 }));
    if (id === 'away') return Promise.reject(new StoreError('unavailable', 'disk full at /var/lib/x'));
    if (id === 'slow') return new Promise(() => undefined);
    return Promise.reject(new Error('password hunter2 at /srv/secret'));
  }

  @Get('page')
  page(@Res() reply: RestReply): void {
    reply.header('content-type', 'text/html').send('<p>hello</p>');
  }
}

@Module({ controllers: [Doors] })
class DoorsModule {}

export type Body = NonNullable<RequestInit['body']>;

export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface TestHttp {
  readonly service: Service;
  readonly http: HttpService;
  readonly lines: Readonly<Record<string, unknown>>[];
  send(
    method: string,
    path: string,
    options?: { headers?: Record<string, string>; body?: Body },
  ): Promise<TestAnswer>;
}

const schema = defineConfig(
  commonFields({ service: 'doors', port: 0, metricsPort: 0, trustedProxies: 'loopback' }),
  commonRules,
);

export function recordingLog(lines: Record<string, unknown>[]): Logger {
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  return createLogger({ service: 'doors', instance: 'test', level: 'trace', to: { write } });
}

export function testService(
  options: {
    env?: Record<string, string>;
    environment?: Environment;
    log?: Logger;
    secrets?: SecretSource;
  } = {},
): Service {
  return createService({
    config: loadConfig(schema, { NODE_ENV: 'test', ...options.env }),
    environment: options.environment ?? realEnvironment,
    log: options.log ?? recordingLog([]),
    processMetrics: false,
    ...(options.secrets && { secrets: options.secrets }),
  });
}

const opened: Service[] = [];

/** For afterEach: a listener that is left would keep Jest from ending. */
export async function closeDoors(): Promise<void> {
  await Promise.all(opened.splice(0).map((service) => service.close()));
}

export async function startDoors(
  options: { env?: Record<string, string>; configure?: HttpParts['configure']; secrets?: SecretSource } = {},
): Promise<TestHttp> {
  const lines: Record<string, unknown>[] = [];
  const service = testService({ ...options, log: recordingLog(lines) });
  const parts = { module: DoorsModule, ...(options.configure && { configure: options.configure }) };
  opened.push(service);
  const http = await startHttpService(service, parts);
  return {
    service,
    http,
    lines,
    send: async (method, path, request = {}) => {
      const answer = await fetch(`${http.url}${path}`, {
        method,
        signal: AbortSignal.timeout(10_000),
        ...request,
      });
      const bytes = new Uint8Array(await answer.arrayBuffer());
      return { status: answer.status, headers: answer.headers, body: decode(answer.headers, bytes) };
    },
  };
}

function decode(headers: Headers, bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  const type = headers.get('content-type');
  if (type === 'application/cbor') return decodeCbor(bytes);
  const text = new TextDecoder().decode(bytes);
  return type === 'application/json' ? JSON.parse(text) : text;
}

export const codeOf = (answer: TestAnswer): unknown =>
  (answer.body as { readonly error?: { readonly code: string } }).error?.code;
