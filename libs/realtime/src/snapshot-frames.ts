import type { BraneState, StateChunk } from '@state-server/commit';
import type { BraneId, Environment } from '@state-server/domain';
import { MAX_SNAPSHOT_CHUNK_BYTES } from '@state-server/protocol';
import { assembleCbor } from './cbor-assembly';
import { SharedFrame } from './shared-frame';

/** Room in a frame for what is not objects. */
const ENVELOPE_BYTES = 256;
/** Milliseconds of work between two breaths of the event loop. */
const SLICE_MS = 6;

export interface SnapshotFrames {
  readonly frames: readonly SharedFrame[];
  /** The chunks of a checkpoint by their keys, as they now stand in the frames. */
  readonly parts: ReadonlyMap<string, StateChunk>;
  readonly bytes: number;
  readonly objects: number;
}

/** `brane.snapshot` frames out of chunks whose objects are encoded already: at least one, none above 256 KiB. */
export async function snapshotFrames(
  braneId: BraneId,
  state: BraneState,
  { clock, timers }: Pick<Environment, 'clock' | 'timers'>,
): Promise<SnapshotFrames> {
  const frames: SharedFrame[] = [];
  const parts = new Map<string, StateChunk>();
  let bytes = 0;
  let objects = 0;
  let since = clock.monotonic();
  for (const group of groupsOf(state.chunks)) {
    const { epoch, seq } = state;
    const fields = { type: 'brane.snapshot', brane_id: braneId, epoch, seq, part: frames.length };
    let count = 0;
    for (const chunk of group) count += chunk.objects;
    const frame = assembleCbor(
      fields,
      'objects',
      group.map((chunk) => chunk.bytes),
      count,
    );
    frames.push(new SharedFrame(frame));
    noteParts(parts, group, frame);
    bytes += frame.byteLength;
    objects += count;
    if (clock.monotonic() - since < SLICE_MS) continue;
    await new Promise<void>((resolve) => void timers.set(0, resolve));
    since = clock.monotonic();
  }
  return { frames, parts, bytes, objects };
}

/** As many chunks together as fit into a frame; one empty group for a brane without any. */
function groupsOf(chunks: readonly StateChunk[]): (readonly StateChunk[])[] {
  const groups: StateChunk[][] = [[]];
  let bytes = 0;
  for (const chunk of chunks) {
    const last = groups.at(-1) ?? [];
    if (last.length > 0 && bytes + chunk.bytes.byteLength > MAX_SNAPSHOT_CHUNK_BYTES - ENVELOPE_BYTES) {
      groups.push([chunk]);
      bytes = chunk.bytes.byteLength;
    } else {
      last.push(chunk);
      bytes += chunk.bytes.byteLength;
    }
  }
  return groups;
}

/** The chunks end the frame: what is kept of them are views of it. */
function noteParts(parts: Map<string, StateChunk>, group: readonly StateChunk[], frame: Uint8Array): void {
  let end = frame.byteLength;
  for (const chunk of group.toReversed()) {
    const start = end - chunk.bytes.byteLength;
    if (chunk.key !== undefined) parts.set(chunk.key, { ...chunk, bytes: frame.subarray(start, end) });
    end = start;
  }
}
