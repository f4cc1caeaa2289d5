import type { LogSlice } from '@state-server/commit';
import type { BraneId, Epoch } from '@state-server/domain';
import type { LogSource, Position } from './ports';
import { Entry } from './shared-frame';

/** As LogSlice, with entries that sockets share; some of what follows on the position that was asked for. */
export type LogPage =
  | { readonly kind: 'entries'; readonly head: Position; readonly entries: readonly Entry[] }
  | Exclude<LogSlice, { readonly kind: 'entries' }>;

type Entries = Extract<LogPage, { readonly kind: 'entries' }>;

/** Entries without a gap. */
interface Page extends Entries {
  readonly braneId: BraneId;
  readonly epoch: Epoch;
  readonly bytes: number;
}

export interface LogPagesLimits {
  readonly log_page_entries: number;
  readonly log_page_bytes: number;
  readonly log_cache_bytes: number;
}

/**
 * The log behind a snapshot, as many read it who joined at once: every page is read and decoded by the first who comes to
 * it, and kept for the others. What stands in the log never changes, so a page is good for as long as its epoch.
 */
export class LogPages {
  /** In order of their last use. */
  private readonly pages = new Set<Page>();
  private readonly reading = new Map<string, Promise<LogPage>>();
  private bytes = 0;

  constructor(
    private readonly source: Pick<LogSource, 'log'>,
    private readonly limits: LogPagesLimits,
  ) {}

  /** What follows on that position; with `entries` at least one, unless the log ends there. */
  async get(braneId: BraneId, from: Position): Promise<LogPage> {
    const known = this.find(braneId, from);
    if (known) return known;
    const key = `${braneId} ${from.epoch} ${from.seq}`;
    const running = this.reading.get(key);
    if (running) return running;
    const read = this.read(braneId, from).finally(() => this.reading.delete(key));
    this.reading.set(key, read);
    return read;
  }

  forget(braneId: BraneId): void {
    for (const page of this.pages) if (page.braneId === braneId) this.drop(page);
  }

  private find(braneId: BraneId, { epoch, seq }: Position): Entries | undefined {
    for (const page of this.pages) {
      if (page.braneId !== braneId || page.epoch !== epoch) continue;
      const [first] = page.entries;
      const last = page.entries.at(-1);
      if (!first || !last || seq + 1 < first.seq || seq >= last.seq) continue;
      this.pages.delete(page);
      this.pages.add(page);
      return { kind: 'entries', head: page.head, entries: page.entries.slice(seq + 1 - first.seq) };
    }
    return undefined;
  }

  private async read(braneId: BraneId, { epoch, seq }: Position): Promise<LogPage> {
    const { log_page_entries: limit, log_page_bytes: maxBytes } = this.limits;
    const slice = await this.source.log(braneId, { epoch, after: seq, limit, maxBytes });
    if (slice.kind !== 'entries') return slice;
    const entries = slice.entries.map((message) => new Entry(message));
    const bytes = entries.reduce((sum, entry) => sum + entry.cbor.byteLength, 0);
    const page: Page = { kind: 'entries', head: slice.head, entries, braneId, epoch, bytes };
    if (entries.length > 0) this.keep(page);
    return page;
  }

  private keep(page: Page): void {
    this.pages.add(page);
    this.bytes += page.bytes;
    for (const oldest of this.pages) {
      if (this.bytes <= this.limits.log_cache_bytes) break;
      this.drop(oldest);
    }
  }

  private drop(page: Page): void {
    if (this.pages.delete(page)) this.bytes -= page.bytes;
  }
}
