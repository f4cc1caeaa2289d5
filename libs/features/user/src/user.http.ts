import { Controller, Get, Inject, Patch, Req, Res } from '@nestjs/common';
import type { Environment } from '@state-server/domain';
import { callerOf } from '@state-server/identity';
import type { Store, UserDoc } from '@state-server/persistence-port';
import {
  type Answer,
  type RestReply,
  type RestRequest,
  etagHeader,
  okAnswer,
  readRequest,
  respond,
  runKeyed,
  toUserResource,
  wantedVersions,
} from '@state-server/platform';
import { getUser } from './get-user';
import { renameUser } from './rename-user';

/** Injection token for what the user doors work with. */
export const USER_DEPS = Symbol('USER_DEPS');

export interface UserDeps {
  readonly store: Store;
  readonly environment: Environment;
}

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
    const { user_id } = callerOf(request);
    const versions = wantedVersions(request);
    const { store, environment } = this.deps;
    const answer = await runKeyed(
      this.deps,
      'users.update_me',
      request,
      { user_id, body },
      {
        authorise: async () => {
          await getUser(store, user_id);
        },
        execute: async (claim) => {
          const user = await renameUser(
            { store, clock: environment.clock },
            {
              user_id,
              name: body.name,
              ...(versions && { if_versions: versions }),
              also: (tx, renamed) => claim.record(tx, toAnswer(renamed), false),
            },
          );
          return { answer: toAnswer(user), replayed: false };
        },
      },
    );
    respond(reply, answer);
  }
}

function toAnswer(user: UserDoc): Answer {
  return okAnswer(toUserResource(user), etagHeader(user.version));
}
