import { type Actor, buildCheckpoint, type Committer, createCommitter } from '@state-server/commit';
import { asOpId, asUserId, type BraneId } from '@state-server/domain';
import { createMemoryHub } from '@state-server/messaging-memory';
import { openLmdbStore } from '@state-server/persistence-lmdb';
import type { Store } from '@state-server/persistence-port';
import { realEnvironment as environment } from '@state-server/platform';
import { encodeFrame, PROTOCOL_VERSION, splitFrames, type WireFormat } from '@state-server/protocol';
import { createGateway, type Gateway, storeLogSource } from '@state-server/realtime';
import type { Figure } from './figure';
import { buildBrane, type BuiltBrane } from './large-brane';
import { describeLoop, watchLoop } from './loop-watch';
import { inFolder } from './write-path';

const OBJECTS = 100_000;
const EDITS = 2_000;
const ROUNDS = 3;
/** No slice of own work may block an event loop for longer, ms. */
const BOUND_MS = 50;

interface Bench {
  readonly store: Store;
  readonly committer: Committer;
  readonly actor: Actor;
  readonly brane: BuiltBrane;
}

type Phase = readonly [
  name: string,
  run: (bench: Bench) => Promise<unknown>,
  prepare?: (bench: Bench) => Promise<unknown>,
];

const PHASES: readonly Phase[] = [
  ['joined without a checkpoint', (bench) => join(bench, 'cbor'), forgetCheckpoint],
  ['checkpointed for the first time', checkpoint, forgetCheckpoint],
  [`checkpointed after ${EDITS} edits all over it`, checkpoint, (bench) => editAll(bench, EDITS)],
  ['joined by its checkpoint', (bench) => join(bench, 'cbor')],
  ['joined by its checkpoint in JSON', (bench) => join(bench, 'json')],
  ['compacted', compact, forgetOpIds],
];

/** The longest slice of own work while a brane of 100,000 objects is joined, checkpointed and compacted. */
export function eventLoop(say: (text: string) => void): Promise<readonly Figure[]> {
  return inFolder(async (path) => {
    const store = await openLmdbStore({ path, environment });
    const committer = createCommitter({ store, publish: () => undefined, environment, writerId: 'bench' });
    try {
      const actor: Actor = { kind: 'user', user_id: asUserId(environment.ids.uuid()) };
      say(`building a brane of ${OBJECTS} objects`);
      const brane = await buildBrane(committer, actor, OBJECTS);
      return await measure({ store, committer, actor, brane }, say);
    } finally {
      await committer.drain();
      await store.close();
    }
  });
}

async function measure(bench: Bench, say: (text: string) => void): Promise<Figure[]> {
  const longest = new Map<string, number[]>();
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const [name, run, prepare] of PHASES) {
      await prepare?.(bench);
      const started = performance.now();
      const { report } = await watchLoop(() => run(bench));
      const ms = Math.round(performance.now() - started);
      say(`round ${round} of ${ROUNDS}: ${name}, in ${ms} ms\n${describeLoop(report)}`);
      longest.set(name, [...(longest.get(name) ?? []), report.longestOwn]);
    }
  }
  return [...longest].map(([name, ours]) => ({
    name: `Longest slice of own work while a brane of ${OBJECTS} objects is ${name}`,
    unit: 'ms',
    peer: 'what may be',
    ours,
    theirs: ours.map(() => BOUND_MS),
  }));
}

async function checkpoint({ store, brane }: Bench): Promise<void> {
  const outcome = await buildCheckpoint({ store, environment }, brane.id, { force: true });
  if (outcome.kind !== 'built') throw new Error(`the checkpoint came to nothing: ${outcome.kind}`);
}

async function forgetCheckpoint({ store, brane }: Bench): Promise<void> {
  await store.transact({ label: 'bench' }, async (tx) => {
    tx.delete('checkpoints', [brane.id]);
    return Promise.resolve();
  });
}

async function editAll({ committer, actor, brane }: Bench, count: number): Promise<void> {
  for (let done = 0; done < count; done += 100) {
    const edits = Array.from({ length: 100 }, () => {
      const id = brane.blocks[Math.floor(environment.random.next() * brane.blocks.length)] ?? brane.id;
      const ops = [{ op: 'update', id, set: { '/name': `edited ${done}` } } as const];
      return committer.edit({ brane_id: brane.id, actor, op_id: asOpId(environment.ids.uuid()), ops });
    });
    await Promise.all(edits);
  }
}

async function forgetOpIds({ committer, brane }: Bench): Promise<void> {
  while ((await committer.forget(brane.id, new Date().toISOString(), 200)) > 0);
}

async function compact({ committer, brane }: Bench): Promise<void> {
  while ((await committer.trim(brane.id, new Date().toISOString(), 200)).more);
}

/** Until everything has been handed to a socket that takes all it gets. */
async function join({ store, actor, brane }: Bench, format: WireFormat): Promise<void> {
  const hub = createMemoryHub();
  const gateway = createGateway({
    source: storeLogSource(store, environment),
    committer: { edit: refuse, undo: refuse, redo: refuse },
    bus: hub.connect(),
    authenticate: () =>
      Promise.resolve({
        user_id: actor.user_id,
        session_id: 'bench',
        name: 'bench',
        expires_at: environment.clock.now() + 3_600_000,
      }),
    revocations: { isRevoked: () => false, onRevoked: () => () => undefined },
    environment,
  });
  await joined(gateway, brane.id, format);
  await gateway.drain();
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('nobody edits here'));
}

async function joined(gateway: Gateway, braneId: BraneId, format: WireFormat): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const connection = gateway.open(
      {
        bufferedBytes: 0,
        close: (code, reason) => reject(new Error(`closed: ${code} ${reason}`)),
        send: (data) => {
          // A part of the snapshot is not looked into: that would be a client's work. The end may share a message with one.
          if (data.length > 10_000) {
            if (Buffer.from(data.slice(-300)).includes('brane.synced')) resolve();
            return;
          }
          for (const frame of splitFrames(data) as { readonly type: string }[]) {
            if (frame.type === 'session.welcome')
              connection.message(encodeFrame({ type: 'brane.join', brane_id: braneId }, format));
            if (frame.type === 'system.error') reject(new Error(JSON.stringify(frame)));
            if (frame.type === 'brane.synced') resolve();
          }
        },
      },
      { format, address: '127.0.0.1' },
    );
    const client = { name: 'bench', version: '1', protocol: PROTOCOL_VERSION };
    connection.message(encodeFrame({ type: 'session.hello', token: 'bench', client }, format));
  });
}
