import { StoreError } from '@state-server/persistence-port';
import {
  KvConflict,
  KvOutcomeUnknown,
  type KvChanges,
  type KvEntry,
  type KvKey,
  type KvRangeOptions,
  type KvTransaction,
  type MaybePromise,
  type OrderedKv,
} from '@state-server/persistence-records';
import { emptyTree, treeDelete, treeGet, treeSet, treeWalk, type Tree } from './persistent-tree';

/** What shall become of a commit: lost or made and not known, refused, or (undefined) what the rules say. */
export type Fault = 'conflict' | 'unknown_committed' | 'unknown_lost' | 'unavailable' | undefined;

export interface MemoryFaults {
  /** Asked before each commit is validated; may take its time, as a slow disk would. */
  beforeCommit?(label: string): MaybePromise<Fault>;
}

export interface MemoryKvOptions {
  /**
   * `weak` (default): only guards are validated, the least that any store gives (SYNC P1).
   * `strict`: everything that a transaction read as well.
   */
  readonly isolation?: 'weak' | 'strict';
  readonly faults?: MemoryFaults;
}

/** The stored bytes. Each write makes a new one, so that identity says "not written since". */
interface Cell {
  readonly value: Uint8Array;
}

interface WalkedRange {
  readonly start: KvKey;
  readonly end: KvKey;
  readonly options: KvRangeOptions;
}

/** The database: shared by every store that is opened on it, as a directory is shared by processes. */
export class MemoryKv implements OrderedKv {
  readonly kind = 'memory';
  readonly outcomeCanBeUnknown: boolean;
  private root: Tree<Cell> = emptyTree();

  constructor(private readonly options: MemoryKvOptions = {}) {
    this.outcomeCanBeUnknown = options.faults !== undefined;
  }

  begin(): KvTransaction {
    return new MemoryTransaction(this, this.root, this.options.isolation === 'strict');
  }

  check(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  fault(label: string): MaybePromise<Fault> {
    return this.options.faults?.beforeCommit?.(label);
  }

  /** Validates and applies in one step, without an await in it. */
  apply(isCurrent: (root: Tree<Cell>) => boolean, changes: KvChanges): void {
    if (!isCurrent(this.root)) throw new KvConflict();
    let root = this.root;
    for (const [key, value] of changes.writes) {
      // A copy: a value may lie in one piece of memory with others, which this one would keep alive.
      root = value ? treeSet(root, key, { value: Uint8Array.from(value) }) : treeDelete(root, key);
    }
    this.root = root;
  }
}

class MemoryTransaction implements KvTransaction {
  private readonly readKeys = new Set<KvKey>();
  private readonly readRanges: WalkedRange[] = [];
  private ended = false;

  constructor(
    private readonly database: MemoryKv,
    private readonly snapshot: Tree<Cell>,
    private readonly strict: boolean,
  ) {}

  get(key: KvKey): Uint8Array | undefined {
    this.mustNotHaveEnded();
    if (this.strict) this.readKeys.add(key);
    return treeGet(this.snapshot, key)?.value;
  }

  range(start: KvKey, end: KvKey, options: KvRangeOptions): readonly KvEntry[] {
    this.mustNotHaveEnded();
    if (this.strict) this.readRanges.push({ start, end, options });
    return walk(this.snapshot, { start, end, options }).map(([key, cell]) => ({ key, value: cell.value }));
  }

  async commit(changes: KvChanges): Promise<void> {
    this.mustNotHaveEnded();
    const fault = await this.database.fault(changes.label);
    this.mustNotHaveEnded();
    this.ended = true;
    if (fault === 'conflict') throw new KvConflict();
    if (fault === 'unknown_lost') throw new KvOutcomeUnknown();
    if (fault === 'unavailable')
      throw new StoreError('unavailable', 'the store in memory was told to be away');
    this.database.apply((root) => this.isCurrent(root, changes.guards), changes);
    if (fault === 'unknown_committed') throw new KvOutcomeUnknown();
  }

  abandon(): 'stopped' {
    this.ended = true;
    return 'stopped';
  }

  private mustNotHaveEnded(): void {
    if (this.ended) throw new StoreError('unavailable', 'the snapshot has ended');
  }

  private isCurrent(root: Tree<Cell>, guards: Iterable<KvKey>): boolean {
    if (root === this.snapshot) return true;
    for (const key of guards) if (treeGet(root, key) !== treeGet(this.snapshot, key)) return false;
    for (const key of this.readKeys) if (treeGet(root, key) !== treeGet(this.snapshot, key)) return false;
    return this.readRanges.every((range) => sameCells(walk(root, range), walk(this.snapshot, range)));
  }
}

function walk(root: Tree<Cell>, { start, end, options }: WalkedRange): (readonly [KvKey, Cell])[] {
  const found: (readonly [KvKey, Cell])[] = [];
  treeWalk(root, { start, end, reverse: options.reverse }, (key, cell) => {
    found.push([key, cell]);
    return found.length < options.limit;
  });
  return found;
}

function sameCells(left: (readonly [KvKey, Cell])[], right: (readonly [KvKey, Cell])[]): boolean {
  return left.length === right.length && left.every(([, cell], place) => cell === right[place]?.[1]);
}
