import type { Bus, Subscription } from '@state-server/messaging-port';

/** What happens to one message on its way to one subscriber; the default delivers it once, on the next microtask. */
export type Delivery = (deliver: () => void, channel: string) => void;

export interface MemoryBus extends Bus {
  /** Cuts this link: messages of that time are lost in both directions. */
  disconnect(): void;
  reconnect(): void;
}

export interface MemoryHub {
  /** One process's link to the hub. */
  connect(): MemoryBus;
}

export interface MemoryHubOptions {
  readonly delivery?: Delivery;
  /** Told what a handler threw; the publisher and the other handlers never notice. */
  readonly onHandlerError?: (error: unknown) => void;
}

type Handler = (payload: Uint8Array) => void;

/** A bus inside one process, for tests and simulation: several links that hear each other, with faults on demand. */
export function createMemoryHub(options: MemoryHubOptions = {}): MemoryHub {
  const delivery: Delivery = options.delivery ?? ((deliver) => queueMicrotask(deliver));
  const links = new Set<MemoryLink>();
  return {
    connect: () => {
      const link = new MemoryLink(links, delivery, options.onHandlerError ?? (() => undefined));
      links.add(link);
      return link;
    },
  };
}

class MemoryLink implements MemoryBus {
  connected = true;
  private readonly handlers = new Map<string, Set<Handler>>();
  private readonly listeners = new Set<(connected: boolean) => void>();

  constructor(
    private readonly links: Set<MemoryLink>,
    private readonly delivery: Delivery,
    private readonly onHandlerError: (error: unknown) => void,
  ) {}

  publish(channel: string, payload: Uint8Array): void {
    if (!this.connected) return;
    for (const link of this.links) {
      for (const handler of link.handlers.get(channel) ?? []) {
        this.delivery(() => {
          if (link.connected && link.handlers.get(channel)?.has(handler)) this.run(handler, payload);
        }, channel);
      }
    }
  }

  subscribe(channel: string, handler: Handler): Promise<Subscription> {
    const own: Handler = (payload) => handler(payload);
    const handlers = this.handlers.get(channel) ?? new Set();
    handlers.add(own);
    this.handlers.set(channel, handlers);
    return Promise.resolve({
      unsubscribe: () => {
        handlers.delete(own);
        if (handlers.size === 0) this.handlers.delete(channel);
        return Promise.resolve();
      },
    });
  }

  onConnection(listener: (connected: boolean) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  disconnect(): void {
    this.change(false);
  }

  reconnect(): void {
    this.change(true);
  }

  close(): Promise<void> {
    this.links.delete(this);
    this.handlers.clear();
    this.listeners.clear();
    this.connected = false;
    return Promise.resolve();
  }

  private run(handler: Handler, payload: Uint8Array): void {
    try {
      handler(payload);
    } catch (error) {
      this.onHandlerError(error);
    }
  }

  private change(connected: boolean): void {
    if (this.connected === connected) return;
    this.connected = connected;
    for (const listener of this.listeners) listener(connected);
  }
}
