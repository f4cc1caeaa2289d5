import type { BraneMeta, BraneSettings, Restrictions } from './entities';
import type { UserId } from './ids';
import { LIMITS } from './limits';
import type { BraneChange, BraneOp, RestrictionsChange, SettingsChange } from './ops';
import { isPicture, PICTURE_CHARS } from './picture';
import { ok, refuse, type Result } from './refusal';
import { isText } from './values';

/** Bounds of what is said of a brane. */
export const BRANE_LIMITS = {
  description_chars: 2_000,
  tags_per_brane: 20,
  tag_chars: 40,
  picture_chars: PICTURE_CHARS,
  history_days: 36_500,
  people_max: 100_000,
  /** Banned people of a brane; muted ones may be as many again. */
  restrictions: 500,
  kicks_kept: 20,
} as const;

/**
 * The op that a wanted change becomes, as the brane is now. Setting what is so already is allowed: an archived brane that
 * is archived again keeps its day.
 */
export function changeBrane(
  meta: Pick<BraneMeta, 'settings' | 'archived_at' | 'bans' | 'mutes' | 'kicks'>,
  change: BraneChange,
  at: string,
): Result<BraneOp> {
  if (change.op !== 'set_brane') return ok(change);
  const { name, visibility, settings, archived, forked_from, kick } = change;
  const bans = change.bans && restricted(meta.bans, change.bans);
  const mutes = change.mutes && restricted(meta.mutes, change.mutes);
  const problem =
    nameProblem(name) ??
    (settings && settingsProblem(settings)) ??
    tooMany('/bans', bans, meta.bans) ??
    tooMany('/mutes', mutes, meta.mutes);
  if (problem) {
    const { code, why, pointer, max } = problem;
    return refuse(code, why, max === undefined ? { pointer } : { pointer, max });
  }
  return ok({
    op: 'set_brane',
    ...(name === undefined ? {} : { name }),
    ...(visibility === undefined ? {} : { visibility }),
    ...(settings && { settings: merged(meta.settings, settings) }),
    ...(forked_from && { forked_from }),
    ...(archived === undefined ? {} : { archived_at: archived ? (meta.archived_at ?? at) : null }),
    ...(bans && { bans }),
    ...(mutes && { mutes }),
    ...(change.company === undefined ? {} : { company: change.company }),
    ...(kick && { kicks: withKick(meta.kicks, kick, at) }),
  });
}

interface Problem {
  readonly code: 'field.invalid' | 'field.too_large';
  readonly pointer: string;
  readonly why: string;
  readonly max?: number;
}

function nameProblem(name: string | undefined): Problem | undefined {
  return name === undefined ? undefined : textProblem('/name', name, LIMITS.name_chars);
}

function settingsProblem(settings: SettingsChange): Problem | undefined {
  const { description, tags, thumbnail, history_days: days, people_max: people } = settings;
  if (typeof people === 'number' && !(Number.isSafeInteger(people) && people > 0)) {
    return invalid('/settings/people_max', 'people are a whole number, one or more');
  }
  if (typeof people === 'number' && people > BRANE_LIMITS.people_max) {
    return tooLarge('/settings/people_max', BRANE_LIMITS.people_max);
  }
  if (typeof description === 'string') {
    const problem = textProblem('/settings/description', description, BRANE_LIMITS.description_chars);
    if (problem) return problem;
  }
  if (tags) {
    const problem = tagsProblem(tags);
    if (problem) return problem;
  }
  if (typeof thumbnail === 'string' && !isPicture(thumbnail)) {
    return invalid('/settings/thumbnail', 'a thumbnail is an https URL or the id of an asset');
  }
  if (typeof days === 'number' && !(Number.isSafeInteger(days) && days >= 0)) {
    return invalid('/settings/history_days', 'days are a whole number, 0 for ever');
  }
  return typeof days === 'number' && days > BRANE_LIMITS.history_days
    ? tooLarge('/settings/history_days', BRANE_LIMITS.history_days)
    : undefined;
}

function tagsProblem(tags: readonly string[]): Problem | undefined {
  const pointer = '/settings/tags';
  if (tags.length > BRANE_LIMITS.tags_per_brane) return tooLarge(pointer, BRANE_LIMITS.tags_per_brane);
  if (new Set(tags).size < tags.length) return invalid(pointer, 'each tag stands once');
  for (const [index, tag] of tags.entries()) {
    const at = `${pointer}/${index}`;
    if (tag.trim() === '') return invalid(at, 'a tag says something');
    const problem = textProblem(at, tag, BRANE_LIMITS.tag_chars);
    if (problem) return problem;
  }
  return undefined;
}

function textProblem(pointer: string, text: string, max: number): Problem | undefined {
  if (!isText(text)) return invalid(pointer, 'text must be well-formed Unicode');
  return Array.from(text).length > max ? tooLarge(pointer, max) : undefined;
}

function invalid(pointer: string, why: string): Problem {
  return { code: 'field.invalid', pointer, why };
}

function tooLarge(pointer: string, max: number): Problem {
  return { code: 'field.too_large', pointer, why: `${pointer} holds at most ${max}`, max };
}

/** The whole of the settings: the log holds facts, not wishes. */
function merged(before: BraneSettings | undefined, change: SettingsChange): BraneSettings {
  const entries: [string, unknown][] = Object.entries({ ...before, ...change });
  return Object.fromEntries(entries.filter(([, value]) => value !== null && value !== undefined));
}

function restricted(before: Restrictions | undefined, change: RestrictionsChange): Restrictions {
  const after: Record<string, string | null> = {};
  for (const [id, until] of Object.entries({ ...before, ...change })) if (until !== false) after[id] = until;
  return after;
}

/** One too many may still be lifted, so only what grows is refused. */
function tooMany(pointer: string, after?: Restrictions, before?: Restrictions): Problem | undefined {
  const count = Object.keys(after ?? {}).length;
  const grows = count > Object.keys(before ?? {}).length;
  return grows && count > BRANE_LIMITS.restrictions
    ? tooLarge(pointer, BRANE_LIMITS.restrictions)
    : undefined;
}

/** The newest come last, and the oldest go. */
function withKick(before: BraneMeta['kicks'], userId: UserId, at: string): Record<UserId, string> {
  const others = Object.entries(before ?? {}).filter(([id]) => id !== userId);
  const kept: [string, string][] = [...others, [userId, at]];
  return Object.fromEntries(kept.slice(-BRANE_LIMITS.kicks_kept));
}
