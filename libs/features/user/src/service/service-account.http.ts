import { Controller, Delete, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { auditBy } from '@state-server/audit';
import type { UserId } from '@state-server/domain';
import { callerOf } from '@state-server/identity';
import {
  type Answer,
  type Claim,
  createdAnswer,
  emptyAnswer,
  okAnswer,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
  runKeyed,
} from '@state-server/platform';
import { fail, type RouteId, type ServiceKeyResource } from '@state-server/protocol';
import { assertSelf, assertSelfThere } from '../named-user';
import { USER_DEPS, type UserDeps } from '../user-deps';
import { createServiceAccount } from './create-service-account';
import { deleteServiceAccount } from './delete-service-account';
import {
  getServiceAccount,
  getServiceKey,
  listServiceAccounts,
  listServiceKeys,
} from './find-service-account';
import { createServiceKey, revokeServiceKey } from './service-keys';

const NO_STORE = { 'cache-control': 'no-store' };

/** REST for a user's service accounts and their keys. Nothing here is open to a key itself. */
@Controller('users/:id/service-accounts')
export class ServiceAccountHttp {
  constructor(@Inject(USER_DEPS) private readonly deps: UserDeps) {}

  @Get()
  async list(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('service.list', request);
    const owner = await this.ownerOf(request, params.id);
    const items = await listServiceAccounts(this.deps.store, owner);
    respond(reply, okAnswer({ items, next_cursor: null }));
  }

  @Post()
  async create(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('service.create', request);
    await this.keyed('service.create', params.id, { request, reply, body }, async (claim, owner) => {
      const toAnswer = (made: { readonly id: string }): Answer =>
        createdAnswer(`/users/${owner}/service-accounts/${made.id}`, made);
      const made = await createServiceAccount(this.deps, {
        ...{ ...body, owner, id: claim.newId('service account'), from: auditBy(request, callerOf(request)) },
        also: (tx, account) => claim.record(tx, toAnswer(account), false),
      });
      return toAnswer(made);
    });
  }

  @Get(':account_id')
  async get(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('service.get', request);
    const owner = await this.ownerOf(request, params.id);
    respond(reply, okAnswer(await getServiceAccount(this.deps.store, owner, params.account_id)));
  }

  @Delete(':account_id')
  async remove(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('service.delete', request);
    await this.keyed(
      'service.delete',
      params.id,
      { request, reply, body: undefined },
      async (claim, owner) => {
        await getServiceAccount(this.deps.store, owner, params.account_id);
        await deleteServiceAccount(this.deps, {
          ...{ owner, account_id: params.account_id, from: auditBy(request, callerOf(request)) },
          also: (tx) => claim.record(tx, emptyAnswer(), false),
        });
        return emptyAnswer();
      },
    );
  }

  @Get(':account_id/keys')
  async keys(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('service.keys', request);
    const owner = await this.ownerOf(request, params.id);
    const items = await listServiceKeys(this.deps.store, owner, params.account_id);
    respond(reply, okAnswer({ items, next_cursor: null }, NO_STORE));
  }

  @Post(':account_id/keys')
  async createKey(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('service.create_key', request);
    const { account_id } = params;
    await this.keyed('service.create_key', params.id, { request, reply, body }, async (claim, owner) => {
      const toAnswer = (made: ServiceKeyResource): Answer =>
        createdAnswer(`/users/${owner}/service-accounts/${account_id}/keys/${made.id}`, made, NO_STORE);
      const made = await createServiceKey(this.deps, {
        ...{ ...body, owner, account_id, id: claim.newId('service key') },
        from: auditBy(request, callerOf(request)),
        // The answer that is kept for a repetition goes without the key.
        also: (tx, key) => claim.record(tx, toAnswer(key), false),
      });
      return toAnswer(made);
    });
  }

  @Get(':account_id/keys/:key_id')
  async getKey(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('service.get_key', request);
    const { account_id, key_id } = params;
    const owner = await this.ownerOf(request, params.id);
    respond(reply, okAnswer(await getServiceKey(this.deps.store, { owner, account_id, key_id }), NO_STORE));
  }

  @Delete(':account_id/keys/:key_id')
  async revokeKey(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('service.revoke_key', request);
    const { account_id, key_id } = params;
    await this.keyed(
      'service.revoke_key',
      params.id,
      { request, reply, body: undefined },
      async (claim, owner) => {
        await revokeServiceKey(this.deps, {
          ...{ owner, account_id, key_id, from: auditBy(request, callerOf(request)) },
          also: (tx) => claim.record(tx, emptyAnswer(), false),
        });
        return emptyAnswer();
      },
    );
  }

  /** The caller, if he asks for himself and is a person with an account. Throws `permission.denied`, `user.not_found`. */
  private async ownerOf(request: RestRequest, id: UserId | 'me'): Promise<UserId> {
    assertPerson(request);
    await assertSelf(this.deps.store, request, id);
    return callerOf(request).user_id;
  }

  private async keyed(
    route: RouteId,
    id: UserId | 'me',
    asked: { readonly request: RestRequest; readonly reply: RestReply; readonly body: unknown },
    execute: (claim: Claim, owner: UserId) => Promise<Answer>,
  ): Promise<void> {
    const { request, reply, body } = asked;
    const { user_id } = callerOf(request);
    const authorise = async (): Promise<void> => {
      assertPerson(request);
      await assertSelfThere(this.deps.store, request, id);
    };
    const answer = await runKeyed(
      this.deps,
      route,
      request,
      { user_id, body },
      {
        authorise,
        execute: async (claim) => {
          await authorise();
          return { answer: await execute(claim, user_id), replayed: false };
        },
      },
    );
    respond(reply, answer);
  }
}

function assertPerson(request: RestRequest): void {
  const { kind, scopes } = callerOf(request);
  if (kind === 'user' && scopes === undefined) return;
  throw fail('permission.denied', undefined, 'This is for somebody who is signed in himself.');
}
