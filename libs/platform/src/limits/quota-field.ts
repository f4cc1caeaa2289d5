import type { Quota } from '@state-server/limits-port';
import { type Field, field } from '../config/field';

const FORM = /^(\d{1,9})\/(\d{1,5})$/;
const MAX_SECONDS = 86_400;

/** A quota as `points/seconds`: `6000/60`. */
export function quota(options: { readonly description: string; readonly default: string }): Field<Quota> {
  const parse = (text: string): Quota | undefined => {
    const [, points, seconds] = (FORM.exec(text) ?? []).map(Number);
    if (points === undefined || seconds === undefined) return undefined;
    return points > 0 && seconds > 0 && seconds <= MAX_SECONDS
      ? Object.freeze({ points, seconds })
      : undefined;
  };
  return field(parse, `must be points/seconds, such as 600/60 (at most ${MAX_SECONDS} seconds)`, options);
}
