import type { BraneId, ObjectId } from '@state-server/domain';
import type { CheckpointChunkDoc, Store } from '@state-server/persistence-port';
import type { Chunk, ChunkRef } from './chunk';

/** Where chunks are kept while a state is put together from them. */
export interface Shelf {
  put(first: ObjectId, chunk: Chunk): Promise<ChunkRef>;
  /** Throws ChunkGone. */
  get(ref: ChunkRef): Promise<Chunk>;
}

/** A chunk was deleted: the checkpoint that names it has been replaced a good while ago. */
export class ChunkGone extends Error {
  constructor({ build, number }: Pick<ChunkRef, 'build' | 'number'>) {
    super(`the chunk ${build}/${number} is gone`);
    this.name = 'ChunkGone';
  }
}

/** Keeps everything to itself. */
export class MemoryShelf implements Shelf {
  private readonly chunks: Chunk[] = [];

  constructor(private readonly build: string) {}

  put(first: ObjectId, chunk: Chunk): Promise<ChunkRef> {
    const { bytes, lengths } = chunk;
    const number = this.chunks.push(chunk) - 1;
    return Promise.resolve({
      first,
      build: this.build,
      number,
      objects: lengths.length,
      bytes: bytes.byteLength,
    });
  }

  get(ref: ChunkRef): Promise<Chunk> {
    const chunk = this.chunks[ref.number];
    return chunk ? Promise.resolve(chunk) : Promise.reject(new ChunkGone(ref));
  }
}

/** As many answers as refs, in their order. One short transaction; throws ChunkGone. */
export async function readChunks(
  store: Store,
  braneId: BraneId,
  refs: readonly Pick<ChunkRef, 'build' | 'number'>[],
): Promise<CheckpointChunkDoc[]> {
  const docs = await store.read({ label: 'checkpoint.chunks' }, (tx) =>
    tx.getMany(
      'checkpoint_chunks',
      refs.map(({ build, number }) => [braneId, build, number]),
    ),
  );
  return refs.map((ref, index) => {
    const doc = docs[index];
    if (!doc) throw new ChunkGone(ref);
    return doc;
  });
}
