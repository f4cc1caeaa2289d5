import type { BraneId, SessionId, UserId, Value, ValueMap } from '@state-server/domain';
import {
  encodeCbor,
  encodeFrame,
  encodeJson,
  type PresenceUpdateFrame,
  type WireFormat,
} from '@state-server/protocol';
import { assembleCbor, assembleJson } from './cbor-assembly';

/** Keys of one session's state that changed; null: taken away. */
export interface PresenceChange {
  readonly user_id: UserId;
  readonly state: Record<string, Value>;
}

type WireEntry = PresenceUpdateFrame['entries'][number];

function wireEntry(sessionId: SessionId, change: { user_id: UserId; state: ValueMap }): WireEntry {
  return { session_id: sessionId, user_id: change.user_id, state: change.state };
}

/**
 * What changed in one tick, for all sockets of a brane: each session's part is encoded once, and a frame is put together
 * of them, one for all who only watch and one for each who would find himself in it.
 */
export class PresenceUpdate {
  private cborItems: Map<SessionId, Uint8Array> | undefined;
  private jsonItems: Map<SessionId, string> | undefined;
  private cborForAll: Uint8Array | undefined;
  private jsonForAll: string | undefined;

  constructor(
    private readonly braneId: BraneId,
    readonly changes: ReadonlyMap<SessionId, PresenceChange>,
    readonly left: ReadonlySet<SessionId>,
  ) {}

  /** Undefined when there is nothing in it for this session. */
  frameFor(sessionId: SessionId, format: WireFormat): Uint8Array | string | undefined {
    if (!this.changes.has(sessionId)) {
      return format === 'cbor' ? (this.cborForAll ??= this.cbor()) : (this.jsonForAll ??= this.json());
    }
    if (this.changes.size === 1 && this.left.size === 0) return undefined;
    return format === 'cbor' ? this.cbor(sessionId) : this.json(sessionId);
  }

  private fields(): Readonly<Record<string, unknown>> {
    return { type: 'presence.update', brane_id: this.braneId, left: [...this.left] };
  }

  private cbor(except?: SessionId): Uint8Array {
    this.cborItems ??= this.encoded(encodeCbor);
    return assembleCbor(this.fields(), 'entries', others(this.cborItems, except));
  }

  private json(except?: SessionId): string {
    this.jsonItems ??= this.encoded(encodeJson);
    return assembleJson(this.fields(), 'entries', others(this.jsonItems, except));
  }

  private encoded<T>(encode: (entry: WireEntry) => T): Map<SessionId, T> {
    return new Map([...this.changes].map(([id, change]) => [id, encode(wireEntry(id, change))]));
  }
}

function others<T>(items: ReadonlyMap<SessionId, T>, except: SessionId | undefined): T[] {
  const list: T[] = [];
  for (const [id, item] of items) if (id !== except) list.push(item);
  return list;
}

/** What a slow socket has missed, latest value per session and key (SYNC R6): it grows with the state, not with time. */
export class MissedPresence {
  private readonly changes = new Map<SessionId, PresenceChange>();
  private readonly left = new Set<SessionId>();

  add(update: PresenceUpdate, except: SessionId): void {
    for (const id of update.left) {
      this.changes.delete(id);
      this.left.add(id);
    }
    for (const [id, change] of update.changes) {
      if (id === except) continue;
      this.left.delete(id);
      const before = this.changes.get(id);
      this.changes.set(id, { user_id: change.user_id, state: { ...before?.state, ...change.state } });
    }
  }

  frame(braneId: BraneId, format: WireFormat): Uint8Array | string | undefined {
    if (this.changes.size === 0 && this.left.size === 0) return undefined;
    return encodePresence(braneId, this.changes, format, this.left);
  }
}

/** One frame for one socket. */
export function encodePresence(
  braneId: BraneId,
  entries: Iterable<readonly [SessionId, { readonly user_id: UserId; readonly state: ValueMap }]>,
  format: WireFormat,
  left: Iterable<SessionId> = [],
): Uint8Array | string {
  const frame: PresenceUpdateFrame = {
    type: 'presence.update',
    brane_id: braneId,
    entries: [...entries].map(([id, entry]) => wireEntry(id, entry)),
    left: [...left],
  };
  return encodeFrame(frame, format);
}
