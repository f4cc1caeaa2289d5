import {
  type BraneId,
  checkValue,
  type Environment,
  sameValue,
  type SessionId,
  type TimerHandle,
  type UserId,
  type Value,
  type ValueMap,
} from '@state-server/domain';
import { encodeCbor, fail, type WireFormat } from '@state-server/protocol';
import { decodePresenceMessage, encodePresenceMessage, type PresenceState } from './presence-messages';
import { encodePresence, type PresenceChange, PresenceUpdate } from './presence-update';

export interface PresenceDeps {
  readonly environment: Pick<Environment, 'clock' | 'timers'>;
  readonly limits: {
    readonly presence_tick_ms: number;
    readonly presence_ttl_ms: number;
    readonly presence_bytes: number;
  };
  /** To the other gateways; at most once. */
  readonly publish: (payload: Uint8Array) => void;
  /** To this gateway's sockets. */
  readonly broadcast: (update: PresenceUpdate) => void;
}

interface Entry {
  readonly user_id: UserId;
  readonly local: boolean;
  state: ValueMap;
  turn: number;
  /** Monotonic ms of this process, whoever said it (SYNC R6). */
  refreshedAt: number;
}

/**
 * Who is in one brane and what he is doing (SYNC R6): the latest value per session and key, not stored, told at a tick.
 * Gateways tell each other whole states, so that a lost message is made good by the next.
 */
export class Presence {
  private readonly entries = new Map<SessionId, Entry>();
  /** Sessions that went a moment ago, and their last turn: a late message must not bring them back. */
  private readonly ghosts = new Map<SessionId, { readonly turn: number; readonly at: number }>();
  private changes = new Map<SessionId, PresenceChange>();
  private left = new Set<SessionId>();
  private readonly toTell = new Set<SessionId>();
  private toTellGone: { session_id: SessionId; turn: number }[] = [];
  private timer: TimerHandle | undefined;
  private lastTurn = 0;

  constructor(
    private readonly braneId: BraneId,
    private readonly deps: PresenceDeps,
  ) {}

  /** A client of this gateway says what it is doing: null takes a key away. Throws `field.invalid`, `field.too_large`. */
  set(sessionId: SessionId, userId: UserId, changes: ValueMap): void {
    const entry = this.entries.get(sessionId);
    const state = withChanges(entry?.state ?? {}, changes);
    // Peers get it deeper within a frame than it came: it must not be too deep for them to decode.
    const checked = checkValue(state);
    if (!checked.ok) throw fail('field.invalid', undefined, `Presence: ${checked.refusal.message}.`);
    const { presence_bytes: most } = this.deps.limits;
    const bytes = encodeCbor(state).byteLength;
    if (bytes > most) {
      throw fail(
        'field.too_large',
        { bytes, max_bytes: most },
        `Presence takes ${most} bytes, this has ${bytes}.`,
      );
    }
    this.put(sessionId, { user_id: userId, local: true, state, turn: this.nextTurn() });
    this.toTell.add(sessionId);
    this.schedule();
  }

  /** A client of this gateway is gone. */
  drop(sessionId: SessionId): void {
    if (!this.entries.has(sessionId)) return;
    const turn = this.nextTurn();
    this.remove(sessionId, turn);
    this.toTell.delete(sessionId);
    this.toTellGone.push({ session_id: sessionId, turn });
    this.schedule();
  }

  /** Asks the other gateways who is there, and tells them whom we know: after opening, and after an outage of the bus. */
  introduce(): void {
    this.deps.publish(encodePresenceMessage({ kind: 'ask' }));
    this.tellAll();
  }

  /** From another gateway, or our own words come back. */
  receive(payload: Uint8Array): void {
    const message = decodePresenceMessage(payload);
    if (message?.kind === 'states') for (const state of message.states) this.heard(state);
    if (message?.kind === 'gone')
      for (const { session_id: id, turn } of message.sessions) this.heardGone(id, turn);
    if (message?.kind === 'ask') this.tellAll();
  }

  /** Forgets who has not been heard of for too long. */
  sweep(): void {
    const oldest = this.deps.environment.clock.monotonic() - this.deps.limits.presence_ttl_ms;
    for (const [id, ghost] of this.ghosts) if (ghost.at < oldest) this.ghosts.delete(id);
    for (const [id, entry] of this.entries) if (entry.refreshedAt < oldest) this.remove(id, entry.turn);
    if (this.left.size > 0) this.schedule();
  }

  /** Everybody but the one who asks; undefined when there is nobody. */
  frameOfAll(except: SessionId, format: WireFormat): Uint8Array | string | undefined {
    const others = [...this.entries].filter(([id]) => id !== except);
    return others.length === 0 ? undefined : encodePresence(this.braneId, others, format);
  }

  stop(): void {
    if (this.timer !== undefined) this.deps.environment.timers.clear(this.timer);
    this.timer = undefined;
    this.tick();
  }

  private heard({ session_id: id, user_id, turn, state }: PresenceState): void {
    if (!this.isNews(id, turn)) return;
    this.put(id, { user_id, local: false, state, turn });
    this.schedule();
  }

  private heardGone(id: SessionId, turn: number): void {
    if (!this.isNews(id, turn)) return;
    this.remove(id, turn);
    this.schedule();
  }

  /** Later than what is known of it; of our own clients others know nothing new. */
  private isNews(id: SessionId, turn: number): boolean {
    const entry = this.entries.get(id);
    return entry ? !entry.local && entry.turn < turn : (this.ghosts.get(id)?.turn ?? -1) < turn;
  }

  private put(id: SessionId, next: Omit<Entry, 'refreshedAt'>): void {
    // Gone and back within one tick: peers have to forget the old state first.
    if (this.left.has(id)) this.tick();
    const before = this.entries.get(id);
    const changed = difference(before?.state ?? {}, next.state);
    this.entries.set(id, { ...next, refreshedAt: this.deps.environment.clock.monotonic() });
    this.ghosts.delete(id);
    if (before && !changed) return;
    const waiting = this.changes.get(id)?.state;
    this.changes.set(id, { user_id: next.user_id, state: { ...waiting, ...changed } });
  }

  private remove(id: SessionId, turn: number): void {
    const wasKnown = this.entries.delete(id);
    this.ghosts.set(id, { turn, at: this.deps.environment.clock.monotonic() });
    this.changes.delete(id);
    if (wasKnown) this.left.add(id);
  }

  private tellAll(): void {
    for (const [id, entry] of this.entries) if (entry.local) this.toTell.add(id);
    if (this.toTell.size > 0) this.schedule();
  }

  private schedule(): void {
    const { timers } = this.deps.environment;
    this.timer ??= timers.set(this.deps.limits.presence_tick_ms, () => {
      this.timer = undefined;
      this.tick();
    });
  }

  private tick(): void {
    if (this.changes.size > 0 || this.left.size > 0) {
      const update = new PresenceUpdate(this.braneId, this.changes, this.left);
      this.changes = new Map();
      this.left = new Set();
      this.deps.broadcast(update);
    }
    if (this.toTell.size > 0) {
      const states = [...this.toTell].flatMap((id) => this.told(id));
      this.toTell.clear();
      this.deps.publish(encodePresenceMessage({ kind: 'states', states }));
    }
    if (this.toTellGone.length > 0) {
      this.deps.publish(encodePresenceMessage({ kind: 'gone', sessions: this.toTellGone }));
      this.toTellGone = [];
    }
  }

  private told(id: SessionId): PresenceState[] {
    const entry = this.entries.get(id);
    if (!entry) return [];
    entry.turn = this.nextTurn();
    return [{ session_id: id, user_id: entry.user_id, turn: entry.turn, state: entry.state }];
  }

  /** Later than all before, even those of an earlier life of this room: by the clock of the process. */
  private nextTurn(): number {
    this.lastTurn = Math.max(this.lastTurn + 1, Math.floor(this.deps.environment.clock.monotonic() * 1_000));
    return this.lastTurn;
  }
}

function withChanges(state: ValueMap, changes: ValueMap): ValueMap {
  return Object.fromEntries(Object.entries({ ...state, ...changes }).filter(([, value]) => value !== null));
}

/** The keys in which `after` differs, null for those that it lacks; undefined when it does not. */
function difference(before: ValueMap, after: ValueMap): Record<string, Value> | undefined {
  const changed: Record<string, Value> = {};
  for (const [key, value] of Object.entries(after)) {
    const old = before[key];
    if (old === undefined || !sameValue(old, value)) changed[key] = value;
  }
  for (const key of Object.keys(before)) if (!(key in after)) changed[key] = null;
  return Object.keys(changed).length === 0 ? undefined : changed;
}
