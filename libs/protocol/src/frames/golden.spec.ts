import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeCbor, encodeCbor } from '../codec/cbor';
import { FROM_SERVER } from '../codec/decode-error';
import { decodeJson, encodeJson } from '../codec/json';
import { parseWith } from '../schema/parse';
import { CLIENT_FRAMES } from './client-frames';
import { parseClientFrame } from './parse-client-frame';
import { parseServerFrame } from './parse-server-frame';
import { SERVER_FRAMES } from './server-brane-frames';

const FOLDER = join(__dirname, '../golden');

interface Golden {
  readonly json: unknown;
  /** Hexadecimal. */
  readonly cbor: string;
}

const vectors = readdirSync(FOLDER).map((file) => {
  const { json, cbor } = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Golden;
  return {
    type: file.replace(/\.json$/, ''),
    text: JSON.stringify(json),
    bytes: new Uint8Array(Buffer.from(cbor, 'hex')),
  };
});

describe('golden bytes', () => {
  it('exist for every frame, and for nothing else', () => {
    const types = [...Object.keys(CLIENT_FRAMES), ...Object.keys(SERVER_FRAMES)];
    expect(vectors.map(({ type }) => type).sort()).toEqual(types.sort());
  });

  describe.each(vectors)('$type', ({ type, text, bytes }) => {
    it('is written byte by byte as it always was, in both formats', () => {
      const frame = decodeCbor(bytes, FROM_SERVER);
      expect(Buffer.from(encodeCbor(frame)).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
      expect(encodeJson(frame)).toBe(text);
    });

    it('is the same frame in both formats', () => {
      const parse = Object.hasOwn(CLIENT_FRAMES, type) ? parseClientFrame : parseServerFrame;
      const frame = parse(decodeCbor(bytes, FROM_SERVER));
      expect(frame.type).toBe(type);
      expect(parse(decodeJson(text, FROM_SERVER))).toEqual(frame);
    });

    it('fits its schema without losing a field', () => {
      const schema = { ...CLIENT_FRAMES, ...SERVER_FRAMES }[type as keyof typeof SERVER_FRAMES];
      const frame = decodeCbor(bytes, FROM_SERVER);
      expect(parseWith(schema, frame, 'frame.invalid')).toEqual(frame);
    });
  });
});
