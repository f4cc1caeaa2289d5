import type * as z from 'zod/mini';
import * as page from '../rest/page';
import { prototypeVersionParams } from '../rest/prototype-requests';
import { historyQuery } from '../rest/requests';
import * as ids from '../schema/ids';
import * as values from '../schema/values';

export type JsonSchema = Readonly<Record<string, unknown>>;

const UUID: JsonSchema = { type: 'string', format: 'uuid', description: 'UUID v4, lower case.' };

export const VALUE_SHAPE: JsonSchema = {
  description:
    'What a property may hold. In JSON, bytes travel as {"$bytes": base64} and integers beyond 2^53 as {"$int": "…"}; ' +
    'in CBOR as byte strings and integers. Numbers are finite, and equal by value in both formats.',
  oneOf: [
    { type: ['null', 'boolean', 'number', 'string'] },
    { type: 'array', items: { $ref: '#/components/schemas/Value' } },
    { type: 'object', additionalProperties: { $ref: '#/components/schemas/Value' } },
  ],
};

const MATRIX_SHAPE: JsonSchema = {
  type: 'array',
  items: { type: 'number' },
  minItems: 16,
  maxItems: 16,
  description:
    'A 4×4 matrix, column-major, local to the parent; the translation is at 12, 13, 14. Rounded to float32. ' +
    'In CBOR a float32 typed array (RFC 8746, tag 85) or an array of numbers.',
};

const INTEGER_PARAMETER: JsonSchema = { type: 'integer', minimum: 0 };

/** What JSON Schema cannot see in a schema that checks with a function of its own. */
export const WIRE_SHAPES: ReadonlyMap<z.core.$ZodType, JsonSchema> = new Map<z.core.$ZodType, JsonSchema>([
  [ids.userId, UUID],
  [ids.objectId, UUID],
  [ids.braneId, UUID],
  [ids.prototypeId, UUID],
  [ids.opId, UUID],
  [ids.sessionId, UUID],
  [ids.operationId, UUID],
  [ids.companyId, UUID],
  [
    ids.epoch,
    {
      type: 'string',
      minLength: 1,
      maxLength: 64,
      description: 'Names one continuous log; opaque: only equality counts.',
    },
  ],
  [ids.seq, { description: 'Number of a log entry of a brane, without gaps from 1; 0 is before the first.' }],
  [ids.time, { format: 'date-time' }],
  [values.value, VALUE_SHAPE],
  [values.valueMap, { type: 'object', additionalProperties: { $ref: '#/components/schemas/Value' } }],
  [values.matrix, MATRIX_SHAPE],
  [page.limit, { type: 'integer', minimum: 1, maximum: page.PAGE.max, default: page.PAGE.default }],
  [page.cursor, { description: 'What next_cursor of the page before said; opaque.' }],
  [prototypeVersionParams.shape.version, { ...INTEGER_PARAMETER, minimum: 1 }],
  [historyQuery.shape.after, { ...INTEGER_PARAMETER, description: 'Entries after this seq.' }],
]);
