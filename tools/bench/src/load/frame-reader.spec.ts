import { FrameReader } from './frame-reader';

const text = (payload: string): Buffer => Buffer.from([0x82, payload.length, ...Buffer.from(payload)]);

describe('a reader of frames', () => {
  it('counts messages however they are cut, and hands them over whole', () => {
    const stream = Buffer.concat([text('one'), text(''), text('three'.repeat(20))]);
    for (const step of [1, 2, 3, 7, 1_000]) {
      const reader = new FrameReader();
      const heard: string[] = [];
      reader.onMessage = (message) => heard.push(message.toString());
      for (let at = 0; at < stream.length; at += step) reader.take(stream.subarray(at, at + step));
      expect(heard).toEqual(['one', '', 'three'.repeat(20)]);
      expect(reader).toMatchObject({ messages: 3, bytes: 103 });
    }
  });

  it('leaves out the message in whose middle somebody began to listen', () => {
    const reader = new FrameReader();
    const heard: string[] = [];
    const [first, second] = [text('begun before'), text('whole')];
    reader.take(first.subarray(0, 6));
    reader.onMessage = (message) => heard.push(message.toString());
    reader.take(Buffer.concat([first.subarray(6), second]));
    expect(heard).toEqual(['whole']);
    expect(reader.messages).toBe(2);
  });
});
