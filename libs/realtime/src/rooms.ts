import { type BraneMessage, decodeHeads } from '@state-server/commit';
import type { BraneId } from '@state-server/domain';
import { channels, type Subscription } from '@state-server/messaging-port';
import { Room, type RoomDeps } from './room';

/** Heads in one read of the store. */
const HEADS_PER_READ = 500;

/** All open branes of one gateway, and the watch over their heads (SYNC R5, F2). */
export class Rooms {
  private readonly rooms = new Map<BraneId, Room>();
  private readonly heads: Promise<Subscription>;
  private readonly stopListening: () => void;
  private polling = false;
  private pollAll = false;

  constructor(private readonly deps: Omit<RoomDeps, 'onIdle'>) {
    const { bus } = deps;
    this.heads = bus.subscribe(channels.heads, (payload) => {
      for (const head of decodeHeads(payload)) this.rooms.get(head.brane_id)?.notice(head);
    });
    this.stopListening = bus.onConnection((connected) => this.linkChanged(connected));
  }

  get size(): number {
    return this.rooms.size;
  }

  get seats(): number {
    let seats = 0;
    for (const room of this.rooms.values()) seats += room.size;
    return seats;
  }

  /** The brane's room, opened by the first who asks. */
  enter(braneId: BraneId): Room {
    const present = this.rooms.get(braneId);
    if (present) return present;
    const room = new Room(braneId, { ...this.deps, onIdle: (idle) => this.close(idle) });
    this.rooms.set(braneId, room);
    // Everybody who waits for it hears the reason; the next one tries again.
    room.opened.catch(() => this.close(room));
    return room;
  }

  find(braneId: BraneId): Room | undefined {
    return this.rooms.get(braneId);
  }

  deliver(braneId: BraneId, messages: readonly BraneMessage[]): void {
    const room = this.rooms.get(braneId);
    if (room) for (const message of messages) room.receive(message);
  }

  /** To be called every `beat_ms`. */
  beat(): void {
    for (const room of this.rooms.values()) room.presence.sweep();
    this.poll(!this.deps.bus.connected);
  }

  async stop(): Promise<void> {
    this.stopListening();
    for (const room of [...this.rooms.values()]) this.close(room);
    const subscription = await this.heads;
    await subscription.unsubscribe();
  }

  private close(room: Room): void {
    if (this.rooms.get(room.braneId) === room) this.rooms.delete(room.braneId);
    room.close();
  }

  private linkChanged(connected: boolean): void {
    if (connected) for (const room of this.rooms.values()) room.presence.introduce();
    this.poll(true);
  }

  /** Reads the heads of all branes, or of those that need it; one round at a time. */
  private poll(all: boolean): void {
    this.pollAll ||= all;
    if (this.polling) return;
    const due = [...this.rooms.values()].filter((room) => this.pollAll || room.isHeadDue);
    this.pollAll = false;
    if (due.length === 0) return;
    this.polling = true;
    void this.readHeads(due).finally(() => {
      this.polling = false;
      if (this.pollAll) this.poll(true);
    });
  }

  private async readHeads(rooms: readonly Room[]): Promise<void> {
    try {
      for (let start = 0; start < rooms.length; start += HEADS_PER_READ) {
        const some = rooms.slice(start, start + HEADS_PER_READ);
        const heads = await this.deps.source.heads(some.map((room) => room.braneId));
        some.forEach((room, index) => room.headRead(heads[index]));
      }
    } catch (error) {
      this.deps.log('warn', 'realtime.heads.unreadable', { err: error });
    }
  }
}
