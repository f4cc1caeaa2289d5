import type { BraneMessage } from '@state-server/commit';
import type { Epoch } from '@state-server/domain';
import { transcodeToJson, type WireFormat } from '@state-server/protocol';

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
