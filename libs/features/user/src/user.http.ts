import { Controller, Delete, Get, Inject, Patch, Req, Res } from '@nestjs/common';
import { originOf } from '@state-server/audit';
import type { UserId } from '@state-server/domain';
import { callerOf } from '@state-server/identity';
import type { UserDoc } from '@state-server/persistence-port';
import {
  acceptedAnswer,
  type Answer,
  type RestReply,
  type RestRequest,
  demandOf,
  etagHeader,
  headerOf,
  okAnswer,
  readRequest,
  respond,
  runKeyed,
  toAdminUserResource,
  toOperationResource,
  toUserResource,
  toUserSummary,
  wantedVersions,
} from '@state-server/platform';
import { fail, HEADERS, parseIdempotencyKey, type RequestOf, type RouteId } from '@state-server/protocol';
import { changeUser } from './change-user';
import { type DeletedUser, deleteUser } from './delete-user';
import { getUser, type SeenUser, showUser } from './get-user';
import { assertSelf, assertSelfThere, namedUser } from './named-user';
import { USER_DEPS, type UserDeps } from './user-deps';

type UpdateRoute = Extract<RouteId, 'users.update' | 'users.update_me'>;

/** REST for /users. */
@Controller('users')
export class UserHttp {
  constructor(@Inject(USER_DEPS) private readonly deps: UserDeps) {}

  @Get('me')
  async me(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    respond(reply, toAnswer(await getUser(this.deps.store, callerOf(request).user_id)));
  }

  @Patch('me')
  async updateMe(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { body } = readRequest('users.update_me', request);
    respond(reply, await this.change('users.update_me', request, 'me', body));
  }

  @Get(':id')
  async get(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('users.get', request);
    const id = namedUser(request, params.id);
    const { user_id } = callerOf(request);
    respond(reply, toSeen(await showUser(this.deps, { id, user_id, demand: demandOf(request) })));
  }

  @Patch(':id')
  async update(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('users.update', request);
    respond(reply, await this.change('users.update', request, params.id, body));
  }

  @Delete(':id')
  async remove(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('users.delete', request);
    const { user_id } = callerOf(request);
    const authorise = (): Promise<void> => assertSelf(this.deps.store, request, params.id);
    const answer = await runKeyed(
      this.deps,
      'users.delete',
      request,
      { user_id, body: undefined },
      {
        // Whoever is gone may hear again that he is.
        authorise,
        execute: async (claim) => {
          await authorise();
          const versions = wantedVersions(request);
          if (!versions) throw fail('precondition.required');
          const keep = parseIdempotencyKey(headerOf(request, HEADERS.idempotencyKey) ?? '');
          const deleted = await deleteUser(this.deps, {
            user_id,
            if_versions: versions,
            op_id: claim.op_id,
            operation_id: claim.newId('operation'),
            origin: originOf(request),
            ...(keep === undefined ? {} : { keep }),
            also: (tx, written) => claim.record(tx, toAccepted(written), false),
          });
          return { answer: toAccepted(deleted), replayed: false };
        },
      },
    );
    respond(reply, answer);
  }

  private async change(
    route: UpdateRoute,
    request: RestRequest,
    named: UserId | 'me',
    body: RequestOf<'users.update_me'>,
  ): Promise<Answer> {
    const { user_id } = callerOf(request);
    const authorise = (): Promise<void> => assertSelfThere(this.deps.store, request, named);
    const versions = wantedVersions(request);
    return runKeyed(
      this.deps,
      route,
      request,
      { user_id, body },
      {
        authorise,
        execute: async (claim) => {
          await authorise();
          const user = await changeUser(this.deps, {
            user_id,
            change: body,
            ...(versions && { if_versions: versions }),
            also: (tx, changed) => claim.record(tx, toAnswer(changed), false),
          });
          return { answer: toAnswer(user), replayed: false };
        },
      },
    );
  }
}

function toAnswer(user: UserDoc): Answer {
  return okAnswer(toUserResource(user), etagHeader(user.version));
}

function toSeen({ as, user }: SeenUser): Answer {
  const headers = etagHeader(user.version);
  switch (as) {
    case 'self':
      return toAnswer(user);
    case 'admin':
      return okAnswer(toAdminUserResource(user), headers);
    case 'other':
      return okAnswer(toUserSummary(user), headers);
    default:
      return as satisfies never;
  }
}

/** 202: what the transaction did not do itself goes on behind it. */
function toAccepted({ user, operation }: DeletedUser): Answer {
  return acceptedAnswer(`/users/${user.id}`, toOperationResource(operation), etagHeader(user.version));
}
