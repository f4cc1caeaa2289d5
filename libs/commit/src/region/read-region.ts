import {
  type BraneId,
  cellsReaching,
  type ObjectId,
  type Region,
  type SceneObject,
} from '@state-server/domain';
import type { HeadDoc, ReadTransaction } from '@state-server/persistence-port';
import { type IndexPlace, scanLevel } from './scan-level';
import { type ObjectInRegion, SeenObjects } from './seen-objects';
import { walkGroup } from './walk-group';

/** Where a page ended: below a group that is being re-keyed, or in the spatial index. */
export type RegionPlace =
  | { readonly in: 'group'; readonly root: ObjectId; readonly id: ObjectId }
  | { readonly in: 'index'; readonly after: IndexPlace | undefined };

export interface RegionQuery {
  readonly region: Region;
  readonly limit: number;
  readonly after?: RegionPlace | undefined;
}

export interface RegionPage {
  /** Each object once; in the order in which they were met. */
  readonly found: readonly ObjectInRegion[];
  /** Pass it as `after` for the next page; undefined on the last. */
  readonly next: RegionPlace | undefined;
  /** What the found ones hang below, as far as it is not found itself. Read anyway, to know where they are. */
  readonly ancestors: () => readonly SceneObject[];
}

/** Objects below re-keying groups that one page looks at, and reads of the index that it makes: then it ends where it is. */
const WALKED_PER_PAGE = 500;
const READS_PER_PAGE = 400;

/**
 * What reaches into a region, in the state of one snapshot (docs/spec/space.md). First what hangs below groups whose cells
 * are still being rewritten (SYNC S2), where the index may be wrong; then level by level what the index holds in the cells
 * around the region. A page costs what it returns, not what the brane holds; it may end early, even with nothing found.
 */
export async function readRegion(
  tx: ReadTransaction,
  head: HeadDoc,
  query: RegionQuery,
): Promise<RegionPage> {
  const page = new Page(tx, head.brane_id, query);
  const next = await page.fill([...(head.rekeying ?? [])].sort());
  return { found: page.found, next, ancestors: () => page.ancestors() };
}

class Page {
  readonly found: ObjectInRegion[] = [];
  private readonly ids = new Set<ObjectId>();
  private readonly seen: SeenObjects;
  private walked = 0;
  private reads = 0;

  constructor(
    private readonly tx: ReadTransaction,
    private readonly braneId: BraneId,
    private readonly query: RegionQuery,
  ) {
    this.seen = new SeenObjects(tx, braneId);
  }

  /** Answers where the page ended; undefined when nothing is left. */
  async fill(rekeying: readonly ObjectId[]): Promise<RegionPlace | undefined> {
    const { after } = this.query;
    if (after?.in === 'index') return this.index(after.after);
    for (const root of rekeying) {
      if (after && root < after.root) continue;
      const ended = await this.group(root, root === after?.root ? after.id : undefined);
      if (ended) return ended;
    }
    return this.index(undefined);
  }

  ancestors(): SceneObject[] {
    const above = new Map<ObjectId, SceneObject>();
    for (const { object } of this.found) {
      let id = object.parent_id;
      while (id !== null && !above.has(id)) {
        const parent = this.seen.get(id);
        if (!parent) break;
        above.set(id, parent);
        id = parent.parent_id;
      }
    }
    return [...above.values()].filter(({ id }) => !this.ids.has(id));
  }

  private async group(root: ObjectId, after: ObjectId | undefined): Promise<RegionPlace | undefined> {
    let last = after;
    for await (const { id } of walkGroup(this.tx, this.braneId, this.seen, root, after)) {
      const full = this.walked >= WALKED_PER_PAGE || !this.take(id);
      if (full) return { in: 'group', root, id: last ?? root };
      this.walked += 1;
      last = id;
    }
    return undefined;
  }

  private async index(after: IndexPlace | undefined): Promise<RegionPlace | undefined> {
    const { region, limit } = this.query;
    let last = after;
    for (let level = await this.levelFrom(after?.level ?? 0); level !== undefined;) {
      const box = cellsReaching(region, level);
      const start = level === after?.level ? after : undefined;
      const scan = scanLevel(this.tx, this.braneId, { level, box, after: start, most: limit + 1 });
      for await (const { inside, reached } of scan) {
        await this.seen.load(inside.map(({ id }) => id));
        for (const entry of inside) {
          if (!this.take(entry.id)) return { in: 'index', after: last };
          last = entry;
        }
        last = reached;
        this.reads += 1;
        if (this.reads >= READS_PER_PAGE) return { in: 'index', after: last };
      }
      level = await this.levelFrom(level + 1);
    }
    return undefined;
  }

  /** The next level that holds anything at all. */
  private async levelFrom(level: number): Promise<number | undefined> {
    this.reads += 1;
    const [first] = await this.tx.range('space', { prefix: [this.braneId], gte: [level], limit: 1 });
    return first?.level;
  }

  /** Takes it in if it reaches into the region; false when it does and there is no room for it. */
  private take(id: ObjectId): boolean {
    if (this.ids.has(id)) return true;
    const found = this.seen.inRegion(id, this.query.region);
    if (!found) return true;
    if (this.found.length >= this.query.limit) return false;
    this.ids.add(id);
    this.found.push(found);
    return true;
  }
}
