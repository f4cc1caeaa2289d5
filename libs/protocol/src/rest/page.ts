import * as z from 'zod/mini';

/** Items of a page. */
export const PAGE = { default: 50, max: 200 } as const;

/** Query parameters are text: a decimal integer within bounds. */
export function integerParameter(min: number, max: number) {
  return z.pipe(
    z.pipe(
      z.string().check(z.regex(/^(0|[1-9][0-9]{0,15})$/, 'must be a decimal integer')),
      z.transform(Number),
    ),
    z.int().check(z.gte(min), z.lte(max)),
  );
}

export const limit = z._default(integerParameter(1, PAGE.max), PAGE.default);
/** Opaque: what `next_cursor` said. */
export const cursor = z.exactOptional(z.string().check(z.minLength(1), z.maxLength(1024)));

export const pageQuery = z.strictObject({ limit, cursor });

/** `next_cursor` is null on the last page. */
export function pageOf<Item extends z.core.$ZodType>(item: Item) {
  return z.object({ items: z.array(item), next_cursor: z.nullable(z.string()) });
}
