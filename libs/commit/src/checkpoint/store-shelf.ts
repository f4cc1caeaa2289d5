import type { BraneId, Clock, ObjectId } from '@state-server/domain';
import type {
  CheckpointChunkDoc,
  CheckpointPageDoc,
  Store,
  Transaction,
} from '@state-server/persistence-port';
import type { Chunk, ChunkRef } from './chunk';
import { isLeaving } from './scan-objects';
import { readChunks, type Shelf } from './shelf';

/** Bytes of chunks in one transaction. */
const BATCH_BYTES = 400_000;

/** What this build has written was taken for garbage, or the brane is going: the build comes to nothing. */
export class BuildLost extends Error {
  constructor(why: string) {
    super(`the build is lost: ${why}`);
    this.name = 'BuildLost';
  }
}

/**
 * The chunks that one build writes, in transactions of their own. Every one of them also lists what was written so far as
 * garbage: that is what it is until the pointer is moved, and what it stays should this build die.
 */
export class StoreShelf implements Shelf {
  /** Not written yet. */
  private waiting: CheckpointChunkDoc[] = [];
  private waitingBytes = 0;
  private written: number[] = [];
  private pages = 0;
  private next = 0;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly braneId: BraneId,
    readonly build: string,
  ) {}

  /** Chunks that this build has made. */
  get count(): number {
    return this.next;
  }

  async put(first: ObjectId, { lengths, bytes }: Chunk): Promise<ChunkRef> {
    const number = this.next;
    this.next += 1;
    this.waiting.push({ brane_id: this.braneId, build: this.build, number, lengths, bytes });
    this.waitingBytes += bytes.byteLength;
    if (this.waitingBytes >= BATCH_BYTES) await this.flush();
    return { first, build: this.build, number, objects: lengths.length, bytes: bytes.byteLength };
  }

  async get(ref: ChunkRef): Promise<Chunk> {
    const waiting =
      ref.build === this.build ? this.waiting.find(({ number }) => number === ref.number) : undefined;
    if (waiting) return waiting;
    const [chunk] = await readChunks(this.store, this.braneId, [ref]);
    if (!chunk) throw new Error('no answer');
    return chunk;
  }

  async flush(): Promise<void> {
    const chunks = this.waiting;
    if (chunks.length === 0) return;
    this.waiting = [];
    this.waitingBytes = 0;
    const written = [...this.written, ...chunks.map(({ number }) => number)];
    await this.write(written, this.pages, (tx) => {
      for (const chunk of chunks) tx.put('checkpoint_chunks', chunk);
    });
  }

  async putPages(pages: readonly CheckpointPageDoc[]): Promise<void> {
    await this.flush();
    for (const page of pages) {
      await this.write(this.written, page.page + 1, (tx) => tx.put('checkpoint_pages', page));
    }
  }

  /** In the transaction that moves the pointer: throws BuildLost when what was written may be gone. */
  async assertWhole(tx: Transaction): Promise<void> {
    const listed = await tx.get('checkpoint_garbage', [this.braneId, this.build]);
    const dead = listed?.dead[0];
    const isWhole = dead?.pages === this.pages && dead.chunks.length === this.written.length;
    if (this.pages > 0 && !isWhole) throw new BuildLost('swept away');
  }

  private async write(written: number[], pages: number, body: (tx: Transaction) => void): Promise<void> {
    await this.store.transact({ label: 'checkpoint.write' }, async (tx) => {
      const head = await tx.get('heads', [this.braneId]);
      if (!head || isLeaving({ head })) throw new BuildLost('purged');
      // Several attempts of one transaction, or of one that came through after all, find what they have written themselves.
      const listed = await tx.get('checkpoint_garbage', [this.braneId, this.build]);
      if ((this.written.length > 0 || this.pages > 0) && !listed) throw new BuildLost('swept away');
      body(tx);
      tx.put('checkpoint_garbage', {
        brane_id: this.braneId,
        build: this.build,
        at: new Date(this.clock.now()).toISOString(),
        dead: [{ build: this.build, pages, chunks: written }],
      });
    });
    this.written = written;
    this.pages = pages;
  }
}
