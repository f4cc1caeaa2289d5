import type { Value, ValueMap } from './entities';
import { isPicture, PICTURE_CHARS } from './picture';
import { ok, refuse, type Result } from './refusal';
import { checkValue, isText, valueBytes } from './values';

/** Bounds of what a user says of himself. */
export const PROFILE_LIMITS = {
  name_chars: 100,
  picture_chars: PICTURE_CHARS,
  locale_chars: 35,
  settings_keys: 64,
  setting_key_chars: 64,
  /** Of all settings as CBOR. */
  settings_bytes: 16_384,
  setting_depth_levels: 4,
} as const;

/** What a user says of himself; but for the name all of it may be absent. */
export interface Profile {
  readonly name: string;
  /** See `isPicture`. */
  readonly avatar?: string;
  /** BCP 47, in its canonical form. */
  readonly locale?: string;
  /** Of his clients, which alone know what they mean. */
  readonly settings?: ValueMap;
}

/** Null takes a field, or one of the settings, away; what is not named stays. */
export interface ProfileChange {
  readonly name?: string;
  readonly avatar?: string | null;
  readonly locale?: string | null;
  readonly settings?: Readonly<Record<string, Value>> | null;
}

/** The profile after a change. Refuses with `field.invalid` or `field.too_large` and the pointer of the field. */
export function changeProfile(before: Profile, change: ProfileChange): Result<Profile> {
  const name = change.name === undefined ? ok(before.name) : checkName(change.name);
  if (!name.ok) return name;
  const avatar = given(before.avatar, change.avatar, checkAvatar);
  if (!avatar.ok) return avatar;
  const locale = given(before.locale, change.locale, checkLocale);
  if (!locale.ok) return locale;
  const settings = given(before.settings, change.settings, (wanted) =>
    mergeSettings(before.settings, wanted),
  );
  if (!settings.ok) return settings;
  return ok({
    name: name.value,
    ...(avatar.value === undefined ? {} : { avatar: avatar.value }),
    ...(locale.value === undefined ? {} : { locale: locale.value }),
    ...(settings.value && Object.keys(settings.value).length > 0 ? { settings: settings.value } : {}),
  });
}

/** Not named: as it was; null: nothing; otherwise what the check makes of it. */
function given<T, Wanted>(
  before: T | undefined,
  wanted: Wanted | null | undefined,
  check: (wanted: Wanted) => Result<T>,
): Result<T | undefined> {
  if (wanted === undefined) return ok(before);
  return wanted === null ? ok(undefined) : check(wanted);
}

function checkName(name: string): Result<string> {
  if (!isText(name) || name.trim() === '') return invalid('/name', 'a name says something');
  return Array.from(name).length > PROFILE_LIMITS.name_chars
    ? tooLarge('/name', PROFILE_LIMITS.name_chars)
    : ok(name);
}

function checkAvatar(avatar: string): Result<string> {
  return isPicture(avatar)
    ? ok(avatar)
    : invalid('/avatar', 'an avatar is an https URL or the id of a model or an asset');
}

function checkLocale(locale: string): Result<string> {
  const pointer = '/locale';
  if (locale.length > PROFILE_LIMITS.locale_chars) return tooLarge(pointer, PROFILE_LIMITS.locale_chars);
  try {
    const [canonical] = Intl.getCanonicalLocales(locale);
    return canonical === undefined ? invalid(pointer, 'a locale is a language tag') : ok(canonical);
  } catch {
    return invalid(pointer, 'a locale is a language tag as in BCP 47: de-CH, not de_CH');
  }
}

function mergeSettings(
  before: ValueMap | undefined,
  change: Readonly<Record<string, Value>>,
): Result<ValueMap> {
  const pointer = '/settings';
  for (const key of Object.keys(change)) {
    if (key === '' || Array.from(key).length > PROFILE_LIMITS.setting_key_chars) {
      return tooLarge(pointer, PROFILE_LIMITS.setting_key_chars);
    }
  }
  const merged = Object.fromEntries(
    Object.entries({ ...before, ...change }).filter(([, value]) => value !== null),
  );
  if (Object.keys(merged).length > PROFILE_LIMITS.settings_keys) {
    return tooLarge(pointer, PROFILE_LIMITS.settings_keys);
  }
  const checked = checkValue(merged, PROFILE_LIMITS.setting_depth_levels);
  if (!checked.ok) return invalid(pointer, checked.refusal.message);
  return valueBytes(merged) > PROFILE_LIMITS.settings_bytes
    ? tooLarge(pointer, PROFILE_LIMITS.settings_bytes)
    : ok(merged);
}

function invalid(pointer: string, why: string): Result<never> {
  return refuse('field.invalid', why, { pointer });
}

function tooLarge(pointer: string, max: number): Result<never> {
  return refuse('field.too_large', `${pointer} holds at most ${max}`, { pointer, max });
}
