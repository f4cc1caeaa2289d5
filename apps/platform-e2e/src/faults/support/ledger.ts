import type { BraneId, OpId } from '@state-server/domain';
import { Latencies } from '@state-server/testing';

/** Where an entry stands in the log of its brane. */
export interface At {
  readonly epoch: string;
  readonly seq: number;
}

/** One edit from the moment it was made; times are monotonic ms. */
export interface Made {
  readonly opId: OpId;
  readonly braneId: BraneId;
  readonly editor: number;
  readonly madeAt: number;
  /** Said by `brane.ack` frames; several when it was sent again. */
  readonly acks: At[];
  outcome: { readonly kind: 'saved'; readonly at: At; readonly after: number } | Refusal | undefined;
  /** Other editors that have seen it as an entry. */
  readonly seenBy: Set<number>;
  /** When it was both saved and seen by all others. */
  flowedAt: number | undefined;
}

export interface Refusal {
  readonly kind: 'refused';
  readonly code: string;
}

/** An entry that an editor was shown. */
export interface Seen {
  readonly opId: OpId;
  readonly seq: number;
}

/** Everything that was done, promised and shown while a fault was at work. */
export class Ledger {
  readonly made = new Map<OpId, Made>();
  /** What was shown to an editor of a brane, in its order; key: see `viewKey`. */
  readonly shown = new Map<string, Seen[]>();
  /** What broke an SDK user's day: errors outside of edits, sessions given up, holes in what was shown. */
  readonly complaints: string[] = [];
  /** Editors that see the edits of each other. */
  editors = 1;
  private readonly deliveries: { readonly madeAt: number; readonly ms: number }[] = [];

  record(made: Pick<Made, 'opId' | 'braneId' | 'editor'>): Made {
    const edit: Made = {
      ...made,
      madeAt: performance.now(),
      acks: [],
      outcome: undefined,
      seenBy: new Set(),
      flowedAt: undefined,
    };
    this.made.set(made.opId, edit);
    return edit;
  }

  settled(edit: Made, outcome: NonNullable<Made['outcome']>): void {
    edit.outcome = outcome;
    this.looked(edit);
  }

  /** When the first edit that this editor made after that time was saved and seen by all others; undefined: not yet. */
  flowedAgain(editor: number, after: number): number | undefined {
    let first: number | undefined;
    for (const edit of [...this.made.values()].reverse()) {
      if (edit.madeAt < after) break;
      const { flowedAt } = edit;
      if (edit.editor === editor && flowedAt !== undefined) first = Math.min(first ?? flowedAt, flowedAt);
    }
    return first;
  }

  /** An editor was shown an entry. */
  saw(editor: number, braneId: BraneId, seen: Seen): void {
    const key = viewKey(editor, braneId);
    const shown = this.shown.get(key) ?? [];
    shown.push(seen);
    this.shown.set(key, shown);
    const edit = this.made.get(seen.opId);
    if (!edit || edit.editor === editor || edit.seenBy.has(editor)) return;
    edit.seenBy.add(editor);
    this.looked(edit);
    this.deliveries.push({ madeAt: edit.madeAt, ms: performance.now() - edit.madeAt });
  }

  private looked(edit: Made): void {
    if (edit.outcome?.kind !== 'saved' || edit.seenBy.size < this.editors - 1) return;
    edit.flowedAt ??= performance.now();
  }

  /** From the making of an edit to its sight on a peer's side, for edits made in [from, to) of the monotonic clock. */
  peerLatencies(from = 0, to = Infinity): Latencies {
    const latencies = new Latencies();
    for (const { madeAt, ms } of this.deliveries) if (madeAt >= from && madeAt < to) latencies.add(ms);
    return latencies;
  }

  get acknowledged(): Made[] {
    return [...this.made.values()].filter((edit) => edit.outcome?.kind === 'saved' || edit.acks.length > 0);
  }

  get refused(): (Made & { outcome: Refusal })[] {
    return [...this.made.values()].filter(
      (edit): edit is Made & { outcome: Refusal } => edit.outcome?.kind === 'refused',
    );
  }
}

export const viewKey = (editor: number, braneId: BraneId): string => `${editor} ${braneId}`;
