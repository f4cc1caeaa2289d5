import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify from 'fastify';
import { open } from 'lmdb';
import { listening } from './listening';

/** The peer of GET /object: a Fastify route that reads one record from lmdb and sends it as JSON. PUT stores a record. */
export async function bareHttp(): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'bench-'));
  process.on('exit', () => rmSync(path, { recursive: true, force: true }));
  const db = open<unknown, string>({ path });
  const server = fastify();
  listening(server.server);
  server.get<{ Params: { id: string } }>('/object/:id', async (request) => db.get(request.params.id));
  server.put<{ Params: { id: string } }>('/object/:id', async (request) => {
    await db.put(request.params.id, request.body);
    return {};
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
}
