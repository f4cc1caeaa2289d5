import { identify, type ProcessIdentity } from './process-identity';
import { Service, type ServiceEvent, type ServiceSpec } from './service';
import { removeState, writeState } from './state-file';
import { silentServices, sleptSince } from './watchdog';

const POLL_MS = 500;

export interface SupervisorOptions {
  readonly origin: string;
  readonly dataDir: string;
  /** Started stage by stage: each is ready before the next begins. Inside a stage all at once. */
  readonly startOrder: readonly (readonly ServiceSpec[])[];
  /** Names, ended stage by stage; each has ended before the next is asked to. */
  readonly stopOrder: readonly (readonly string[])[];
  readonly onEvent: (event: ServiceEvent) => void;
}

/** Keeps a set of services running, says in the state file which, and ends exactly those. */
export class Supervisor {
  private readonly stages: readonly (readonly Service[])[];
  private readonly answeredAt = new Map<string, number>();
  private watch: NodeJS.Timeout | undefined;
  private lastTick = 0;

  constructor(private readonly options: SupervisorOptions) {
    this.stages = options.startOrder.map((stage) => stage.map((spec) => new Service(spec, this.onEvent)));
  }

  /** @throws StartFailure of the first service that does not become ready; the others are ended before. */
  async start(): Promise<void> {
    try {
      for (const stage of this.stages) await Promise.all(stage.map((service) => service.start()));
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.beginWatch();
  }

  /** Nobody was asked while the last of them started: that silence is not theirs. */
  private beginWatch(): void {
    this.lastTick = performance.now();
    for (const { spec } of this.services) this.answeredAt.set(spec.name, this.lastTick);
    this.watch = setInterval(() => this.tick(), POLL_MS);
  }

  /** Ends everything in order, and waits until it has ended. */
  async stop(): Promise<void> {
    clearInterval(this.watch);
    for (const names of this.options.stopOrder) {
      await Promise.all(
        this.services.filter(({ spec }) => names.includes(spec.name)).map((service) => service.stop()),
      );
    }
    await Promise.all(this.services.map((service) => service.stop()));
    removeState(this.options.dataDir);
  }

  /** For whoever has no patience: SIGKILL to all, no draining. */
  kill(): void {
    for (const service of this.services) service.kill();
  }

  private get services(): readonly Service[] {
    return this.stages.flat();
  }

  private readonly onEvent = (event: ServiceEvent): void => {
    if (event.kind === 'ready') this.answeredAt.set(event.name, performance.now());
    if (event.kind === 'ended' || event.kind === 'silent') this.answeredAt.delete(event.name);
    this.save();
    this.options.onEvent(event);
  };

  private save(): void {
    writeState(this.options.dataDir, {
      origin: this.options.origin,
      supervisor: ownIdentity(),
      services: this.services.map(({ spec, process }) => ({
        name: spec.name,
        url: spec.url,
        ...(spec.metrics === undefined ? {} : { metrics: spec.metrics }),
        process,
      })),
    });
  }

  private tick(): void {
    const now = performance.now();
    const watched = this.services.filter((service) => service.isReady);
    if (sleptSince(this.lastTick, now)) {
      for (const { spec } of watched) this.answeredAt.set(spec.name, now);
    }
    this.lastTick = now;
    for (const service of watched) void this.ask(service);
    const pulses = [...this.answeredAt].map(([name, answeredAt]) => ({ name, answeredAt }));
    const silent = new Set(silentServices(pulses, now, POLL_MS));
    for (const service of watched) if (silent.has(service.spec.name)) service.endSilent();
  }

  private async ask(service: Service): Promise<void> {
    const { process } = service;
    const alive = await service.spec.probe.live();
    // Another incarnation may have come meanwhile; what the former one said is not its word.
    if (alive && service.isReady && service.process?.pid === process?.pid) {
      this.answeredAt.set(service.spec.name, performance.now());
    }
  }
}

function ownIdentity(): ProcessIdentity {
  return identify(process.pid) ?? { pid: process.pid, started: 'unknown' };
}
