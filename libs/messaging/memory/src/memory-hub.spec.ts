import { describeBusContract } from '@state-server/messaging-contract';
import { createMemoryHub } from './memory-hub';

describeBusContract('the bus in memory', () => {
  const hub = createMemoryHub();
  const first = hub.connect();
  const second = hub.connect();
  return Promise.resolve({
    first,
    second,
    cut: () => Promise.resolve(second.disconnect()),
    mend: () => Promise.resolve(second.reconnect()),
    close: async () => {
      await first.close();
      await second.close();
    },
  });
});

it('lets a test decide what becomes of each message', async () => {
  const held: (() => void)[] = [];
  const hub = createMemoryHub({ delivery: (deliver) => held.push(deliver) });
  const bus = hub.connect();
  const heard: number[] = [];
  await bus.subscribe('news', (payload) => heard.push(payload[0] ?? -1));
  bus.publish('news', Uint8Array.of(1));
  bus.publish('news', Uint8Array.of(2));
  const [one, two] = held;
  two?.();
  one?.();
  two?.();
  expect(heard).toEqual([2, 1, 2]);
});
