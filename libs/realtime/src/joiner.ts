import { concatFrames, concatJsonFrames } from '@state-server/protocol';

/**
 * Puts frames together into one message. Sockets that are sent the same frames, one socket after the other, share the
 * message: a room full of listeners costs one copy per tick.
 */
export class Joiner {
  private readonly cbor = new Memo<Uint8Array>(concatFrames);
  private readonly json = new Memo<string>(concatJsonFrames);

  joinCbor(frames: readonly Uint8Array[]): Uint8Array {
    return this.cbor.join(frames);
  }

  joinJson(frames: readonly string[]): string {
    return this.json.join(frames);
  }

  /** Lets go of the last messages. */
  clear(): void {
    this.cbor.clear();
    this.json.clear();
  }
}

class Memo<Frame extends Uint8Array | string> {
  private frames: readonly Frame[] = [];
  private message: Frame | undefined;

  constructor(private readonly concat: (frames: readonly Frame[]) => Frame) {}

  join(frames: readonly Frame[]): Frame {
    if (this.message !== undefined && isSame(frames, this.frames)) return this.message;
    const message = this.concat(frames);
    this.frames = frames.slice();
    this.message = message;
    return message;
  }

  clear(): void {
    this.frames = [];
    this.message = undefined;
  }
}

function isSame(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = left.length - 1; index >= 0; index -= 1) if (left[index] !== right[index]) return false;
  return true;
}
