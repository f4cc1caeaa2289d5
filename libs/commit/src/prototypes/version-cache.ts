import {
  type PrototypeId,
  type PrototypeTree,
  type PrototypeVersion,
  valueBytes,
} from '@state-server/domain';

/** Default bound of all versions that a process remembers. */
export const VERSION_CACHE_BYTES = 16 * 1024 * 1024;

/** What a remembered node takes besides its values: a matrix, fields, strings. */
const NODE_BYTES = 400;
const VERSION_BYTES = 500;

/** A version as far as it was asked for: many are only needed for their schema. */
interface Known {
  readonly version?: PrototypeVersion;
  readonly tree?: PrototypeTree;
  readonly bytes: number;
}

/**
 * Published versions, by prototype and number. They never change, so whatever is held is true for ever, in any
 * transaction. Bounded in bytes: what was used longest ago goes first.
 */
export class VersionCache {
  /** In the order of their last use. */
  private readonly known = new Map<string, Known>();
  private held = 0;

  constructor(private readonly maxBytes: number = VERSION_CACHE_BYTES) {}

  get bytes(): number {
    return this.held;
  }

  version(id: PrototypeId, version: number): PrototypeVersion | undefined {
    return this.touch(keyOf(id, version))?.version;
  }

  tree(id: PrototypeId, version: number): PrototypeTree | undefined {
    return this.touch(keyOf(id, version))?.tree;
  }

  learnVersion(id: PrototypeId, version: PrototypeVersion): void {
    this.learn(keyOf(id, version.version), { version }, VERSION_BYTES + valueBytes(version));
  }

  learnTree(id: PrototypeId, version: number, tree: PrototypeTree): void {
    this.learn(keyOf(id, version), { tree }, NODE_BYTES * tree.nodes.length + valueBytes(tree));
  }

  private touch(key: string): Known | undefined {
    const known = this.known.get(key);
    if (!known) return undefined;
    this.known.delete(key);
    this.known.set(key, known);
    return known;
  }

  private learn(key: string, part: Omit<Known, 'bytes'>, bytes: number): void {
    const before = this.touch(key);
    const fresh = part.tree ? !before?.tree : !before?.version;
    if (!fresh) return;
    this.known.set(key, { ...before, ...part, bytes: (before?.bytes ?? 0) + bytes });
    this.held += bytes;
    for (const [oldest, { bytes: freed }] of this.known) {
      if (this.held <= this.maxBytes || oldest === key) return;
      this.known.delete(oldest);
      this.held -= freed;
    }
  }
}

function keyOf(id: PrototypeId, version: number): string {
  return `${id}/${version}`;
}
