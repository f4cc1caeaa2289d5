export { AUDIT_DEPS, type AuditDeps, AuditHttp } from './audit.http';
export { seeAudit, seeBraneAudit, seeOwnAudit, toAuditResource, toShownAudit } from './see-audit';
