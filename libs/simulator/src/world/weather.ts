/** What may go wrong at the moment; set by the faults, read by store, bus and network. */
export interface Weather {
  store: {
    away: boolean;
    /** Of a read that takes an event of its own, and of a commit that takes long. */
    slow: number;
    slowMs: number;
    conflict: number;
    unknown: number;
  };
  bus: { lost: number; doubled: number; delayMs: number; subscribeMs: number };
  net: { latencyMs: number; lostRequests: number };
  authAway: boolean;
}

export function fairWeather(): Weather {
  return {
    store: { away: false, slow: 0.02, slowMs: 4, conflict: 0, unknown: 0 },
    bus: { lost: 0, doubled: 0, delayMs: 2, subscribeMs: 6 },
    net: { latencyMs: 8, lostRequests: 0 },
    authAway: false,
  };
}
