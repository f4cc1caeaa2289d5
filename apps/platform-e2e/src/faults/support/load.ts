import { asBraneId, type BraneId } from '@state-server/domain';
import { differences, seededRandom, until } from '@state-server/testing';
import { Editor } from './editor';
import { type FaultSystem } from './fault-system';
import { Ledger } from './ledger';
import { logFaults, readLog } from './log-checks';
import { Readiness } from './readiness';
import { type FaultReport, say } from './report';

export interface LoadOptions {
  /** Default 1; every editor is in each of them. */
  readonly branes?: number;
  /** Default 4; by turns on the two gateways. */
  readonly editors?: number;
  /** Edits per second of each editor, over all its branes; default 10. */
  readonly rate?: number;
  /**
   * `gateways`: each editor stays with its gateway (default), so that it is known who is where; `origin`: it is led to
   * one anew at each connection, as users are.
   */
  readonly via?: 'gateways' | 'origin';
  readonly seed?: number;
  /** Only the first so many edit, the others look on; default all. With one, no gateway but his meets new entries by its own commits. */
  readonly writers?: number;
}

export interface FinishOptions {
  /** Said in the line that is printed. */
  readonly fault: string;
  /** What an SDK user may be shown while this fault lasts; everything else fails the test. Default: nothing. */
  readonly tolerates?: (complaint: string) => boolean;
  /** Refusals of edits that this fault may cause, by code; default none. */
  readonly refusals?: readonly string[];
  /** More to look at once all is quiet, before the clients go; answers what is wrong. */
  readonly check?: () => Promise<readonly string[]>;
  /** How long everything may take until it is well again, ms; default 30,000. */
  readonly withinMs?: number;
}

const open = new Set<Load>();

/** SDK users on two gateways who edit all the time, and what became of each of their edits. */
export class Load {
  readonly ledger = new Ledger();
  readonly editors: Editor[] = [];
  readonly branes: BraneId[] = [];
  private readonly readiness: Readiness;
  private timers: NodeJS.Timeout[] = [];
  private markedAt = performance.now();

  private constructor(
    readonly system: FaultSystem,
    private readonly options: LoadOptions,
  ) {
    this.readiness = new Readiness(system);
  }

  /** Resolves when all have joined, edit, and have seen each other's edits. */
  static async start(system: FaultSystem, options: LoadOptions = {}): Promise<Load> {
    const load = new Load(system, options);
    open.add(load);
    try {
      await load.gather();
      load.resume();
      load.mark();
      await load.flows();
    } catch (error) {
      load.close();
      throw error;
    }
    return load;
  }

  /** A fault begins (or ends) now: times are counted from here. */
  mark(): void {
    this.markedAt = performance.now();
    this.readiness.start();
  }

  /**
   * Waits until every editor has made an edit after the mark that is acknowledged, and that all others in the brane have
   * seen. Answers how long after the mark that was, ms.
   */
  async flows(withinMs = 30_000): Promise<number> {
    await until(() => this.stuck().length === 0, { timeoutMs: withinMs, everyMs: 20 }).catch(() => {
      throw new Error(`edits do not flow again: ${this.stuck().join(', ')}`);
    });
    const times = this.writers.map((_, index) => this.ledger.flowedAgain(index, this.markedAt) ?? Infinity);
    return Math.max(...times) - this.markedAt;
  }

  /** Editors stop to edit; what they have made still goes its way. */
  pause(): void {
    for (const timer of this.timers.splice(0)) clearTimeout(timer);
  }

  resume(): void {
    this.pause();
    const { rate = 10, seed = 1 } = this.options;
    const random = seededRandom(seed);
    for (const [index, editor] of this.writers.entries()) {
      let turn = index;
      const next = (): void => {
        const brane = this.branes[turn % this.branes.length];
        turn += 1;
        if (brane) editor.act(brane);
        this.timers[index] = setTimeout(next, ((0.5 + random.next()) * 1_000) / rate);
      };
      this.timers[index] = setTimeout(next, (random.next() * 1_000) / rate);
    }
  }

  /**
   * The end of every fault: edits flow, services are ready, every acknowledged edit is in the log exactly once and where
   * it was said to be, seqs are gapless, every client has what is stored. Prints one line; throws what is not so.
   */
  async finish(options: FinishOptions): Promise<FaultReport> {
    const { withinMs = 30_000 } = options;
    try {
      const flowMs = await this.flows(withinMs);
      const readyMs = await this.ready(withinMs);
      this.pause();
      await this.settle(withinMs);
      const faults = [
        ...(await this.compare()),
        ...this.unwanted(options),
        ...((await options.check?.()) ?? []),
      ];
      if (faults.length > 0) {
        throw new Error(`after '${options.fault}':\n${faults.slice(0, 20).join('\n')}`);
      }
      const report = this.report(options.fault, flowMs, readyMs);
      say(report);
      return report;
    } finally {
      this.close();
    }
  }

  /** Those that a failed test has left. */
  static closeAll(): void {
    for (const load of open) load.close();
  }

  close(): void {
    open.delete(this);
    this.pause();
    this.readiness.stop();
    for (const editor of this.editors) editor.close();
  }

  private get writers(): readonly Editor[] {
    return this.editors.slice(0, this.options.writers);
  }

  private async gather(): Promise<void> {
    const { branes = 1, editors = 4, via = 'gateways', seed = 1 } = this.options;
    const [origin, gateways] = [this.system.origin, this.system.gateways.length];
    for (let index = 0; index < editors; index += 1) {
      const editor = new Editor({
        index,
        origin,
        ...(via === 'gateways' ? { webSocketUrl: this.system.gatewaySocket(index % gateways) } : {}),
        format: index % 4 === 3 ? 'json' : 'cbor',
        ledger: this.ledger,
        random: seededRandom(seed * 1_000 + index),
      });
      this.editors.push(editor);
    }
    this.ledger.editors = this.editors.length;
    const [owner, ...guests] = this.editors;
    if (!owner) throw new Error('a load needs editors');
    await owner.signIn();
    const users = await Promise.all(guests.map((guest) => guest.signIn()));
    for (let index = 0; index < branes; index += 1) {
      const { id } = await owner.client.rest.createBrane({ name: `fault ${index}`, visibility: 'private' });
      const brane = asBraneId(id);
      this.branes.push(brane);
      for (const user of users) await owner.client.rest.setMember(brane, user, 'editor');
    }
    for (const brane of this.branes) await Promise.all(this.editors.map((editor) => editor.join(brane)));
  }

  /** Editors of whom no edit made after the mark is acknowledged and seen by all others. */
  private stuck(): string[] {
    return this.writers.flatMap(({ client }, index) =>
      this.ledger.flowedAgain(index, this.markedAt) === undefined
        ? [`editor ${index} (${client.status.state})`]
        : [],
    );
  }

  private async ready(withinMs: number): Promise<number> {
    await this.readiness.nextLook();
    const since = await until(() => this.readiness.readySince, { timeoutMs: withinMs }).catch(async () => {
      throw new Error(`not ready: ${(await this.system.notReady()).join(', ')}`);
    });
    return Math.max(0, since - this.markedAt);
  }

  /** Nothing is on its way any more. */
  private async settle(withinMs: number): Promise<void> {
    const open = (): string[] =>
      this.editors.flatMap((editor, index) =>
        [...editor.branes.values()]
          .filter((brane) => !brane.live || !brane.saveState.saved)
          .map((brane) => `editor ${index} has ${brane.saveState.waiting} edits waiting`),
      );
    await until(() => open().length === 0, { timeoutMs: withinMs }).catch(() => {
      throw new Error(`not everything was saved: ${open().join(', ')}`);
    });
  }

  private async compare(): Promise<string[]> {
    const [owner] = this.editors;
    if (!owner) return [];
    const faults: string[] = [];
    for (const id of this.branes) {
      const stored = await owner.client.rest.snapshot(id);
      await until(() => this.editors.every(({ branes }) => branes.get(id)?.position?.seq === stored.seq), {
        what: `every client to stand at seq ${stored.seq}`,
      });
      for (const [index, editor] of this.editors.entries()) {
        const brane = editor.branes.get(id);
        const found = brane ? differences(stored.objects, brane.confirmed) : ['not joined'];
        faults.push(...found.map((difference) => `editor ${index}: ${difference}`));
      }
      const log = await readLog(owner.client, id);
      if (log.length !== stored.seq) faults.push(`the head says ${stored.seq}, the log has ${log.length}`);
      faults.push(...logFaults(log, this.ledger, id, this.editors.length));
    }
    return faults;
  }

  private unwanted({ refusals = [], tolerates = () => false }: FinishOptions): string[] {
    return [
      ...this.ledger.complaints.filter((complaint) => !tolerates(complaint)),
      ...this.ledger.refused
        .filter(({ outcome }) => !refusals.includes(outcome.code))
        .map(({ opId, outcome }) => `op ${opId} was refused: ${outcome.code}`),
    ];
  }

  private report(fault: string, flowMs: number, readyMs: number): FaultReport {
    const latencies = this.ledger.peerLatencies(this.markedAt);
    return {
      fault,
      flowMs,
      readyMs,
      acknowledged: this.ledger.acknowledged.length,
      refused: this.ledger.refused.length,
      reconnects: this.editors.reduce((sum, editor) => sum + editor.sessionIds.length - 1, 0),
      peerP50Ms: latencies.percentile(0.5),
      peerP99Ms: latencies.percentile(0.99),
    };
  }
}
