import { KvConflict } from '@state-server/persistence-records';

/** A conflict, and the documents of which one was somebody else's. */
export class LostDocuments extends KvConflict {
  constructor(
    /** `collection/id` */
    readonly documents: readonly string[],
  ) {
    super();
  }
}

/**
 * Lets those of one process who have lost to others at the same document begin again one after the other. MongoDB refuses the
 * second of two writers, and of 32 who begin again at once 31 work in vain. Promises nothing: other processes do not wait,
 * nor does who begins for the first time.
 */
export class WaitingLines {
  private readonly ends = new Map<string, Promise<void>>();

  /** Resolves at the caller's turn in all lines; then it calls what it is answered, once, when it has ended. */
  async join(documents: readonly string[]): Promise<() => void> {
    let leave = (): void => undefined;
    const gone = new Promise<void>((resolve) => {
      leave = resolve;
    });
    // In all lines at once, so that no two wait for each other.
    await Promise.all(documents.map((document) => this.enter(document, gone)));
    return leave;
  }

  /** How many lines there are. */
  get length(): number {
    return this.ends.size;
  }

  /** Resolves when all who were in this line before have gone. */
  private enter(document: string, gone: Promise<void>): Promise<void> {
    const before = this.ends.get(document) ?? Promise.resolve();
    const end = before.then(() => gone);
    this.ends.set(document, end);
    void end.then(() => {
      if (this.ends.get(document) === end) this.ends.delete(document);
    });
    return before;
  }
}
