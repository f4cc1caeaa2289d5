import { Controller, Delete, Get, Inject, Put, Req, Res } from '@nestjs/common';
import { callerOf } from '@state-server/identity';
import {
  type RestReply,
  type RestRequest,
  decodeCursor,
  emptyAnswer,
  encodeCursor,
  okAnswer,
  readRequest,
  respond,
  runKeyed,
} from '@state-server/platform';
import { listInventory, pinPrototype, unpinPrototype } from './inventory';
import { assertSelf, assertSelfThere } from './named-user';
import { USER_DEPS, type UserDeps } from './user-deps';

/** REST for what a user has at hand. */
@Controller('users/:id/inventory')
export class InventoryHttp {
  constructor(@Inject(USER_DEPS) private readonly deps: UserDeps) {}

  @Get()
  async list(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, query } = readRequest('users.inventory', request);
    const { user_id } = callerOf(request);
    await assertSelf(this.deps.store, request, params.id);
    const list = `inventory:${user_id}`;
    const [at, id] = decodeCursor(list, 2, query.cursor) ?? [];
    const after = [String(at), String(id)] as const;
    const { items, next } = await listInventory(this.deps.store, {
      ...{ user_id, limit: query.limit },
      ...(id === undefined ? {} : { after }),
    });
    respond(reply, okAnswer({ items, next_cursor: next ? encodeCursor(list, next) : null }));
  }

  @Put(':prototype_id')
  async put(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('users.put_inventory', request);
    const { user_id } = callerOf(request);
    const authorise = (): Promise<void> => assertSelfThere(this.deps.store, request, params.id);
    const { prototype_id } = params;
    const answer = await runKeyed(
      this.deps,
      'users.put_inventory',
      request,
      { user_id, body },
      {
        authorise,
        execute: async (claim) => {
          await authorise();
          const item = await pinPrototype(this.deps, {
            ...{ user_id, prototype_id, ...body },
            also: (tx, pinned) => claim.record(tx, okAnswer(pinned), false),
          });
          return { answer: okAnswer(item), replayed: false };
        },
      },
    );
    respond(reply, answer);
  }

  @Delete(':prototype_id')
  async remove(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('users.delete_inventory', request);
    const { user_id } = callerOf(request);
    const authorise = (): Promise<void> => assertSelfThere(this.deps.store, request, params.id);
    const { prototype_id } = params;
    const answer = await runKeyed(
      this.deps,
      'users.delete_inventory',
      request,
      { user_id, body: undefined },
      {
        authorise,
        execute: async (claim) => {
          await authorise();
          const also = (tx: Parameters<typeof claim.record>[0]): Promise<void> =>
            claim.record(tx, emptyAnswer(), false);
          await unpinPrototype(this.deps, { user_id, prototype_id, also });
          return { answer: emptyAnswer(), replayed: false };
        },
      },
    );
    respond(reply, answer);
  }
}
