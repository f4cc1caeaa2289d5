import type { Bus, Subscription } from '@state-server/messaging-port';
import type { Coverage } from '../coverage';
import type { Dice } from '../kernel/dice';
import type { Scheduler } from '../kernel/scheduler';
import { never, type SimProcess } from '../kernel/sim-process';
import type { Weather } from './weather';

type Handler = (payload: Uint8Array) => void;

/** The bus that all processes share: at most once, late, twice, in any order, or not at all. */
export class SimHub {
  readonly links = new Set<SimLink>();
  /** Told of every message before anybody gets it. */
  onPublish: (channel: string, payload: Uint8Array) => void = () => undefined;

  constructor(
    readonly scheduler: Scheduler,
    readonly dice: Dice,
    readonly weather: Weather['bus'],
    readonly coverage: Coverage,
  ) {}

  connect(process: SimProcess): SimLink {
    const link = new SimLink(this, process);
    this.links.add(link);
    process.onDeath(() => this.links.delete(link));
    return link;
  }
}

/** One process's link to it. */
export class SimLink implements Bus {
  connected = true;
  private readonly handlers = new Map<string, Set<Handler>>();
  private readonly listeners = new Set<(connected: boolean) => void>();

  constructor(
    private readonly hub: SimHub,
    private readonly process: SimProcess,
  ) {}

  publish(channel: string, payload: Uint8Array): void {
    if (!this.process.effect()) return;
    const { hub } = this;
    hub.onPublish(channel, payload);
    if (!this.connected) return;
    for (const link of hub.links) {
      if (link.handlers.has(channel)) link.arrive(channel, payload);
    }
  }

  subscribe(channel: string, handler: Handler): Promise<Subscription> {
    if (!this.process.effect()) return never();
    const own: Handler = (payload) => handler(payload);
    const activate = (): Subscription => {
      const handlers = this.handlers.get(channel) ?? new Set();
      handlers.add(own);
      this.handlers.set(channel, handlers);
      return {
        unsubscribe: () => {
          this.unsubscribe(channel, own);
          return Promise.resolve();
        },
      };
    };
    // While the link is down the adapter gives up after its deadline and activates when the link is back.
    const ms = this.connected
      ? this.hub.dice.between(0.2, this.hub.weather.subscribeMs)
      : this.hub.dice.between(50, 300);
    return this.process.answer(ms, 'bus.subscribed', activate);
  }

  onConnection(listener: (connected: boolean) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): Promise<void> {
    this.hub.links.delete(this);
    this.handlers.clear();
    this.listeners.clear();
    this.connected = false;
    return Promise.resolve();
  }

  /** Cuts the link, or mends it: messages of the time between are lost in both directions. */
  change(connected: boolean): void {
    if (this.connected === connected || !this.process.alive) return;
    this.connected = connected;
    this.process.after(0, connected ? 'bus.up' : 'bus.down', () => {
      for (const listener of this.listeners) listener(connected);
    });
  }

  private arrive(channel: string, payload: Uint8Array): void {
    const { dice, weather, coverage } = this.hub;
    if (dice.chance(weather.lost)) {
      coverage.count('bus_lost');
      return;
    }
    const copies = dice.chance(weather.doubled) ? 2 : 1;
    if (copies > 1) coverage.count('bus_doubled');
    // Who listens now hears it; whoever subscribes while it is on its way does not.
    const handlers = [...(this.handlers.get(channel) ?? [])];
    for (let copy = 0; copy < copies; copy += 1) {
      this.process.after(dice.between(0.1, weather.delayMs), 'bus.message', () => {
        if (!this.connected) return;
        for (const handler of handlers) if (this.handlers.get(channel)?.has(handler)) handler(payload);
      });
    }
  }

  private unsubscribe(channel: string, own: Handler): void {
    const handlers = this.handlers.get(channel);
    handlers?.delete(own);
    if (handlers?.size === 0) this.handlers.delete(channel);
  }
}
