import type { CollectionName, Documents, Key, StepReader, Steps } from '@state-server/persistence-port';
import type { DocumentMemo } from './document-memo';
import { openHead } from './envelope';
import { layoutOf, primaryKey } from './layout';
import type { KvTransaction } from './ordered-kv';
import { decodePayload } from './payload';

/** `later`: a step waits for something, or wants a record in several pieces; it is to be read the other way. */
export type AtOnce<T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: 'later' };

/** Marks a step that this way cannot take. */
const LATER = Symbol('later');

/** Takes all the steps now, on this snapshot, which stays the caller's to give back. Throws what a step throws. */
export function readAtOnce<T>(
  snapshot: KvTransaction,
  memo: DocumentMemo,
  steps: (reader: StepReader) => Steps<T>,
): AtOnce<T> {
  const step = steps(new SnapshotReader(snapshot, memo)).next();
  return step.done === true ? { kind: 'done', value: step.value } : { kind: 'later' };
}

class SnapshotReader implements StepReader {
  constructor(
    private readonly snapshot: KvTransaction,
    private readonly memo: DocumentMemo,
  ) {}

  *get<Name extends CollectionName>(name: Name, key: Key): Steps<Documents[Name] | undefined> {
    const layout = layoutOf(name);
    const place = primaryKey(layout, key);
    const value = this.snapshot.get(place);
    if (value === undefined) return undefined;
    if (value instanceof Promise) {
      // Nobody waits for it any more.
      value.catch(() => undefined);
      return (yield LATER) as undefined;
    }
    const known = this.memo.find(place, value);
    if (known) return known as unknown as Documents[Name];
    const head = openHead(name, place, value);
    if (head.chunks > 0) return (yield LATER) as undefined;
    return this.memo.note(place, value, decodePayload(head.rest)) as unknown as Documents[Name];
  }
}
