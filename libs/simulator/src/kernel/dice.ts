import type { Ids, Random } from '@state-server/domain';

/** FNV-1a over UTF-16 units, 32 bits. */
function hashText(text: string, from = 0x811c9dc5): number {
  let hash = from;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * Seeded chance. Every use takes its own fork by name, so that what one part of the world draws does not move what another
 * part draws: a run without a kind of fault, or with fewer steps, stays like the run it was cut from.
 */
export class Dice implements Random, Ids {
  private state: number;

  constructor(readonly seed: string) {
    this.state = hashText(seed);
  }

  fork(name: string | number): Dice {
    return new Dice(`${this.seed}/${name}`);
  }

  /** 32 random bits (mulberry32, public domain). */
  bits(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  next(): number {
    return this.bits() / 4_294_967_296;
  }

  /** An integer in [0, below). */
  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the items, or undefined of none. */
  pick<T>(items: readonly T[]): T | undefined {
    return items[this.int(items.length)];
  }

  /** One of at least one. */
  of<T>(first: T, ...others: readonly T[]): T {
    return this.pick([first, ...others]) ?? first;
  }

  weighted<T>(items: readonly (readonly [weight: number, item: T])[]): T | undefined {
    let rest = this.next() * items.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, item] of items) {
      rest -= weight;
      if (rest < 0) return item;
    }
    return items.at(-1)?.[1];
  }

  uuid(): string {
    const hex = (bits: number): string => bits.toString(16).padStart(8, '0');
    const [a, b, c, d] = [hex(this.bits()), hex(this.bits()), this.bits(), hex(this.bits())];
    const third = hex(((c & 0x3fffffff) | 0x80000000) >>> 0);
    return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${third.slice(0, 4)}-${third.slice(4)}${d}`;
  }
}

/** A running hash of what happens: two runs of one seed must agree in it at every step. */
export class Trace {
  private hash = 0x811c9dc5;

  note(text: string): void {
    this.hash = hashText(text, this.hash);
  }

  number(value: number): void {
    this.hash = Math.imul(this.hash ^ (value | 0), 0x01000193) >>> 0;
    this.hash = Math.imul(this.hash ^ ((value * 1_024) | 0), 0x01000193) >>> 0;
  }

  get value(): string {
    return this.hash.toString(16).padStart(8, '0');
  }
}
