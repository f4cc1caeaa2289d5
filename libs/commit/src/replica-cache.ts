import type { BraneId, Epoch } from '@state-server/domain';
import { Replica } from './replica';

/** Default bound of all replicas together. */
export const REPLICA_BYTES = 64 * 1024 * 1024;

/** The replicas of all branes, bounded in bytes: the brane that was edited longest ago goes first. */
export class ReplicaCache {
  /** In the order of their last use. */
  private readonly replicas = new Map<BraneId, Replica>();
  private held = 0;
  /** What each was counted with. */
  private readonly counted = new Map<BraneId, number>();

  constructor(private readonly maxBytes: number) {}

  get bytes(): number {
    return this.held;
  }

  get branes(): number {
    return this.replicas.size;
  }

  /** The brane's replica, if it is of this log (SYNC L3) and not ahead of it; else a new one that knows nothing. */
  take(braneId: BraneId, head: { readonly epoch: Epoch; readonly seq: number }): Replica {
    const known = this.replicas.get(braneId);
    if (known && known.epoch === head.epoch && known.seq <= head.seq) return known;
    return this.restart(braneId, head);
  }

  /** Forgets what is known of the brane and starts anew at this head. */
  restart(braneId: BraneId, head: { readonly epoch: Epoch; readonly seq: number }): Replica {
    this.drop(braneId);
    const fresh = new Replica(head.epoch, head.seq);
    this.replicas.set(braneId, fresh);
    return fresh;
  }

  drop(braneId: BraneId): void {
    this.replicas.delete(braneId);
    this.held -= this.counted.get(braneId) ?? 0;
    this.counted.delete(braneId);
  }

  /** After a transaction on the brane: counts anew, and lets go of others, then of parts of this one, down to the bound. */
  settle(braneId: BraneId): void {
    const replica = this.replicas.get(braneId);
    if (!replica) return;
    this.replicas.delete(braneId);
    this.replicas.set(braneId, replica);
    this.count(braneId, replica);
    for (const other of this.replicas.keys()) {
      if (this.held <= this.maxBytes) return;
      if (other !== braneId) this.drop(other);
    }
    if (this.held <= this.maxBytes) return;
    // To half of the bound, so that it is not trimmed again with every edit.
    replica.trim(this.maxBytes / 2);
    this.count(braneId, replica);
  }

  private count(braneId: BraneId, replica: Replica): void {
    this.held += replica.bytes - (this.counted.get(braneId) ?? 0);
    this.counted.set(braneId, replica.bytes);
  }
}
