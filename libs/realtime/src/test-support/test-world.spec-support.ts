import { type Committer, createCommitter, createPublisher } from '@state-server/commit';
import {
  asObjectId,
  asOpId,
  asUserId,
  type BraneId,
  type BraneOp,
  type ClientOp,
  type ObjectId,
  type OpId,
  isScope,
  type Role,
  type Scope,
  type UserId,
  type Visibility,
} from '@state-server/domain';
import { createMemoryHub, type MemoryBus, type MemoryHubOptions } from '@state-server/messaging-memory';
import { createMemoryKv, createMemoryStore } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { createFakeEnvironment, type FakeEnvironment, RecordingSocket } from '@state-server/testing';
import { fail, PROTOCOL_VERSION, type WireFormat } from '@state-server/protocol';
import { createGateway } from '../gateway';
import type { RealtimeLimits } from '../limits';
import { storeLogSource } from '../log-source';
import type { Gateway, GatewayDeps, Identity, LogSource, RealtimeMetrics } from '../ports';
import { TestClient } from './test-client.spec-support';

export interface NodeOptions {
  readonly limits?: Partial<RealtimeLimits>;
  readonly bus?: MemoryBus;
  /** To stand between the engine and the store. */
  readonly wrap?: (source: LogSource) => LogSource;
  readonly committer?: (committer: Committer) => GatewayDeps['committer'];
}

/** One gateway process with its own write path. */
export interface TestNode {
  readonly gateway: Gateway;
  /** What became of its sessions, snapshots and gaps. */
  readonly counts: Counts;
  readonly committer: Committer;
  readonly bus: MemoryBus;
  readonly store: Store;
  /** Connects and says hello. */
  client(
    userId: UserId,
    options?: { format?: WireFormat; greet?: boolean; address?: string },
  ): Promise<TestClient>;
  /** Revokes the sign-in of this user on this node; silently: nobody is called back. */
  revoke(userId: UserId, options?: { readonly silently?: true }): void;
}

const TICKS_MS = 25;

/** Tokens of these tests: `user id`, `user id|ms of expiry`, or `user id|ms of expiry|scopes`. */
export function tokenOf(userId: UserId, expiresAt?: number, scopes?: readonly Scope[]): string {
  const token = expiresAt === undefined ? userId : `${userId}|${expiresAt}`;
  return scopes === undefined ? token : `${token}|${scopes.join(' ')}`;
}

export const HELLO = { name: 'spec', version: '1', protocol: PROTOCOL_VERSION } as const;

export interface TestBrane {
  readonly id: BraneId;
  readonly owner: UserId;
}

export interface Counts {
  filled: number;
  snapshots: number;
  fellBehind: number;
  writes: number;
  ended: string[];
  limited: string[];
}

/** Any number of gateways over one store and one bus in memory, under one clock that stands still until `advance`. */
export class TestWorld {
  readonly environment: FakeEnvironment;
  private readonly kv = createMemoryKv();
  private readonly hub;

  constructor(options: { seed?: number } & MemoryHubOptions = {}) {
    this.environment = createFakeEnvironment(options.seed === undefined ? {} : { seed: options.seed });
    this.hub = createMemoryHub(options);
  }

  user(): UserId {
    return asUserId(this.uuid());
  }

  objectId(): ObjectId {
    return asObjectId(this.uuid());
  }

  opId(): OpId {
    return asOpId(this.uuid());
  }

  /** What needs no more than a tick or two is done. */
  settle(): Promise<void> {
    return this.environment.advance(TICKS_MS);
  }

  advance(ms: number): Promise<void> {
    return this.environment.advance(ms);
  }

  node(options: NodeOptions = {}): TestNode {
    const { environment } = this;
    const store = createMemoryStore({ environment, kv: this.kv });
    const bus = options.bus ?? this.hub.connect();
    const publisher = createPublisher({ bus, environment });
    const committer = createCommitter({
      store,
      environment,
      writerId: this.uuid(),
      publish: (braneId, messages) => {
        gateway.deliver(braneId, messages);
        publisher.publish(braneId, messages);
      },
    });
    const counts: Counts = { filled: 0, snapshots: 0, fellBehind: 0, writes: 0, ended: [], limited: [] };
    const revoked = new Set<UserId>();
    const listeners = new Set<() => void>();
    const source = storeLogSource(store, environment);
    const gateway: Gateway = createGateway({
      source: options.wrap?.(source) ?? source,
      committer: options.committer?.(committer) ?? committer,
      bus,
      environment,
      authenticate: (credentials) =>
        this.authenticate('token' in credentials ? credentials.token : credentials.ticket),
      revocations: {
        isRevoked: (identity) => revoked.has(identity.user_id),
        onRevoked: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
      ...(options.limits ? { limits: options.limits } : {}),
      metrics: countInto(counts),
    });
    return {
      gateway,
      counts,
      committer,
      bus,
      store,
      client: async (userId, { format = 'cbor', greet = true, address = '127.0.0.1' } = {}) => {
        const socket = new RecordingSocket();
        const connection = gateway.open(socket, { format, address });
        const client = new TestClient(socket, connection, format, () => this.uuid());
        if (greet) client.send({ type: 'session.hello', token: tokenOf(userId), client: HELLO });
        await this.settle();
        return client;
      },
      revoke: (userId, { silently } = {}) => {
        revoked.add(userId);
        if (silently) return;
        for (const listener of listeners) listener();
      },
    };
  }

  async brane(node: TestNode, options: { owner?: UserId; visibility?: Visibility } = {}): Promise<TestBrane> {
    const owner = options.owner ?? this.user();
    const created = node.committer.createBrane(
      { kind: 'user', user_id: owner },
      { op_id: this.opId(), name: 'a brane', visibility: options.visibility ?? 'private' },
    );
    const { meta } = await created;
    return { id: meta.id, owner };
  }

  async administer(node: TestNode, brane: TestBrane, ops: readonly BraneOp[]): Promise<void> {
    await this.commitBrane(node, brane, ops);
    await this.settle();
  }

  async member(node: TestNode, brane: TestBrane, role: Role | null, userId?: UserId): Promise<UserId> {
    const user_id = userId ?? this.user();
    await this.administer(node, brane, [{ op: 'set_member', user_id, role }]);
    return user_id;
  }

  /** No time passes. */
  remove(node: TestNode, brane: TestBrane, user_id: UserId): Promise<unknown> {
    return this.commitBrane(node, brane, [{ op: 'set_member', user_id, role: null }]);
  }

  /** An edit over another door (REST), by the owner; and what it brings about. */
  async write(node: TestNode, brane: TestBrane, ops: readonly ClientOp[]): Promise<number> {
    const seq = await this.commit(node, brane, ops);
    await this.settle();
    return seq;
  }

  /** The edit alone: no time passes. */
  async commit(node: TestNode, brane: TestBrane, ops: readonly ClientOp[]): Promise<number> {
    const actor = { kind: 'user', user_id: brane.owner } as const;
    const { seq } = await node.committer.edit({ brane_id: brane.id, actor, op_id: this.opId(), ops });
    return seq;
  }

  async join(client: TestClient, braneId: BraneId): Promise<void> {
    client.send({ type: 'brane.join', brane_id: braneId });
    await this.settle();
  }

  block(parentId: ObjectId, name = 'block'): ClientOp {
    return { op: 'create', object: { kind: 'block', id: this.objectId(), parent_id: parentId, name } };
  }

  private commitBrane(node: TestNode, brane: TestBrane, ops: readonly BraneOp[]): Promise<unknown> {
    const actor = { kind: 'user', user_id: brane.owner } as const;
    return node.committer.administer({ brane_id: brane.id, actor, op_id: this.opId(), ops });
  }

  private async authenticate(token: string): Promise<Identity> {
    const [userId = '', expires, scopes] = token.split('|');
    if (userId === 'wrong') throw fail('auth.invalid_token');
    const expires_at = expires === undefined ? this.environment.clock.now() + 900_000 : Number(expires);
    const limited = scopes === undefined ? {} : { scopes: scopes.split(' ').filter(isScope) };
    const user_id = asUserId(userId);
    return { user_id, session_id: `sign-in of ${userId}`, name: 'someone', expires_at, ...limited };
  }

  private uuid(): string {
    return this.environment.ids.uuid();
  }
}

function countInto(counts: Counts): RealtimeMetrics {
  return {
    gapFilled: (entries) => (counts.filled += entries),
    snapshotBuilt: () => (counts.snapshots += 1),
    fellBehind: () => (counts.fellBehind += 1),
    wrote: () => (counts.writes += 1),
    sessionEnded: (why) => counts.ended.push(why),
    limited: (what, scope) => counts.limited.push(`${what} ${scope}`),
  };
}
