/** What a run has met. A simulator that stops meeting one of these has gone blind: the specs look. */
export const COUNTED = [
  'actions',
  'edits',
  'edits_saved',
  'edits_refused',
  'refused_here',
  'commits',
  'entries',
  'conflicts',
  'injected_conflicts',
  'unknown_outcomes',
  'unknown_but_durable',
  'late_durable',
  'turns',
  'group_commits',
  'store_away',
  'clock_skews',
  'crashes',
  'crashes_in_commit',
  'crashes_before_publish',
  'restarts',
  'freezes',
  'drains',
  'bus_lost',
  'bus_doubled',
  'bus_cut',
  'gap_fills',
  'gap_entries',
  'joins_replay',
  'joins_snapshot',
  'fell_behind',
  'half_open',
  'cuts',
  'slow_readers',
  'offline',
  'resent',
  'too_old',
  'undos',
  'redos',
  'undo_superseded',
  'undo_skipped',
  'rekey_listed',
  'rekey_finished',
  'reaped',
  'forgotten',
  'removed',
  'role_changes',
  'settings_changed',
  'deleted',
  'restored',
  'purged',
  'revoked',
  'tokens_renewed',
  'tabs_killed',
  'clock_jumps',
  'calendar_jumps',
  'rest_calls',
  'rest_lost',
  'snapshots_checked',
  'checkpoints',
  'trimmed',
  'presence_seen',
  'timely_entries',
] as const;

export type Counted = (typeof COUNTED)[number];

export class Coverage {
  private readonly counts = new Map<Counted, number>();

  count(what: Counted, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  of(what: Counted): number {
    return this.counts.get(what) ?? 0;
  }

  add(other: Coverage): void {
    for (const what of COUNTED) this.count(what, other.of(what));
  }

  /** What was never met. */
  blind(): Counted[] {
    return COUNTED.filter((what) => this.of(what) === 0);
  }

  toJSON(): Record<Counted, number> {
    return Object.fromEntries(COUNTED.map((what) => [what, this.of(what)])) as Record<Counted, number>;
  }

  static from(counts: Readonly<Record<string, number>>): Coverage {
    const coverage = new Coverage();
    for (const what of COUNTED) coverage.count(what, counts[what] ?? 0);
    return coverage;
  }
}
