import { readFileSync } from 'node:fs';
import { bareServer } from './bare-ws';

/** What precedes each message in the file: its length, as an unsigned 32-bit integer. */
export const LENGTH_BYTES = 4;

/**
 * The peer of the join storm: whoever says `join <file>` is sent the messages that stand in that file, as they are. They
 * are read once.
 */
export function bareStorm(): void {
  const server = bareServer();
  let name: string | undefined;
  let messages: Buffer[] = [];
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const [, file = ''] = (data as Buffer).toString().split(' ');
      if (file !== name) messages = readMessages(file);
      name = file;
      for (const message of messages) socket.send(message, { binary: true });
    });
  });
}

function readMessages(file: string): Buffer[] {
  const bytes = readFileSync(file);
  const messages: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const start = at + LENGTH_BYTES;
    const end = start + bytes.readUInt32BE(at);
    messages.push(bytes.subarray(start, end));
    at = end;
  }
  return messages;
}
