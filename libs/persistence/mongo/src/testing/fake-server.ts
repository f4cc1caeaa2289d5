import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import mongoose from 'mongoose';

const { BSON } = mongoose.mongo;
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER = 16;

/** What a server answers to a command; undefined: nothing, and the connection stays open. */
export type Answer = (command: Record<string, unknown>) => Record<string, unknown> | undefined;

/** As much of MongoDB's protocol as an acquaintance takes: for servers that are of no use. */
export class FakeServer {
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(answer: Answer): Promise<FakeServer> {
    const server = createServer();
    const fake = new FakeServer(server);
    server.on('connection', (socket) => fake.serve(socket, answer));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return fake;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket, answer: Answer): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    let received = Buffer.alloc(0);
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      while (received.length >= HEADER && received.length >= received.readInt32LE(0)) {
        const message = received.subarray(0, received.readInt32LE(0));
        received = received.subarray(message.length);
        const reply = answer(commandIn(message));
        if (reply) socket.write(encoded(message, reply));
      }
    });
  }
}

function commandIn(message: Buffer): Record<string, unknown> {
  // OP_MSG: flags, the kind of the section, the document. OP_QUERY: flags, a name, two numbers, the document.
  const at = message.readInt32LE(12) === OP_QUERY ? message.indexOf(0, HEADER + 4) + 1 + 8 : HEADER + 4 + 1;
  return BSON.deserialize(message.subarray(at, at + message.readInt32LE(at)));
}

function encoded(request: Buffer, reply: Record<string, unknown>): Buffer {
  const isQuery = request.readInt32LE(12) === OP_QUERY;
  const document = BSON.serialize(reply);
  const before = Buffer.alloc(HEADER + (isQuery ? 20 : 5));
  before.writeInt32LE(before.length + document.length, 0);
  before.writeInt32LE(request.readInt32LE(4), 8);
  before.writeInt32LE(isQuery ? OP_REPLY : OP_MSG, 12);
  if (isQuery) before.writeInt32LE(1, HEADER + 16);
  return Buffer.concat([before, document]);
}
