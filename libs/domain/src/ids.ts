/** Branded identifiers: lower-case UUID v4 strings that the type checker keeps apart. */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: { readonly [Key in Name]: true } };

export type UserId = Branded<'UserId'>;
export type ObjectId = Branded<'ObjectId'>;
/** A brane's id is the id of its root group (SYNC S7): the same UUID, read in the other role. */
export type BraneId = ObjectId & Branded<'BraneId'>;
export type PrototypeId = Branded<'PrototypeId'>;
/** Names one client's batch of ops; unique per (user, brane) (SYNC I1). */
export type OpId = Branded<'OpId'>;
/** Opaque name of one continuous log (SYNC L3); never reused. */
export type Epoch = Branded<'Epoch'>;
export type SessionId = Branded<'SessionId'>;
export type CompanyId = Branded<'CompanyId'>;

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** True for a lower-case UUID v4 string, the only form of id on the wire. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID_V4.test(value);
}

/** Casts for strings that were validated already (a schema, the store, an id generator). */
export const asUserId = (value: string): UserId => value as UserId;
export const asObjectId = (value: string): ObjectId => value as ObjectId;
export const asBraneId = (value: string): BraneId => value as BraneId;
export const asPrototypeId = (value: string): PrototypeId => value as PrototypeId;
export const asOpId = (value: string): OpId => value as OpId;
export const asEpoch = (value: string): Epoch => value as Epoch;
export const asCompanyId = (value: string): CompanyId => value as CompanyId;
export const asSessionId = (value: string): SessionId => value as SessionId;
