/** Values of one key, the newest last; `undefined` where it was cleared. */
interface Version {
  readonly at: number;
  readonly value: Buffer | undefined;
}

export interface ScriptedWrites {
  readonly readVersion: number;
  readonly readConflicts: ReadonlySet<string>;
  readonly writeConflicts: ReadonlySet<string>;
  readonly writes: ReadonlyMap<string, Buffer | undefined>;
}

export class ScriptedError extends Error {
  constructor(readonly code: number) {
    super(`scripted error ${code}`);
  }
}

const [LONGEST_KEY, LONGEST_VALUE, LARGEST_TRANSACTION] = [10_000, 100_000, 10_000_000];

/**
 * The data of a pretended FoundationDB: an ordered map with its optimistic concurrency and its limits. Keys are latin1
 * strings. It proves how the driver deals with answers, nothing about FoundationDB.
 */
export class ScriptedCluster {
  private readonly versions = new Map<string, Version[]>();
  private readonly lastWrites = new Map<string, number>();
  private keys: string[] = [];
  private now = 1;
  /** Read versions below it are gone, as after five seconds or a fail-over. */
  private oldest = 0;
  commits = 0;

  currentVersion(): number {
    return this.now;
  }

  /** What a fail-over does: nobody who has a snapshot can use it any more. */
  loseSnapshots(): void {
    this.now += 1;
    this.oldest = this.now;
  }

  read(key: string, at: number): Buffer | undefined {
    this.mustStillHave(at);
    const found = this.versions.get(key)?.findLast((version) => version.at <= at)?.value;
    return found && Buffer.from(found);
  }

  /** Entries with start ≤ key < end. */
  *walk(start: string, end: string, reverse: boolean, at: number): Generator<[string, Buffer]> {
    this.mustStillHave(at);
    const inside = this.keys.slice(this.place(start), this.place(end));
    for (const key of reverse ? inside.reverse() : inside) {
      const value = this.read(key, at);
      if (value) yield [key, value];
    }
  }

  /** Throws 1020, 1007, or the code of the limit that is broken; otherwise all of it is written. */
  commit({ readVersion, readConflicts, writeConflicts, writes }: ScriptedWrites): void {
    let bytes = 0;
    for (const [key, value] of writes) {
      if (key.length > LONGEST_KEY) throw new ScriptedError(2102);
      if ((value?.byteLength ?? 0) > LONGEST_VALUE) throw new ScriptedError(2103);
      bytes += key.length + (value?.byteLength ?? 0);
    }
    if (bytes > LARGEST_TRANSACTION) throw new ScriptedError(2101);
    // As the real one: a commit that claims to have written nothing is not validated.
    if (writes.size === 0 && writeConflicts.size === 0) return;
    this.mustStillHave(readVersion);
    for (const key of readConflicts) {
      if ((this.lastWrites.get(key) ?? 0) > readVersion) throw new ScriptedError(1020);
    }
    this.now += 1;
    this.commits += 1;
    for (const key of writeConflicts) this.lastWrites.set(key, this.now);
    for (const [key, value] of writes) this.write(key, value);
  }

  /** Flips one bit of every newest value that holds the text; answers how many. */
  damage(text: string): number {
    let hit = 0;
    for (const versions of this.versions.values()) {
      const value = versions.at(-1)?.value;
      const place = value?.indexOf(text) ?? -1;
      if (!value || place < 0) continue;
      value.writeUInt8(value.readUInt8(place) ^ 0x10, place);
      hit += 1;
    }
    return hit;
  }

  /** Everything that is stored now, for tests of where the driver puts it. */
  storedKeys(): string[] {
    return this.keys.filter((key) => this.read(key, this.now) !== undefined);
  }

  private write(key: string, value: Buffer | undefined): void {
    this.lastWrites.set(key, this.now);
    const versions = this.versions.get(key);
    if (versions) versions.push({ at: this.now, value });
    else {
      this.versions.set(key, [{ at: this.now, value }]);
      this.keys.splice(this.place(key), 0, key);
    }
  }

  private mustStillHave(version: number): void {
    if (version < this.oldest) throw new ScriptedError(1007);
  }

  /** Place of the first key ≥ the given one. */
  private place(key: string): number {
    let [low, high] = [0, this.keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
