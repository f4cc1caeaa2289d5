import {
  type Client,
  createClient,
  type EditHandle,
  type LiveBrane,
  type TokenSet,
} from '@state-server/client';
import type { BraneId, OpId, UserId } from '@state-server/domain';
import { StateError, type WireFormat } from '@state-server/protocol';
import type { SimProcess } from '../kernel/sim-process';
import type { Report } from '../kernel/violation';
import { fetchOf, type HttpWorld } from '../world/http';
import type { Network } from '../world/network';
import { describe } from '../world/server-node';
import type { Promises } from './promises';

export interface DeviceDeps {
  readonly network: Network;
  readonly http: HttpWorld;
  readonly promises: Promises;
  readonly report: Report;
}

/** After these alone the SDK stays away: the sign-in was ended, or clocks are so wrong that new tokens have ended, too. */
const FINAL: readonly string[] = ['auth.revoked', 'auth.refresh_invalid', 'auth.expired'];

interface Place {
  readonly brane: LiveBrane;
  /** Simulated ms since when it is in step without a break; undefined while it is not. */
  syncedAt: number | undefined;
  seq: number;
  /** Snapshots that it had taken in by then. */
  snapshots: number;
}

/** One person at one machine: the real SDK, in a process of its own. */
export class Device {
  readonly client: Client;
  readonly places = new Map<BraneId, Place>();
  readonly joining = new Set<BraneId>();
  /** Own edits whose promise is open. */
  private readonly waiting = new Set<OpId>();
  tokens: TokenSet;

  constructor(
    readonly process: SimProcess,
    readonly userId: UserId,
    readonly format: WireFormat,
    tokens: TokenSet,
    private readonly deps: DeviceDeps,
  ) {
    this.tokens = tokens;
    this.client = createClient({
      origin: 'http://simulated',
      format,
      WebSocket: deps.network.webSocketOf(process),
      fetch: fetchOf(process, deps.http),
      environment: process.environment,
      deadlineMs: 4_000,
      name: 'simulated',
    });
    this.client.events.on('tokens', (set) => {
      if (set) this.tokens = set;
      deps.http.coverage.count('tokens_renewed');
    });
    this.client.events.on('connection', (status) => {
      if (status.state === 'open') return;
      if (status.state === 'closed' && status.error && !FINAL.includes(status.error.code)) {
        deps.report('SIM-11', `${process.name} gave up: ${status.error.code}`);
      }
      for (const place of this.places.values()) place.syncedAt = undefined;
    });
    this.client.useTokens(tokens);
  }

  /** It will never connect again by itself: signed out, or closed. */
  get isOver(): boolean {
    return !this.process.alive || this.client.status.state === 'closed';
  }

  join(braneId: BraneId): void {
    if (this.joining.has(braneId) || this.places.has(braneId)) return;
    this.joining.add(braneId);
    const { promises } = this.deps;
    const what = `join of ${braneId} by ${this.process.name}`;
    void promises.expect(this.process, what, this.client.join(braneId)).then((brane) => {
      this.joining.delete(braneId);
      if (brane) this.joined(brane);
    });
  }

  leave(braneId: BraneId): void {
    this.places.get(braneId)?.brane.leave();
  }

  /** Hands an edit to the SDK; undefined when it refuses it here already. */
  edit(brane: LiveBrane, make: () => EditHandle | undefined): EditHandle | undefined {
    let handle: EditHandle | undefined;
    try {
      handle = make();
    } catch (error) {
      if (!(error instanceof StateError)) this.deps.report('SIM-13', `an edit: ${describe(error)}`);
      this.deps.http.coverage.count('refused_here');
      return undefined;
    }
    if (!handle) return undefined;
    const op = { braneId: brane.id, userId: this.userId, opId: handle.opId };
    const { opId } = handle;
    this.waiting.add(opId);
    const settled = (): boolean => this.waiting.delete(opId);
    handle.saved.then(settled, settled);
    this.deps.promises.edit(this.process, op, handle.saved);
    return handle;
  }

  /** The tab is closed as it should be. */
  close(): void {
    if (!this.process.alive) return;
    this.client.close();
    this.process.after(2_000, 'device.gone', () => this.process.die());
  }

  private joined(brane: LiveBrane): void {
    const { scheduler, name } = this.process;
    const place: Place = {
      brane,
      syncedAt: brane.live ? scheduler.now : undefined,
      seq: brane.position?.seq ?? 0,
      snapshots: brane.stats.snapshots,
    };
    this.places.set(brane.id, place);
    brane.events.on('synced', ({ seq }) => {
      place.syncedAt = scheduler.now;
      place.seq = seq;
    });
    brane.events.on('entry', ({ seq, opId, own }) => {
      const { snapshots } = brane.stats;
      if (!own && this.waiting.has(opId)) {
        this.deps.report('SIM-6', `${name} shows ${opId} twice: as confirmed, and as waiting`);
      }
      if (snapshots === place.snapshots && seq !== place.seq + 1) {
        this.deps.report('SIM-3', `${name} applied ${seq} of ${brane.id} after ${place.seq}`);
      }
      place.seq = seq;
      place.snapshots = snapshots;
    });
    brane.events.on('left', () => this.places.delete(brane.id));
  }

  /** The SDK never had to doubt what it was sent. */
  check(): void {
    for (const { brane } of this.places.values()) {
      if (brane.stats.rejoins > 0) {
        this.deps.report(
          'SIM-3',
          `${this.process.name} had to join ${brane.id} anew ${brane.stats.rejoins} times`,
        );
      }
    }
  }
}
