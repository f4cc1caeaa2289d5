import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';

interface Lease {
  readonly endsAt: number;
  readonly ttlSeconds: number;
}

/** An HTTP server on loopback that behaves as HashiCorp Vault's KV engine, version 2, mounted at `secret`, does. */
export interface FakeVault {
  readonly url: string;
  /** Calls so far, as `METHOD path`. */
  readonly calls: string[];
  /** Of the record; a new one is a new version. */
  put(data: Readonly<Record<string, unknown>>): void;
  readonly version: number;
  readonly data: Readonly<Record<string, unknown>>;
  /** Answers something else while it is set; `hang`: takes the call and says nothing. */
  fault: 'sealed' | 'hang' | 'malformed' | 'not_kv2' | 'cut_off' | undefined;
  /** Before the next write is looked at: somebody else's. */
  beforeWrite: (() => void) | undefined;
  /** All tokens given out so far are worth nothing any more. */
  revokeTokens(): void;
  close(): Promise<void>;
}

export interface FakeVaultOptions {
  readonly path?: string;
  /** A token that does not end; others come from the Kubernetes sign-in. */
  readonly token?: string;
  readonly role?: string;
  readonly jwt?: string;
  /** Of tokens from the Kubernetes sign-in. */
  readonly ttlSeconds?: number;
  readonly now?: () => number;
}

export async function startFakeVault(options: FakeVaultOptions = {}): Promise<FakeVault> {
  const vault = new Vault(options);
  const server = createServer((request, response) => void vault.serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  vault.listensAt(server);
  return vault;
}

class Vault implements FakeVault {
  url = '';
  readonly calls: string[] = [];
  version = 0;
  data: Readonly<Record<string, unknown>> = {};
  fault: FakeVault['fault'];
  beforeWrite: (() => void) | undefined;
  private readonly leases = new Map<string, Lease>();
  private server: Server | undefined;

  constructor(private readonly options: FakeVaultOptions) {}

  listensAt(server: Server): void {
    this.server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  put(data: Readonly<Record<string, unknown>>): void {
    this.data = data;
    this.version += 1;
  }

  revokeTokens(): void {
    this.leases.clear();
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body: unknown = chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString());
    this.calls.push(`${request.method} ${request.url}`);
    const [status, answer] = this.answer(request, body);
    if (this.fault === 'hang') return;
    const text = this.fault === 'malformed' ? '<html>it works</html>' : JSON.stringify(answer);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length });
    if (this.fault === 'cut_off') response.write(text.slice(0, 5), () => response.destroy());
    else response.end(text);
  }

  private answer(request: IncomingMessage, body: unknown): readonly [number, unknown] {
    const { fault, options } = this;
    if (fault === 'sealed') return [503, { errors: ['Vault is sealed'] }];
    const path = (request.url ?? '').replace(/^\/v1\//, '');
    if (path === 'auth/kubernetes/login') return this.logIn(body as { role?: string; jwt?: string });
    const token = String(request.headers['x-vault-token']);
    if (!this.knows(token)) return [403, { errors: ['permission denied'] }];
    if (path === 'auth/token/lookup-self') {
      return [200, { data: { ttl: this.leases.get(token)?.ttlSeconds ?? 0, renewable: false } }];
    }
    if (path === 'auth/token/renew-self') return [200, this.lease(token)];
    if (path !== `secret/data/${options.path ?? 'state-server'}`) return [404, { errors: [] }];
    return request.method === 'GET'
      ? this.read()
      : this.write(body as { options?: { cas?: number }; data?: object });
  }

  private logIn({ role, jwt }: { role?: string; jwt?: string }): readonly [number, unknown] {
    if (role !== this.options.role || jwt !== this.options.jwt)
      return [403, { errors: ['permission denied'] }];
    return [200, this.lease(`hvs.${randomUUID()}`)];
  }

  private lease(token: string): unknown {
    const { ttlSeconds = 3_600 } = this.options;
    this.leases.set(token, { ttlSeconds, endsAt: this.now() + ttlSeconds * 1_000 });
    return { auth: { client_token: token, lease_duration: ttlSeconds, renewable: true } };
  }

  private knows(token: string): boolean {
    if (this.options.token !== undefined && token === this.options.token) return true;
    const lease = this.leases.get(token);
    return lease !== undefined && lease.endsAt > this.now();
  }

  private now(): number {
    return this.options.now?.() ?? Date.now();
  }

  private read(): readonly [number, unknown] {
    if (this.version === 0) return [404, { errors: [] }];
    if (this.fault === 'not_kv2') return [200, { data: this.data }];
    return [200, { data: { data: this.data, metadata: { version: this.version } } }];
  }

  private write({
    options,
    data,
  }: {
    options?: { cas?: number };
    data?: object;
  }): readonly [number, unknown] {
    this.beforeWrite?.();
    if (options?.cas !== undefined && options.cas !== this.version) {
      return [400, { errors: ['check-and-set parameter did not match the current version'] }];
    }
    this.put({ ...data });
    return [200, { data: { version: this.version } }];
  }
}
