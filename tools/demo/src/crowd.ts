import { type ClientOptions, createClient } from '@state-server/client';
import type { BraneId, Random, UserId } from '@state-server/domain';
import { Latencies } from '@state-server/testing';
import { act, type Actor } from './actor';

export interface CrowdReport {
  readonly edits: number;
  readonly refused: number;
  readonly overwritten: number;
  readonly reconnects: number;
  readonly rejoins: number;
  readonly seconds: number;
  readonly latencies: Latencies;
}

export interface CrowdOptions {
  readonly braneId: BraneId;
  readonly count: number;
  readonly seconds: number;
  /** Edits per second of each. */
  readonly rate: number;
  readonly random: Random;
  readonly client: ClientOptions;
  readonly invite: (user: UserId) => Promise<void>;
}

/** Many SDK clients in one brane. */
export class Crowd {
  readonly actors: Actor[] = [];
  private readonly latencies = new Latencies();
  private readonly sentAt = new Map<string, number>();
  private sessions = 0;

  constructor(private readonly options: CrowdOptions) {}

  async join(progress: (joined: number) => void): Promise<void> {
    for (let index = 0; index < this.options.count; index += 1) {
      const name = `Citizen ${index + 1}`;
      const client = createClient({ ...this.options.client, format: index % 5 === 4 ? 'json' : 'cbor' });
      client.events.on('connection', (status) => {
        if (status.state === 'open') this.sessions += 1;
      });
      const user = await client.signInDev(name);
      await this.options.invite(user.id as UserId);
      const brane = await client.join(this.options.braneId);
      const actor: Actor = { name, client, brane, stats: { edits: 0, refused: 0, overwritten: 0 } };
      brane.events.on('refused', () => (actor.stats.refused += 1));
      brane.events.on('overwritten', () => (actor.stats.overwritten += 1));
      brane.events.on('entry', ({ opId, own }) => {
        const sent = this.sentAt.get(opId);
        if (sent !== undefined && !own) this.latencies.add(performance.now() - sent);
      });
      this.actors.push(actor);
      progress(this.actors.length);
    }
  }

  /** Everybody acts at his own, slightly irregular pace until the time is over. */
  async live(tick: (secondsLeft: number, edits: number) => void): Promise<void> {
    const { seconds, rate, random } = this.options;
    const end = performance.now() + seconds * 1_000;
    const lives = this.actors.map(async (actor) => {
      while (performance.now() < end) {
        const opId = act(actor, random);
        if (opId !== undefined) this.sentAt.set(opId, performance.now());
        await pause((0.5 + random.next()) * (1_000 / rate));
      }
    });
    const clock = setInterval(() => tick((end - performance.now()) / 1_000, this.edits()), 250);
    await Promise.all(lives);
    clearInterval(clock);
  }

  /** Waits until nothing is on its way any more and everybody has seen the same last entry. */
  async settle(deadlineMs: number): Promise<boolean> {
    const end = performance.now() + deadlineMs;
    const settled = (): boolean => {
      const heads = new Set(
        this.actors.map(({ brane }) => `${brane.position?.epoch} ${brane.position?.seq}`),
      );
      return heads.size === 1 && this.actors.every(({ brane }) => brane.live && brane.saveState.saved);
    };
    while (!settled() && performance.now() < end) await pause(20);
    return settled();
  }

  report(): CrowdReport {
    const sum = (pick: (actor: Actor) => number): number =>
      this.actors.reduce((all, actor) => all + pick(actor), 0);
    return {
      edits: this.edits(),
      refused: sum((actor) => actor.stats.refused),
      overwritten: sum((actor) => actor.stats.overwritten),
      reconnects: this.sessions - this.actors.length,
      rejoins: sum((actor) => actor.brane.stats.rejoins),
      seconds: this.options.seconds,
      latencies: this.latencies,
    };
  }

  close(): void {
    for (const { client } of this.actors) client.close();
  }

  private edits(): number {
    return this.actors.reduce((all, actor) => all + actor.stats.edits, 0);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
