export { createInternalDoor, type InternalDoor, type InternalDoorOptions } from './internal-door';
export { internalDoorFields, internalDoorRules, internalFields, internalRules } from './internal-fields';
export {
  createInternalCheck,
  createInternalSigner,
  INTERNAL_HEADER,
  INTERNAL_TOKEN_MS,
  type InternalCheck,
  type InternalSigner,
} from './internal-token';
