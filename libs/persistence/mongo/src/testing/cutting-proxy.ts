import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** Stands between a client and a server, and loses connections: whole ones, or only what the server answers. */
export class CuttingProxy {
  private readonly pairs = new Set<Pair>();
  private isDeaf = false;

  private constructor(private readonly server: Server) {}

  static async start(host: string, port: number): Promise<CuttingProxy> {
    const server = createServer();
    const proxy = new CuttingProxy(server);
    server.on('connection', (client) => proxy.join({ client, server: connect(port, host) }));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get connections(): number {
    return this.pairs.size;
  }

  /** What was asked reaches the server; its answers reach nobody. Then all connections are lost. */
  async loseAnswers(ms: number): Promise<void> {
    this.isDeaf = true;
    await new Promise((resolve) => {
      setTimeout(resolve, ms);
    });
    this.cut();
    this.isDeaf = false;
  }

  /** All connections are lost at this moment. */
  cut(): void {
    for (const { client, server } of this.pairs) {
      client.destroy();
      server.destroy();
    }
    this.pairs.clear();
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    this.server.close();
    this.cut();
    await once(this.server, 'close');
  }

  private join(pair: Pair): void {
    const { client, server } = pair;
    this.pairs.add(pair);
    client.setNoDelay(true);
    server.setNoDelay(true);
    const end = (): void => {
      client.destroy();
      server.destroy();
      this.pairs.delete(pair);
    };
    for (const socket of [client, server]) {
      socket.on('error', end);
      socket.on('close', end);
    }
    client.on('data', (data) => server.write(data));
    server.on('data', (data) => {
      if (!this.isDeaf) client.write(data);
    });
  }
}
