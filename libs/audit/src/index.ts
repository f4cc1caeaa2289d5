export { AUDIT_ACTIONS, type AuditAction } from './actions';
export { type AuditOrigin, originOf } from './origin';
export {
  actorOf,
  type AuditActor,
  auditBy,
  type AuditBy,
  type AuditEntry,
  type AuditTarget,
  recordAudit,
  SYSTEM_ACTOR,
} from './record-audit';
