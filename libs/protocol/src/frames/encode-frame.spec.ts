import {
  concatFrames,
  concatJsonFrames,
  encodeFrame,
  formatOf,
  splitFrames,
  SUBPROTOCOLS,
  transcodeToJson,
} from './encode-frame';
import type { ServerFrame } from './server-frames';

const draining: ServerFrame = { type: 'system.draining', reconnect_in_ms: 5 };
const pong: ServerFrame = { type: 'system.pong', server_time: '2026-11-21T09:00:00.000Z' };

describe('a message of the server', () => {
  it('carries one frame or several as a CBOR sequence (RFC 8742)', () => {
    const frames = [draining, pong, draining];
    const encoded = frames.map((frame) => encodeFrame(frame, 'cbor'));
    expect(splitFrames(concatFrames(encoded))).toEqual(frames);
    expect(splitFrames(concatFrames(encoded.slice(0, 1)))).toEqual([draining]);
    expect(splitFrames(concatFrames([]))).toEqual([]);
  });

  it('carries one frame or an array of frames in JSON', () => {
    const frames = [draining, pong];
    const encoded = frames.map((frame) => encodeFrame(frame, 'json'));
    expect(splitFrames(concatJsonFrames(encoded))).toEqual(frames);
    expect(splitFrames(concatJsonFrames(encoded.slice(1)))).toEqual([pong]);
    expect(splitFrames(concatJsonFrames([]))).toEqual([]);
  });

  it('is transcoded to JSON frame by frame', () => {
    const bytes = concatFrames([draining, pong].map((frame) => encodeFrame(frame, 'cbor')));
    expect(splitFrames(transcodeToJson(bytes))).toEqual([draining, pong]);
  });

  it('may be as deep in an array as it is alone', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 31; level++) deep = [deep];
    const frame = { type: 'system.error', details: { deep } };
    const nested = { ...frame, details: deep };
    expect(splitFrames(`[${JSON.stringify(nested)}]`)).toEqual([nested]);
    expect(() => splitFrames(`[${JSON.stringify(frame)}]`)).toThrow('nested too deeply');
  });
});

it('knows the format of a subprotocol', () => {
  expect(formatOf(SUBPROTOCOLS.cbor)).toBe('cbor');
  expect(formatOf(SUBPROTOCOLS.json)).toBe('json');
  expect(formatOf('graphql-ws')).toBeUndefined();
});
