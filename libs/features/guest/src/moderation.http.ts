import { Controller, Delete, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { originOf } from '@state-server/audit';
import type { BraneId, OpId } from '@state-server/domain';
import { callerOf } from '@state-server/identity';
import type { Transaction } from '@state-server/persistence-port';
import {
  emptyAnswer,
  okAnswer,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
  runKeyed,
  traceFields,
} from '@state-server/platform';
import { braneFor } from './brane-for';
import { GUESTS_DEPS, type GuestsDeps } from './guest-deps';
import { liftRestriction, listRestrictions, moderate } from './moderation';

interface Act {
  readonly op_id: OpId;
  readonly trace_id?: string;
  readonly also: (tx: Transaction, replayed: boolean) => Promise<void>;
}

/** REST for keeping order in a brane. */
@Controller('brane/:id/moderation')
export class ModerationHttp {
  constructor(@Inject(GUESTS_DEPS) private readonly deps: GuestsDeps) {}

  @Get()
  async list(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('moderation.list', request);
    const { user_id } = callerOf(request);
    respond(reply, okAnswer({ items: await listRestrictions(this.deps, { user_id, brane_id: params.id }) }));
  }

  @Post()
  async act(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('moderation.act', request);
    const { user_id: target, ...what } = body;
    const by = { user_id: callerOf(request).user_id, brane_id: params.id, origin: originOf(request) };
    await this.run('moderation.act', request, reply, { brane: params.id, body }, (act) =>
      moderate(this.deps, { ...what, ...by, target, ...act }),
    );
  }

  @Delete(':kind/:user_id')
  async lift(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('moderation.lift', request);
    const { kind, user_id: target } = params;
    const by = { user_id: callerOf(request).user_id, brane_id: params.id, origin: originOf(request) };
    await this.run('moderation.lift', request, reply, { brane: params.id, body: undefined }, (act) =>
      liftRestriction(this.deps, { kind, ...by, target, ...act }),
    );
  }

  private async run(
    route: 'moderation.act' | 'moderation.lift',
    request: RestRequest,
    reply: RestReply,
    { brane, body }: { readonly brane: BraneId; readonly body: unknown },
    work: (act: Act) => Promise<boolean>,
  ): Promise<void> {
    const { user_id } = callerOf(request);
    const answer = await runKeyed(
      this.deps,
      route,
      request,
      { user_id, body },
      {
        authorise: async () => {
          await braneFor(this.deps.store, user_id, brane, 'brane.moderate');
        },
        execute: async (claim) => {
          const also = (tx: Transaction, replayed: boolean): Promise<void> =>
            claim.record(tx, emptyAnswer(), replayed);
          const replayed = await work({ op_id: claim.op_id, ...traceFields(), also });
          return { answer: emptyAnswer(), replayed };
        },
      },
    );
    respond(reply, answer);
  }
}
