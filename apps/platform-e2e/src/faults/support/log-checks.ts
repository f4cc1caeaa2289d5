import type { Client } from '@state-server/client';
import type { BraneId, OpId } from '@state-server/domain';
import { type Ledger, viewKey } from './ledger';

export interface Entry {
  readonly seq: number;
  readonly epoch: string;
  readonly op_id: OpId;
  readonly at: string;
}

/** The whole log of a brane, read through REST. */
export async function readLog(client: Client, id: BraneId): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (;;) {
    const after = entries.at(-1)?.seq ?? 0;
    const page = (await client.rest.history(id, { after, limit: 200 })).items as readonly Entry[];
    if (page.length === 0) return entries;
    entries.push(...page);
  }
}

/** What is wrong between what was promised or shown and what the log holds; empty when nothing is. */
export function logFaults(
  log: readonly Entry[],
  ledger: Ledger,
  braneId: BraneId,
  editors: number,
): string[] {
  return [
    ...orderFaults(log),
    ...promiseFaults(log, ledger, braneId),
    ...shownFaults(log, ledger, braneId, editors),
  ];
}

/** Gapless seqs, `at` that never goes back (L4), each op id once (I1). */
function orderFaults(log: readonly Entry[]): string[] {
  const faults: string[] = [];
  const seen = new Set<OpId>();
  for (const [index, entry] of log.entries()) {
    const before = log[index - 1];
    if (entry.seq !== index + 1) faults.push(`seq ${entry.seq} stands where ${index + 1} belongs`);
    if (before && entry.at < before.at)
      faults.push(`seq ${entry.seq} is at ${entry.at}, before ${before.at}`);
    if (seen.has(entry.op_id)) faults.push(`op ${entry.op_id} is in the log twice`);
    seen.add(entry.op_id);
  }
  return faults;
}

/** Every acknowledged edit stands where each acknowledgement said; no refused one does. */
function promiseFaults(log: readonly Entry[], ledger: Ledger, braneId: BraneId): string[] {
  const places = new Map(log.map((entry) => [entry.op_id, entry]));
  return [...ledger.made.values()]
    .filter((edit) => edit.braneId === braneId)
    .flatMap(({ opId, acks, outcome }) => {
      const entry = places.get(opId);
      if (!outcome) return [`op ${opId} is neither saved nor refused`];
      if (outcome.kind === 'refused') return entry ? [`op ${opId} was refused and is in the log`] : [];
      if (!entry) return [`op ${opId} was acknowledged and is not in the log`];
      return [...acks, outcome.at]
        .filter(({ epoch, seq }) => epoch !== entry.epoch || seq !== entry.seq)
        .map(({ seq }) => `op ${opId} was acknowledged as ${seq} and is ${entry.seq}`);
    });
}

/** Nobody was shown anything that the log does not hold at that place. */
function shownFaults(log: readonly Entry[], ledger: Ledger, braneId: BraneId, editors: number): string[] {
  return Array.from({ length: editors }, (_, editor) => editor).flatMap((editor) =>
    (ledger.shown.get(viewKey(editor, braneId)) ?? [])
      .filter(({ seq, opId }) => log[seq - 1]?.op_id !== opId)
      .map(({ seq, opId }) => `editor ${editor} was shown op ${opId} as ${seq}, which the log does not hold`),
  );
}
