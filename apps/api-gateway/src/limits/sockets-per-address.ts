import { addressKey } from '@state-server/platform';

/** Open WebSocket connections of each address. */
export class SocketsPerAddress {
  private readonly open = new Map<string, number>();

  constructor(private readonly most: number) {}

  /** Undefined when there are as many as may be; otherwise how to give the place back, once. */
  enter(address: string): (() => void) | undefined {
    const key = addressKey(address);
    const before = this.open.get(key) ?? 0;
    if (before >= this.most) return undefined;
    this.open.set(key, before + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = (this.open.get(key) ?? 1) - 1;
      if (left > 0) this.open.set(key, left);
      else this.open.delete(key);
    };
  }

  /** Addresses that have one open. */
  get size(): number {
    return this.open.size;
  }
}
