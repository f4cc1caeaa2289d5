import {
  COLLECTIONS,
  type CollectionName,
  type Documents,
  type Key,
  type KeyPart,
  type Store,
} from '@state-server/persistence-port';

/** One document and the key that it stands under. */
export interface Keyed<Name extends CollectionName> {
  readonly key: Key;
  readonly document: Documents[Name];
}

const LABEL = { label: 'store.walk' } as const;
const FIRST_PAGE = 50;
const LARGEST_PAGE = 500;
/** Reading a page takes a part of the time that a snapshot lives, behind a network, too. */
const QUICK_MS = 100;
const SLOW_MS = 1_000;

export function keyOf<Name extends CollectionName>(name: Name, document: Documents[Name]): Key {
  const fields = document as unknown as Readonly<Record<string, KeyPart>>;
  return COLLECTIONS[name].key.map((field): KeyPart => {
    const part = fields[field];
    if (part === undefined) throw new TypeError(`a document of ${name} has no '${field}'`);
    return part;
  });
}

/** A collection in the order of its keys, from behind a key on; each page from a snapshot of its own, as large as it is quick. */
export async function* pagesOf<Name extends CollectionName>(
  store: Store,
  name: Name,
  after: Key | undefined,
): AsyncGenerator<readonly Keyed<Name>[]> {
  let limit = FIRST_PAGE;
  for (let cursor = after; ;) {
    const bound = cursor === undefined ? {} : { gt: cursor };
    const begun = performance.now();
    const documents = await store.read(LABEL, (tx) => tx.range(name, { prefix: [], ...bound, limit }));
    const page = documents.map((document) => ({ key: keyOf(name, document), document }));
    if (page.length > 0) yield page;
    if (page.length < limit) return;
    cursor = page.at(-1)?.key;
    const ms = performance.now() - begun;
    if (ms < QUICK_MS) limit = Math.min(LARGEST_PAGE, limit * 2);
    else if (ms > SLOW_MS) limit = Math.max(1, Math.floor(limit / 4));
  }
}
