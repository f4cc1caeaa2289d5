import { LRUCache } from 'lru-cache';
import type { Place } from '@state-server/persistence-port';
import { freeze, weigh } from './weigh';

/** Something that was there. */
export interface There {
  readonly kind: 'there';
  readonly value: unknown;
  readonly place: Place;
}

/** That something was not there: believed for a short while, and only while no id was given out. */
export interface Absent {
  readonly kind: 'absent';
  /** Monotonic ms. */
  readonly until: number;
  /** How many commits that concern ids had been heard of when it was read. */
  readonly idsSeen: number;
}

export type Entry = There | Absent;

/** Of the entry itself, its place and its slot in the list. */
const ENTRY_BYTES = 400;

/** What this process has read, bounded in bytes: what was used longest ago goes first. */
export class LocalTier {
  private readonly entries: LRUCache<string, Entry>;

  constructor(maxBytes: number, onEvict: () => void) {
    this.entries = new LRUCache<string, Entry>({
      maxSize: maxBytes,
      sizeCalculation: (entry, key) =>
        ENTRY_BYTES + 2 * key.length + (entry.kind === 'there' ? weigh(entry.value) : 0),
      dispose: (_entry, _key, reason) => {
        if (reason === 'evict') onEvict();
      },
    });
  }

  get bytes(): number {
    return this.entries.calculatedSize;
  }

  get size(): number {
    return this.entries.size;
  }

  get(key: string): Entry | undefined {
    return this.entries.get(key);
  }

  /** False when it is refused: something newer of the same scope and epoch is there. */
  put(key: string, entry: Entry): boolean {
    const present = this.entries.peek(key);
    if (present?.kind === 'there' && entry.kind === 'there' && isOlder(entry.place, present.place))
      return false;
    if (entry.kind === 'there') freeze(entry.value);
    this.entries.set(key, entry);
    return true;
  }

  drop(key: string): void {
    this.entries.delete(key);
  }
}

function isOlder(place: Place, than: Place): boolean {
  return place.scope === than.scope && place.epoch === than.epoch && place.seq < than.seq;
}
