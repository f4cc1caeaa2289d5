import type { AuditDoc, IndexName, Key, ReadTransaction } from '@state-server/persistence-port';
import type { AuditAction } from './actions';

/** What is looked for; every field narrows it further. */
export interface AuditFilter {
  readonly actor_id?: string;
  readonly target_id?: string;
  readonly user_id?: string;
  readonly brane_id?: string;
  readonly company_id?: string;
  readonly action?: AuditAction;
  /** RFC 3339 UTC with milliseconds: not before it. */
  readonly from?: string;
  /** Before it. */
  readonly to?: string;
}

/** Where a page ended: time and id of its last entry. */
export type AuditPlace = readonly [at: string, id: string];

export interface AuditPage {
  /** The newest first. */
  readonly items: readonly AuditDoc[];
  /** Absent on the last page. A page may have fewer entries than asked for, and others follow. */
  readonly next?: AuditPlace;
}

/** Entries that one page looks at: what the index does not tell is looked at one by one. */
const MAX_LOOKED_AT = 2_000;
const BATCH = 200;

/** Filters with an index of their own, those that leave least to look at first. */
const INDEXES = [
  ['target_id', 'by_target'],
  ['actor_id', 'by_actor'],
  ['user_id', 'by_user'],
  ['brane_id', 'by_brane'],
  ['company_id', 'by_company'],
  ['action', 'by_action'],
] as const satisfies readonly (readonly [keyof AuditFilter, IndexName<'audit'>])[];

/** A page of the audit log, backward in time. Bounded, whatever is looked for. */
export async function listAudit(
  tx: ReadTransaction,
  filter: AuditFilter,
  { after, limit }: { readonly after?: AuditPlace; readonly limit: number },
): Promise<AuditPage> {
  const items: AuditDoc[] = [];
  let place = after;
  for (let looked = 0; looked < MAX_LOOKED_AT; looked += BATCH) {
    const batch = await tx.range('audit', { ...walkOf(filter), ...boundsOf(filter, place), limit: BATCH });
    for (const entry of batch) {
      if (items.length === limit) return { items, ...(place && { next: place }) };
      place = [entry.at, entry.id];
      if (matches(entry, filter)) items.push(entry);
    }
    if (batch.length < BATCH) return { items };
  }
  return { items, ...(place && { next: place }) };
}

function walkOf(filter: AuditFilter): {
  readonly index?: IndexName<'audit'>;
  readonly prefix: Key;
  readonly reverse: true;
} {
  for (const [field, index] of INDEXES) {
    const value = filter[field];
    if (value !== undefined) return { index, prefix: [value], reverse: true };
  }
  return { prefix: [], reverse: true };
}

function boundsOf(
  { from, to }: AuditFilter,
  after: AuditPlace | undefined,
): { readonly lt?: Key; readonly gte?: Key } {
  const lt = after ?? (to === undefined ? undefined : [to]);
  return { ...(lt && { lt }), ...(from === undefined ? {} : { gte: [from] }) };
}

function matches(entry: AuditDoc, filter: AuditFilter): boolean {
  return INDEXES.every(([field]) => filter[field] === undefined || entry[field] === filter[field]);
}
