import { Schema } from 'mongoose';
import { indexesOf } from './indexes';
import type { Table } from './tables';

type Fields = Record<string, { type: unknown; required?: boolean; of?: unknown }>;

/** Of the documents of one collection (see StoredDocument): made from the table, never by hand. */
export function schemaOf(table: Table): Schema {
  const fields: Fields = {
    _id: { type: String, required: true },
    _record: { type: Buffer, required: true },
    _chunks: { type: Map, of: Buffer },
    _guards: { type: Number },
    ...(table.expires !== undefined && { _expires: { type: Date } }),
  };
  // Text in some documents and a number in others is possible; what it is stands in the record.
  for (const field of table.fields) fields[field] = { type: Schema.Types.Mixed };
  for (const { name } of table.indexes) fields[name] = { type: String };
  const schema = new Schema(fields, {
    collection: table.name,
    strict: 'throw',
    versionKey: false,
    autoIndex: false,
    autoCreate: false,
    minimize: false,
  });
  for (const { key, ...options } of indexesOf(table)) schema.index({ ...key }, options);
  return schema;
}
