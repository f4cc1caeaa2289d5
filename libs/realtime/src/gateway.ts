import type { TimerHandle } from '@state-server/domain';
import { fail, type StateError, toStateError } from '@state-server/protocol';
import { Admission } from './admission';
import { DEFAULT_LIMITS, type RealtimeLimits } from './limits';
import { LogPages } from './log-pages';
import type { Connection, Gateway, GatewayDeps, GatewayStats, Peer, Socket } from './ports';
import { Rooms } from './rooms';
import { Session, type SessionDeps } from './session';
import { Snapshots } from './snapshots';
import { WriteSchedule } from './write-schedule';

/** Milliseconds between looks at what a draining gateway waits for. */
const DRAIN_LOOK_MS = 20;

/** The sync engine of one process. Opens no connection by itself: a door hands them in. */
export function createGateway(deps: GatewayDeps): Gateway {
  return new RealtimeGateway(deps);
}

class RealtimeGateway implements Gateway {
  private readonly limits: RealtimeLimits;
  private readonly sessions = new Set<Session>();
  private readonly admission: Admission;
  private readonly rooms: Rooms;
  private readonly schedule: WriteSchedule;
  private readonly sessionDeps: SessionDeps;
  private readonly stopRevocations: () => void;
  private timer: TimerHandle | undefined;
  private draining: Promise<void> | undefined;

  constructor(private readonly deps: GatewayDeps) {
    const { environment, source, bus, committer, authenticate, revocations } = deps;
    const limits: RealtimeLimits = { ...DEFAULT_LIMITS, ...deps.limits };
    const metrics = deps.metrics ?? {};
    const log = deps.log ?? ((): void => undefined);
    const snapshots = new Snapshots({ source, environment, limits, metrics });
    const pages = new LogPages(source, limits);
    this.limits = limits;
    this.admission = new Admission(limits, environment, (what, scope) => metrics.limited?.(what, scope));
    this.schedule = new WriteSchedule(environment.timers, limits.tick_ms, limits.few_sockets);
    const { people } = deps;
    this.rooms = new Rooms({ source, bus, people, environment, limits, metrics, log, snapshots, pages });
    this.sessionDeps = {
      ...{ rooms: this.rooms, schedule: this.schedule, committer, authenticate, revocations, source },
      ...{ environment, limits, metrics, log, admission: this.admission },
      isDraining: () => this.draining !== undefined,
      onEnd: (session) => this.sessions.delete(session),
    };
    this.stopRevocations = revocations.onRevoked(() => this.beatSessions());
  }

  open(socket: Socket, peer: Peer): Connection {
    const session = new Session(socket, peer, this.sessionDeps);
    this.sessions.add(session);
    if (this.draining) session.end(fail('gateway.draining'));
    else this.admit(session, peer);
    return session;
  }

  deliver(...[braneId, messages]: Parameters<Gateway['deliver']>): void {
    this.rooms.deliver(braneId, messages);
  }

  announce(error: StateError): void {
    for (const session of [...this.sessions]) session.announce(error);
  }

  drain(): Promise<void> {
    this.draining ??= this.runDrain();
    return this.draining;
  }

  stats(): GatewayStats {
    let outboxBytes = 0;
    for (const session of this.sessions) outboxBytes += session.outbox.queuedBytes;
    return { sessions: this.sessions.size, rooms: this.rooms.size, seats: this.rooms.seats, outboxBytes };
  }

  private admit(session: Session, peer: Peer): void {
    this.startBeat();
    try {
      session.hold(this.admission.enterFrom(peer.network ?? peer.address));
    } catch (error) {
      session.end(toStateError(error));
    }
  }

  /** No timer runs while there is nobody. */
  private startBeat(): void {
    this.timer ??= this.deps.environment.timers.set(this.limits.beat_ms, () => {
      this.timer = undefined;
      this.beatSessions();
      this.rooms.beat();
      this.admission.prune();
      if (this.sessions.size > 0 || this.rooms.size > 0) this.startBeat();
    });
  }

  private beatSessions(): void {
    for (const session of [...this.sessions]) session.beat();
  }

  private async runDrain(): Promise<void> {
    const { environment } = this.deps;
    await this.until(
      () => this.everySession((session) => session.openEdits === 0),
      this.limits.drain_edits_ms,
    );
    for (const session of this.sessions) {
      const reconnect_in_ms = Math.floor(environment.random.next() * this.limits.reconnect_spread_ms);
      session.tell({ type: 'system.draining', reconnect_in_ms });
    }
    await this.until(() => this.everySession((session) => session.isFlushed), this.limits.drain_flush_ms);
    for (const session of [...this.sessions]) session.end(fail('gateway.draining'));
    this.stopRevocations();
    if (this.timer !== undefined) environment.timers.clear(this.timer);
    await this.rooms.stop();
    this.schedule.stop();
  }

  private everySession(holds: (session: Session) => boolean): boolean {
    for (const session of this.sessions) if (!holds(session)) return false;
    return true;
  }

  private async until(condition: () => boolean, atMostMs: number): Promise<void> {
    const { clock, timers } = this.deps.environment;
    const deadline = clock.monotonic() + atMostMs;
    while (!condition() && clock.monotonic() < deadline) {
      await new Promise<void>((resolve) => void timers.set(DRAIN_LOOK_MS, resolve));
    }
  }
}
