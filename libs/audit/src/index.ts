export { AUDIT_ACTIONS, type AuditAction, isAuditAction } from './actions';
export { type AuditFilter, type AuditPage, type AuditPlace, listAudit } from './list-audit';
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
