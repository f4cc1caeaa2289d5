import { LIMITS, PROTOTYPE_LIMITS } from '@state-server/domain';
import { MAX_CLIENT_MESSAGE_BYTES } from '@state-server/protocol';

/** Bounds and times of the engine; the unit is part of each name. */
export const DEFAULT_LIMITS = {
  /** From the connection to a `session.hello`. */
  hello_ms: 5_000,
  /** A client pings at least that often. */
  heartbeat_ms: 15_000,
  /** Nothing heard for so long: the client is taken for dead. */
  silence_ms: 40_000,
  /** A session may live so much longer than its token. */
  refresh_grace_ms: 30_000,
  frame_bytes: MAX_CLIENT_MESSAGE_BYTES,
  frames_per_second: 200,
  frames_burst: 400,
  edits_per_second: 100,
  edits_burst: 300,
  /** Of all sessions of a user, of all from one address, and of all in one brane; three times as many at once. */
  edits_per_second_user: 500,
  edits_per_second_address: 5_000,
  edits_per_second_brane: 5_000,
  /** Frames over the rate that are answered, within a minute, before the connection is closed. */
  frames_refused: 1_000,
  /** Frames that cannot be read and are answered, within a minute, before the connection is closed. */
  frames_spoiled: 200,
  /** Messages that may come in while the token is being checked. */
  frames_before_welcome: 32,
  sessions_per_user: 64,
  /** Connections of one address, signed in or not, and sessions in one brane. */
  sessions_per_address: 5_000,
  sessions_per_brane: 5_000,
  branes_per_session: 16,
  /** Edits of one session in one brane that wait for those before them. */
  edits_waiting: 1_000,
  /** Of those, handed to the write path at a time. */
  edits_per_batch: 64,

  /** Between two writes to a socket under load; an idle one is written to at once. */
  tick_ms: 10,
  /** While no more sockets are busy, they are not made to wait for the tick. */
  few_sockets: 32,
  /** Written as one WebSocket message at most, a larger frame apart. */
  write_bytes: 262_144,
  /** Buffered in a socket before nothing more is written to it. */
  socket_bytes: 262_144,
  /** Queued for a socket before its branes are switched to catching up. */
  outbox_bytes: 262_144,
  /** Queued beyond all thinning: the socket is closed. More than a part of a snapshot and what goes before it. */
  outbox_most_bytes: 1_048_576,
  /** A socket that takes nothing for so long is closed. */
  stuck_ms: 15_000,

  /** A hole waits so long for the message that is merely late (SYNC R5). */
  hole_ms: 20,
  /** Messages ahead of a hole that are kept. */
  held_entries: 4_096,
  /** Between looks at heads while the bus is away (SYNC F2), and between looks at sessions. */
  beat_ms: 500,
  /** Between looks at the heads of all branes (SYNC R5). */
  heads_ms: 60_000,
  /** A writer announces a head every second for so long after it advanced (SYNC R5) … */
  writer_announces_ms: 10_000,
  /** … so when nothing is heard for so long, it may have died. */
  writer_silence_ms: 2_500,
  /** An empty room stays open so long. */
  room_linger_ms: 10_000,

  /** The newest entries of a room, kept for whoever joins or catches up. */
  tail_entries: 1_024,
  tail_bytes: 1_048_576,
  /** Read from the log at a time. */
  log_page_entries: 200,
  log_page_bytes: 262_144,
  /** Pages of all branes together, kept for others who come the same way. */
  log_cache_bytes: 16_777_216,
  /** Further behind than this a client that joins gets a snapshot … */
  replay_entries: 5_000,
  replay_bytes: 8_388_608,
  /** … and one that is here already and slow. */
  catch_up_entries: 20_000,
  /** Joiners share a snapshot while the log behind it is no longer (SYNC R2). */
  snapshot_shared_entries: 2_000,
  /** Between two looks for a newer checkpoint when the log behind a snapshot is longer than that. */
  checkpoint_look_ms: 1_000,
  /** Encoded snapshots of all branes together. */
  snapshot_cache_bytes: 134_217_728,

  /** Between two presence updates of a brane. */
  presence_tick_ms: 50,
  /** Presence is dead so long after it was last said (SYNC R6). */
  presence_ttl_ms: 10_000,
  presence_bytes: 4_096,

  /** Edits in flight may finish so long when the gateway drains. */
  drain_edits_ms: 2_000,
  /** Then sockets may take so long for what they still have to read. */
  drain_flush_ms: 1_000,
  /** Clients come back spread over this time. */
  reconnect_spread_ms: 2_000,
} as const;

export type RealtimeLimits = { readonly [Name in keyof typeof DEFAULT_LIMITS]: number };

/** What `session.welcome` tells of them, besides the limits of the domain. */
export function limitsForClients(limits: RealtimeLimits): Record<string, number> {
  return {
    ...LIMITS,
    ...PROTOTYPE_LIMITS,
    frame_bytes: limits.frame_bytes,
    frames_per_second: limits.frames_per_second,
    edits_per_second: limits.edits_per_second,
    branes_per_session: limits.branes_per_session,
    sessions_per_user: limits.sessions_per_user,
    presence_bytes: limits.presence_bytes,
    replay_entries: limits.replay_entries,
  };
}
