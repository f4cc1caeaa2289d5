import type { BraneMessage } from '@state-server/commit';
import type { Epoch } from '@state-server/domain';
import { concatFrames, transcodeToJson, type WireFormat } from '@state-server/protocol';

/** A frame as many sockets share it: encoded once, transcoded for JSON clients at most once per gateway. */
export class SharedFrame {
  private text: string | undefined;

  constructor(readonly cbor: Uint8Array) {}

  get json(): string {
    this.text ??= transcodeToJson(this.cbor);
    return this.text;
  }

  in(format: WireFormat): Uint8Array | string {
    return format === 'cbor' ? this.cbor : this.json;
  }
}

/** One log entry, in its writer's encoding. */
export class Entry extends SharedFrame {
  readonly epoch: Epoch;
  readonly seq: number;

  constructor(message: BraneMessage) {
    super(message.frame);
    this.epoch = message.epoch;
    this.seq = message.seq;
  }
}

/** Entries that follow each other without a hole, for sockets that get all of them. */
export interface Bundle {
  /** Of the last of them. */
  readonly seq: number;
  readonly entries: readonly Entry[];
  /** All of them, as one CBOR sequence. */
  readonly cbor: Uint8Array;
}

/** Undefined when there are none. */
export function bundleOf(entries: readonly Entry[]): Bundle | undefined {
  const last = entries.at(-1);
  return last && { seq: last.seq, entries, cbor: concatFrames(entries.map(({ cbor }) => cbor)) };
}
