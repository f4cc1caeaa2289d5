import { isUuid } from './ids';

export const PICTURE_CHARS = 2_048;

/** An absolute https URL without credentials in it. */
const URL_FORM = /^https:\/\/[^\s/?#@\\\p{Cc}]+([/?#][^\s\\\p{Cc}]*)?$/u;

/** Where a picture is: an https URL, or the id (UUID) of a model or an asset of this server. */
export function isPicture(value: string): boolean {
  return value.length <= PICTURE_CHARS && (isUuid(value) || URL_FORM.test(value));
}
