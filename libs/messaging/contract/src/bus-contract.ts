import type { Bus } from '@state-server/messaging-port';
import { until } from '@state-server/testing';

export interface BusFixture {
  /** Two links, as of two processes. */
  readonly first: Bus;
  readonly second: Bus;
  /** Cuts the link of `second` and makes it whole again; resolves when the bus has noticed. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (payload: Uint8Array): string => new TextDecoder().decode(payload);

/** What every bus promises; an adapter's spec only says how to open one. */
export function describeBusContract(name: string, open: () => Promise<BusFixture>): void {
  describe(`${name} keeps the bus contract`, () => {
    let bus: BusFixture;
    beforeEach(async () => {
      bus = await open();
    });
    afterEach(() => bus.close());

    it('delivers what is published after subscribe has resolved, to itself too (BUS-1)', async () => {
      const heard: string[] = [];
      await bus.second.subscribe('news', (payload) => heard.push(`second ${text(payload)}`));
      await bus.first.subscribe('news', (payload) => heard.push(`first ${text(payload)}`));
      bus.first.publish('news', bytes('one'));
      await until(() => heard.length === 2);
      expect(heard.sort()).toEqual(['first one', 'second one']);
    });

    it('keeps channels apart and the bytes as they were', async () => {
      const heard: Uint8Array[] = [];
      await bus.second.subscribe('a', (payload) => heard.push(payload));
      await bus.second.subscribe('b', () => heard.push(bytes('wrong channel')));
      const payload = Uint8Array.from({ length: 256 }, (_, index) => index);
      bus.first.publish('a', payload);
      await until(() => heard.length > 0);
      expect(heard.map((item) => [...item])).toEqual([[...payload]]);
    });

    it('keeps the order of one publisher on one channel (BUS-1)', async () => {
      const heard: string[] = [];
      await bus.second.subscribe('order', (payload) => heard.push(text(payload)));
      const sent = Array.from({ length: 200 }, (_, index) => String(index));
      for (const item of sent) bus.first.publish('order', bytes(item));
      await until(() => heard.length === sent.length);
      expect(heard).toEqual(sent);
    });

    it('stops after unsubscribe, while another handler of the channel goes on', async () => {
      const stopped: string[] = [];
      const going: string[] = [];
      const subscription = await bus.second.subscribe('news', (payload) => stopped.push(text(payload)));
      await bus.second.subscribe('news', (payload) => going.push(text(payload)));
      await subscription.unsubscribe();
      bus.first.publish('news', bytes('later'));
      await until(() => going.length === 1);
      expect(stopped).toEqual([]);
    });

    it('goes on after a handler has thrown', async () => {
      const heard: string[] = [];
      await bus.second.subscribe('news', (payload) => {
        heard.push(text(payload));
        if (heard.length === 1) throw new Error('a handler fails');
      });
      bus.first.publish('news', bytes('one'));
      bus.first.publish('news', bytes('two'));
      await until(() => heard.length === 2);
    });

    it('says when the link is down, drops silently, and has its subscriptions back with the link (F2, BUS-2)', async () => {
      const heard: string[] = [];
      const changes: boolean[] = [];
      await bus.second.subscribe('news', (payload) => heard.push(text(payload)));
      bus.second.onConnection((connected) => changes.push(connected));
      await bus.cut();
      expect(bus.second.connected).toBe(false);
      bus.second.publish('news', bytes('into the void'));
      await bus.mend();
      await until(() => bus.second.connected);
      bus.first.publish('news', bytes('after'));
      await until(() => heard.includes('after'));
      expect(heard).toEqual(['after']);
      expect(changes).toEqual([false, true]);
    });
  });
}
