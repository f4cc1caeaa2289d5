import { asBraneId, asEpoch } from '@state-server/domain';
import { encodeCbor } from '@state-server/protocol';
import { createFakeEnvironment } from '@state-server/testing';
import {
  decodeBraneMessages,
  decodeHeads,
  encodeBraneMessages,
  encodeHeads,
  type HeadNotice,
} from './messages';
import { createPublisher } from './publisher';

const epoch = asEpoch('e');

function setUp() {
  const environment = createFakeEnvironment();
  const sent: { channel: string; payload: Uint8Array }[] = [];
  const bus = { publish: (channel: string, payload: Uint8Array) => void sent.push({ channel, payload }) };
  const publisher = createPublisher({ bus, environment });
  const heads = (): HeadNotice[][] =>
    sent.filter(({ channel }) => channel === 'heads').map(({ payload }) => decodeHeads(payload));
  return { environment, publisher, sent, heads, brane: asBraneId(environment.ids.uuid()) };
}

describe('the writers’ side of the bus (R5)', () => {
  it('publishes the entries of a commit on their brane’s channel, in order, as one message', () => {
    const { publisher, sent, brane } = setUp();
    const messages = [2, 3].map((seq) => ({ epoch, seq, frame: Uint8Array.of(seq) }));
    publisher.publish(brane, messages);
    publisher.publish(brane, []);
    expect(sent.map(({ channel }) => channel)).toEqual([`brane:${brane}`]);
    expect(sent.map(({ payload }) => decodeBraneMessages(payload))).toEqual([messages]);
  });

  it('announces once a second the heads that were advanced in the last 10 s, then is silent', async () => {
    const { environment, publisher, heads, brane } = setUp();
    publisher.publish(brane, [{ epoch, seq: 2, frame: Uint8Array.of() }]);
    await environment.advance(999);
    expect(heads()).toEqual([]);
    await environment.advance(1_001);
    expect(heads()).toEqual([[{ brane_id: brane, epoch, seq: 2 }], [{ brane_id: brane, epoch, seq: 2 }]]);
    publisher.publish(brane, [{ epoch, seq: 5, frame: Uint8Array.of() }]);
    await environment.advance(30_000);
    expect(heads()).toHaveLength(2 + 10);
    expect(heads().at(-1)).toEqual([{ brane_id: brane, epoch, seq: 5 }]);
    expect(environment.pendingTimers).toBe(0);
  });

  it('announces what is due before it stops', () => {
    const { environment, publisher, heads, brane } = setUp();
    publisher.publish(brane, [{ epoch, seq: 2, frame: Uint8Array.of() }]);
    publisher.stop();
    expect(heads()).toHaveLength(1);
    expect(environment.pendingTimers).toBe(0);
    publisher.stop();
    expect(heads()).toHaveLength(1);
  });
});

describe('messages of the bus', () => {
  it('that are none are passed over: what is lost is made good by the log', () => {
    const message = { epoch, seq: 1, frame: Uint8Array.of(1) };
    expect(decodeBraneMessages(encodeBraneMessages([message]))).toEqual([message]);
    const wrong = [
      { epoch, seq: 1 },
      [epoch, -1, Uint8Array.of()],
      [epoch, 1.5, Uint8Array.of()],
      [epoch, 1, 'text'],
      [1, 1, Uint8Array.of()],
    ];
    expect(decodeBraneMessages(encodeCbor([...wrong, [epoch, 1, Uint8Array.of(1)]]))).toEqual([message]);
    const none = [Uint8Array.of(0xff), Uint8Array.of(), encodeCbor({ epoch, seq: 1 }), encodeCbor('text')];
    expect(none.map((payload) => decodeBraneMessages(payload))).toEqual(none.map(() => []));
    const head = { brane_id: asBraneId('b'), epoch, seq: 0 };
    expect(decodeHeads(encodeHeads([head]))).toEqual([head]);
    expect(decodeHeads(encodeCbor([['b', epoch, 0], ['b', epoch], 7, null]))).toEqual([head]);
    expect(decodeHeads(encodeCbor('heads'))).toEqual([]);
  });
});
