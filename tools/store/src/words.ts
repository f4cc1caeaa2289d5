import { COLLECTIONS, FORMAT_VERSION, STORE_LIMITS } from '@state-server/persistence-port';
import type { Fault, StoreReport } from './check-store';

const INDEXES = Object.entries(COLLECTIONS).flatMap(([name, { indexes }]) =>
  Object.keys(indexes).map((index) => `${name}.${index}`),
);
const count = new Intl.NumberFormat('en');

export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

export function faultLine({ kind, record, message }: Fault): string {
  return `FAULT ${kind}: ${record}: ${message}`;
}

/** What the store is and holds, in lines for a person. */
export function describeReport(report: StoreReport): string[] {
  const { path, kind, format, bytes, transaction, usage, branes, readOnly } = report;
  const entries = branes.reduce((sum, brane) => sum + brane.entries, 0);
  const replayed = branes.filter((brane) => brane.replayed).length;
  return [
    [
      `${path}: ${kind}, format ${String(format)} of ${FORMAT_VERSION}`,
      ...(bytes === undefined ? [] : [mebibytes(bytes)]),
      ...(transaction === undefined ? [] : [`transaction ${count.format(transaction)}`]),
    ].join(', '),
    ...(readOnly === undefined ? [] : [`  closed to writers: ${readOnly} (store read-only off opens it)`]),
    `  limits: key ${count.format(STORE_LIMITS.keyBytes)} bytes, document ${count.format(STORE_LIMITS.documentBytes)}, ` +
      `transaction ${count.format(STORE_LIMITS.transactionBytes)} and ${STORE_LIMITS.transactionMs / 1_000} s`,
    `  indexes: ${INDEXES.join(', ')}`,
    ...usage.map(
      ({ collection, records, indexEntries, bytes: size }) =>
        `  ${collection.padEnd(16)} ${count.format(records).padStart(11)} records ` +
        `${count.format(indexEntries).padStart(11)} index entries ${mebibytes(size).padStart(12)}`,
    ),
    `  ${branes.length} branes; ${replayed} compared with their log (${count.format(entries)} entries)`,
  ];
}
