import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';

/*
 * LMDB's file begins with two root pages, written by turns: the one with the higher transaction number counts. They have
 * no checksum of their own. Layout (mdb.c of lmdb-js 3.5, data version 2, 64 bit, little-endian), from the page's start:
 * 24 magic (4), 28 version (4), 40 map size (8), 48 page size (4), 128 number of keys (8), 144 last page (8),
 * 152 transaction (8).
 */
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const ROOT_BYTES = 168;
const PAGE_SIZES: readonly number[] = [4_096, 8_192, 16_384, 32_768, 65_536];
/** A commit may fall between the reading of the one root and of the other. */
const LOOKS = 5;

interface RootPage {
  readonly pageBytes: number;
  readonly lastPage: number;
  readonly transaction: number;
  readonly keys: number;
}

export interface StoreFile {
  readonly path: string;
  readonly bytes: number;
  /** What the roots say: undefined where they cannot be understood. */
  readonly root: RootPage | undefined;
  /** What is wrong with the file as a whole; empty for a good one. */
  readonly faults: readonly string[];
  /**
   * Pages that the newest commit counts and the file does not have. Free ones may never have been written; if it is others
   * whoever reads them is ended by the machine (SIGBUS), for the file is read as memory.
   */
  readonly pagesMissing: number;
}

export function storeFileIn(directory: string): string {
  return join(directory, 'data.mdb');
}

/** Looks at the file without opening it as a store; undefined when there is none. Safe whatever is in it, and beside writers. */
export function inspectStoreFile(directory: string): StoreFile | undefined {
  const path = storeFileIn(directory);
  if (!existsSync(path)) return undefined;
  let found = look(path);
  for (let times = 1; found.faults.length > 0 && times < LOOKS; times += 1) found = look(path);
  return found;
}

function look(path: string): StoreFile {
  const file = openSync(path, 'r');
  try {
    const first = readRoot(file, 0);
    const second = readRoot(file, first?.pageBytes ?? 8_192);
    const bytes = fstatSync(file).size;
    const faults = faultsOf(first, second, bytes);
    const root = newest(first, second);
    const pagesMissing = root ? Math.max(0, root.lastPage + 1 - Math.floor(bytes / root.pageBytes)) : 0;
    return { path, bytes, root, faults, pagesMissing };
  } finally {
    closeSync(file);
  }
}

function readRoot(file: number, at: number): RootPage | undefined {
  const bytes = Buffer.alloc(ROOT_BYTES);
  if (readSync(file, bytes, 0, ROOT_BYTES, at) < ROOT_BYTES) return undefined;
  if (bytes.readUInt32LE(24) !== MAGIC || bytes.readUInt32LE(28) !== DATA_VERSION) return undefined;
  return {
    pageBytes: bytes.readUInt32LE(48),
    keys: Number(bytes.readBigUInt64LE(128)),
    lastPage: Number(bytes.readBigUInt64LE(144)),
    transaction: Number(bytes.readBigUInt64LE(152)),
  };
}

function newest(first: RootPage | undefined, second: RootPage | undefined): RootPage | undefined {
  if (!first || !second) return first ?? second;
  return second.transaction > first.transaction ? second : first;
}

function faultsOf(first: RootPage | undefined, second: RootPage | undefined, bytes: number): string[] {
  if (bytes === 0) return ['the store file is empty, and should hold its two root pages'];
  if (!first || !second) {
    return [`the ${first ? 'second' : 'first'} of the two root pages of the store file is damaged`];
  }
  const faults: string[] = [];
  if (first.pageBytes !== second.pageBytes || !PAGE_SIZES.includes(first.pageBytes)) {
    faults.push('the two root pages of the store file name different page sizes');
  }
  // By turns: the first page carries the even transactions, the second the odd ones; one after the other.
  const apart = Math.abs(first.transaction - second.transaction);
  const inTurn = first.transaction % 2 === 0 && second.transaction % 2 === 1 && apart === 1;
  // A new file has 0 in both; a compacted copy has it in the first, beside an empty tree.
  const isNew = first.transaction === 0 && first.keys === 0;
  if (!inTurn && !isNew) {
    faults.push(
      `the two root pages of the store file do not follow each other (transactions ${first.transaction} and ` +
        `${second.transaction}): the newest commits may be out of reach`,
    );
  }
  return faults;
}
