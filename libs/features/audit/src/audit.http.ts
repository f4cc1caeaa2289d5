import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { type AuditFilter, type AuditPage, type AuditPlace, isAuditAction } from '@state-server/audit';
import { withReadErrors } from '@state-server/commit';
import { callerOf } from '@state-server/identity';
import type { AuditDoc, Store } from '@state-server/persistence-port';
import {
  type RestReply,
  type RestRequest,
  decodeCursor,
  encodeCursor,
  okAnswer,
  readRequest,
  respond,
} from '@state-server/platform';
import { type AuditResource, fail, type QueryOf } from '@state-server/protocol';
import { seeAudit, seeBraneAudit, seeOwnAudit, toAuditResource, toShownAudit } from './see-audit';

/** Injection token for what the audit doors work with. */
export const AUDIT_DEPS = Symbol('AUDIT_DEPS');

export interface AuditDeps {
  readonly store: Store;
}

/** REST to read the audit log. There is no way to write to it. */
@Controller()
export class AuditHttp {
  constructor(@Inject(AUDIT_DEPS) private readonly deps: AuditDeps) {}

  @Get('admin/audit')
  async all(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { query } = readRequest('admin.audit', request);
    const { user_id } = callerOf(request);
    const filter = filterOf(query);
    const list = `audit:${JSON.stringify(filter)}`;
    const found = await seeAudit(this.deps.store, { user_id, filter, ...pageOf(list, query) });
    answer(reply, list, found, toAuditResource);
  }

  @Get('brane/:id/audit')
  async ofBrane(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, query } = readRequest('brane.audit', request);
    const { user_id } = callerOf(request);
    const list = `audit:brane:${params.id}`;
    const asked = { user_id, brane_id: params.id, ...pageOf(list, query) };
    answer(reply, list, await seeBraneAudit(this.deps.store, asked), (entry) => toShownAudit(entry, user_id));
  }

  @Get('users/:id/audit')
  async own(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, query } = readRequest('users.audit', request);
    const { user_id } = callerOf(request);
    if (params.id !== 'me' && params.id !== user_id) await this.refuse(params.id);
    const list = `audit:user:${user_id}`;
    const found = await seeOwnAudit(this.deps.store, { user_id, ...pageOf(list, query) });
    answer(reply, list, found, (entry) => toShownAudit(entry, user_id));
  }

  /** Throws `user.not_found` for an id that nobody has, `permission.denied` for anybody else's. */
  private async refuse(id: string): Promise<never> {
    const user = await withReadErrors(
      this.deps.store.read({ label: 'user.get' }, (tx) => tx.get('users', [id])),
    );
    if (!user) throw fail('user.not_found', { id });
    throw fail('permission.denied', undefined, 'This is for the user himself.');
  }
}

function filterOf({
  actor,
  target,
  user,
  brane,
  company,
  action,
  from,
  to,
}: QueryOf<'admin.audit'>): AuditFilter {
  if (action !== undefined && !isAuditAction(action)) {
    throw fail('query.invalid', { pointer: '/action' }, 'No such action is recorded.');
  }
  return {
    ...(actor === undefined ? {} : { actor_id: actor }),
    ...(target === undefined ? {} : { target_id: target }),
    ...(user === undefined ? {} : { user_id: user }),
    ...(brane === undefined ? {} : { brane_id: brane }),
    ...(company === undefined ? {} : { company_id: company }),
    ...(action === undefined ? {} : { action }),
    ...(from === undefined ? {} : { from: toUtc(from) }),
    ...(to === undefined ? {} : { to: toUtc(to) }),
  };
}

const toUtc = (time: string): string => new Date(time).toISOString();

function pageOf(
  list: string,
  { cursor, limit }: { readonly cursor?: string; readonly limit: number },
): { readonly after?: AuditPlace; readonly limit: number } {
  const [at, id] = decodeCursor(list, 2, cursor) ?? [];
  return at === undefined ? { limit } : { limit, after: [String(at), String(id)] };
}

function answer(
  reply: RestReply,
  list: string,
  { items, next }: AuditPage,
  encode: (entry: AuditDoc) => AuditResource,
): void {
  const body = { items: items.map(encode), next_cursor: next ? encodeCursor(list, next) : null };
  respond(reply, okAnswer(body, { 'cache-control': 'no-store' }));
}
