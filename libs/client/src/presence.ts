import type { BraneId, Environment, TimerHandle, ValueMap } from '@state-server/domain';
import type { ClientFrame, ServerFrame } from '@state-server/protocol';

export interface PresenceEntry {
  readonly sessionId: string;
  readonly userId: string;
  readonly state: ValueMap;
}

/** Own presence is said again this often, ms: the server forgets it after 10 s (SYNC R6). */
const REFRESH_MS = 4_000;

/** Who else is here and what he is doing; not stored anywhere, latest value per session. */
export class Presence {
  private readonly others = new Map<string, PresenceEntry>();
  private own: ValueMap = {};
  private timer: TimerHandle | undefined;
  /** In step: who is not in the brane (yet) is not listened to. */
  private started = false;

  constructor(
    private readonly options: {
      readonly braneId: BraneId;
      readonly environment: Environment;
      readonly send: (frame: ClientFrame) => boolean;
      readonly changed: () => void;
    },
  ) {}

  /** The others' latest states, by session. */
  get entries(): ReadonlyMap<string, PresenceEntry> {
    return this.others;
  }

  /** Sets keys of our own state; null takes a key away. */
  set(state: ValueMap): void {
    this.own = merge(this.own, state);
    if (this.started) this.say(state);
  }

  /** The view is in sync: say again what we are doing. */
  start(): void {
    this.started = true;
    this.say(this.own);
  }

  stop(): void {
    this.started = false;
    if (this.timer !== undefined) this.options.environment.timers.clear(this.timer);
    this.timer = undefined;
    if (this.others.size === 0) return;
    this.others.clear();
    this.options.changed();
  }

  receive(frame: Extract<ServerFrame, { type: 'presence.update' }>): void {
    for (const entry of frame.entries) {
      this.others.set(entry.session_id, {
        sessionId: entry.session_id,
        userId: entry.user_id,
        state: merge(this.others.get(entry.session_id)?.state ?? {}, entry.state),
      });
    }
    for (const sessionId of frame.left) this.others.delete(sessionId);
    this.options.changed();
  }

  private say(state: ValueMap): void {
    const { environment, braneId } = this.options;
    if (this.timer !== undefined) environment.timers.clear(this.timer);
    this.timer = undefined;
    if (Object.keys(state).length === 0) return;
    this.options.send({ type: 'presence.set', brane_id: braneId, state });
    this.timer = environment.timers.set(REFRESH_MS, () => this.say(this.own));
  }
}

function merge(before: ValueMap, changes: ValueMap): ValueMap {
  const merged = Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null);
  return Object.fromEntries(merged);
}
