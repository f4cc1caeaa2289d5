/** RFC 6455, 5.2: a final frame of a server, which is never masked. */
const FINAL = 0x80;
const TEXT = 1;
const BINARY = 2;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** One message as the bytes of its only WebSocket frame: text as UTF-8, bytes as binary. */
export function serverFrame(data: Uint8Array | string): Buffer {
  const isText = typeof data === 'string';
  const length = isText ? Buffer.byteLength(data) : data.byteLength;
  const start = headBytes(length);
  const frame = Buffer.allocUnsafeSlow(start + length);
  writeHead(frame, isText ? TEXT : BINARY, length);
  if (isText) frame.write(data, start, 'utf8');
  else frame.set(data, start);
  return frame;
}

/** What stands before so many bytes of a binary message. */
export function binaryHead(length: number): Buffer {
  const head = Buffer.allocUnsafe(headBytes(length));
  writeHead(head, BINARY, length);
  return head;
}

function writeHead(frame: Buffer, type: number, length: number): void {
  const bytes = headBytes(length);
  frame[0] = FINAL | type;
  if (bytes === 2) frame[1] = length;
  else if (bytes === 4) {
    frame[1] = LENGTH_16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LENGTH_64;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
}

function headBytes(length: number): number {
  if (length < LENGTH_16) return 2;
  return length <= 0xffff ? 4 : 10;
}

/** The engine gives one message to many sockets in a row: framed for the first of them. */
export class SharedFrames {
  private message: Uint8Array | string = '';
  private frame: Buffer | undefined;

  of(message: Uint8Array | string): Buffer {
    if (this.frame === undefined || message !== this.message) {
      this.message = message;
      this.frame = serverFrame(message);
    }
    return this.frame;
  }
}
