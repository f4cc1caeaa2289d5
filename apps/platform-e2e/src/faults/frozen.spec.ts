import { setTimeout as sleep } from 'node:timers/promises';
import { asBraneId, asObjectId, asOpId } from '@state-server/domain';
import { createClient } from '@state-server/client';
import { seededRandom, until } from '@state-server/testing';
import { WebSocket } from 'ws';
import { pauseOf, supervisorOf } from './frozen.faults';
import { FaultSystem } from './support/fault-system';
import { FrameSocket } from './support/frame-socket';
import { Load } from './support/load';
import { readLog } from './support/log-checks';
import { tokenOf } from './support/token';

/** STORES: on the embedded store a frozen process may hold the writer lock of all. */
const RECOVERY_MS = 10_000;

describe('a frozen process', () => {
  let system: FaultSystem;
  beforeAll(async () => {
    const unlimited = { EDITS_PER_SECOND: '100000', FRAMES_PER_SECOND: '100000' };
    system = await FaultSystem.start({ settings: { 'sync-gateway-1': unlimited } });
  });
  afterAll(() => system.stop());

  it('inside the writer lock of all is ended and started again; everybody edits and is served within 10 s (F3)', async () => {
    const owner = createClient({ origin: system.origin, WebSocket, name: 'e2e' });
    await owner.signInDev('Lock owner');
    const { id } = await owner.rest.createBrane({ name: 'busy' });
    const load = await Load.start(system, { via: 'origin' });
    const flood = await Flood.start(system.gatewaySocket(0), await tokenOf(system.origin, 'Lock owner'), id);
    const writes = (): Promise<boolean> =>
      Promise.race([
        owner.rest.renameBrane(id, crypto.randomUUID()).then(() => true),
        sleep(800).then(() => false),
      ]);
    let [tries, pid] = [0, 0];
    for (let isStuck = false; !isStuck; tries += 1) {
      load.mark();
      pid = await system.signal('sync-gateway-1', 'SIGSTOP');
      isStuck = !(await writes());
      if (!isStuck) process.kill(pid, 'SIGCONT');
      if (!isStuck) await flood.goesOn();
    }
    await until(() => system.service('sync-gateway-1').pid !== pid, { timeoutMs: RECOVERY_MS });
    flood.stop();
    const { flowMs } = await load.finish({
      fault: `sync-gateway-1 frozen inside the writer lock (try ${tries})`,
    });
    expect(flowMs).toBeLessThanOrEqual(RECOVERY_MS);
    owner.close();
  });

  it('a gateway that is resumed in time goes on: nothing lost, doubled, or refused and done all the same (I1, I2)', async () => {
    const load = await Load.start(system, { rate: 30 });
    load.mark();
    const fault = pauseOf('sync-gateway-1');
    await fault.run({ system, load, random: seededRandom(1), holdMs: 0 });
    await load.finish({ fault: fault.name });
  });

  it('commits nothing, when it is resumed, that its client was told is refused (I2)', async () => {
    const owner = createClient({ origin: system.origin, WebSocket, name: 'e2e' });
    await owner.signInDev('Owner');
    const { id } = await owner.rest.createBrane({ name: 'frozen' });
    const braneId = asBraneId(id);
    const block = asObjectId(crypto.randomUUID());
    await owner.rest.edit(braneId, [
      { op: 'create', object: { kind: 'block', id: block, parent_id: asObjectId(braneId) } },
    ]);
    const token = await tokenOf(system.origin, 'Owner');
    const [frozen, other] = [
      await FrameSocket.session(system.gatewaySocket(0), token),
      await FrameSocket.session(system.gatewaySocket(1), token),
    ];
    for (const socket of [frozen, other]) {
      socket.send({ type: 'brane.join', brane_id: braneId });
      await socket.next('brane.synced');
    }

    // The supervisor is to look away for as long as this takes.
    const supervisor = supervisorOf(system);
    process.kill(supervisor, 'SIGSTOP');
    const pid = await system.signal('sync-gateway-1', 'SIGSTOP');
    const opId = asOpId(crypto.randomUUID());
    const edit = {
      type: 'brane.edit',
      brane_id: braneId,
      op_id: opId,
      ops: [{ op: 'update', id: block, set: { '/name': 'from the frozen gateway' } }],
    };
    const marker = asOpId(crypto.randomUUID());
    try {
      frozen.send({ ...edit, client_seq: 1, id: 'first' });
      const deletion = await owner.rest.edit(braneId, [{ op: 'delete', id: block }]);
      other.send({ ...edit, client_seq: 1, id: 'again', again: true });
      expect(await other.next('system.error')).toMatchObject({
        code: 'object.not_found',
        in_reply_to: 'again',
      });
      // From here on the edit would be possible again.
      await owner.rest.undo(braneId, deletion.op_id);
      // Comes after it on the same socket: when this is in the log, that was decided.
      frozen.send({
        ...edit,
        op_id: marker,
        client_seq: 2,
        ops: [{ op: 'update', id: block, set: { '/name': 'after it' } }],
      });
    } finally {
      process.kill(pid, 'SIGCONT');
      process.kill(supervisor, 'SIGCONT');
    }
    expect(await frozen.next('system.error')).toMatchObject({
      code: 'object.not_found',
      in_reply_to: 'first',
    });
    const log = await until(async () => {
      const entries = await readLog(owner, braneId);
      return entries.some(({ op_id }) => op_id === marker) && entries;
    });
    expect(system.service('sync-gateway-1').pid).toBe(pid);
    expect(log.map(({ op_id }) => op_id)).not.toContain(opId);
    for (const socket of [frozen, other]) socket.close();
    owner.close();
  });
});

/** One connection that edits as fast as it is answered: its gateway holds the writer lock most of the time. */
class Flood {
  private acks = 0;
  private seq = 0;
  private isOver = false;

  private constructor(
    private readonly socket: FrameSocket,
    private readonly braneId: string,
  ) {}

  static async start(url: string, token: string, braneId: string): Promise<Flood> {
    const socket = await FrameSocket.session(url, token);
    socket.send({ type: 'brane.join', brane_id: braneId });
    await socket.next('brane.synced');
    const flood = new Flood(socket, braneId);
    socket.socket.on('message', () => {
      for (const { type } of socket.frames.splice(0)) if (type === 'brane.ack') flood.answered();
    });
    for (let count = 0; count < 32; count += 1) flood.edit();
    return flood;
  }

  async goesOn(): Promise<void> {
    const before = this.acks;
    await until(() => this.acks > before + 20);
  }

  stop(): void {
    this.isOver = true;
    this.socket.close();
  }

  private answered(): void {
    this.acks += 1;
    if (!this.isOver) this.edit();
  }

  private edit(): void {
    this.seq += 1;
    const set = { '/properties/text': `${this.seq} `.repeat(500) };
    this.socket.send({
      type: 'brane.edit',
      brane_id: this.braneId,
      client_seq: this.seq,
      op_id: crypto.randomUUID(),
      ops: [{ op: 'update', id: this.braneId, set }],
    });
  }
}
