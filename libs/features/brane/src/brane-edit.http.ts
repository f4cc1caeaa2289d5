import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { authoriseInBrane, type AlsoWrite, type Committed } from '@state-server/commit';
import type { ActionOn, BraneId } from '@state-server/domain';
import { callerOf } from '@state-server/identity';
import {
  type Answer,
  type RestReply,
  type RestRequest,
  okAnswer,
  readRequest,
  respond,
  runKeyed,
  stateSeqHeader,
  traceFields,
} from '@state-server/platform';
import type { CommittedResponse, RouteId } from '@state-server/protocol';
import { BRANE_DEPS, type BraneHttpDeps } from './brane-http-deps';
import { editBrane } from './edit-brane';
import { redoEdit, undoEdit } from './undo-edit';

interface Asked {
  readonly route: RouteId;
  readonly braneId: BraneId;
  /** What the user must be allowed to. */
  readonly action: ActionOn<'brane'>;
  readonly body: unknown;
}

/** REST for the log of a brane: the same edits, undos and redos as over the WebSocket. */
@Controller('brane/:id')
export class BraneEditHttp {
  constructor(@Inject(BRANE_DEPS) private readonly deps: BraneHttpDeps) {}

  @Post('edit')
  async edit(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('brane.edit', request);
    const { user_id } = callerOf(request);
    const asked: Asked = { route: 'brane.edit', braneId: params.id, action: 'brane.edit', body };
    await this.commit(asked, request, reply, (also) =>
      editBrane(this.deps.committer, { ...body, ...traceFields(), user_id, brane_id: params.id, also }),
    );
  }

  @Post('undo')
  async undo(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('brane.undo', request);
    const { user_id } = callerOf(request);
    const asked: Asked = { route: 'brane.undo', braneId: params.id, action: 'brane.undo', body };
    await this.commit(asked, request, reply, (also) =>
      undoEdit(this.deps.committer, { ...body, ...traceFields(), user_id, brane_id: params.id, also }),
    );
  }

  @Post('redo')
  async redo(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('brane.redo', request);
    const { user_id } = callerOf(request);
    const asked: Asked = { route: 'brane.redo', braneId: params.id, action: 'brane.undo', body };
    await this.commit(asked, request, reply, (also) =>
      redoEdit(this.deps.committer, { ...body, ...traceFields(), user_id, brane_id: params.id, also }),
    );
  }

  private async commit(
    { route, braneId, action, body }: Asked,
    request: RestRequest,
    reply: RestReply,
    work: (also: AlsoWrite) => Promise<Committed>,
  ): Promise<void> {
    const { user_id } = callerOf(request);
    const answer = await runKeyed(
      this.deps,
      route,
      request,
      { user_id, body },
      {
        authorise: () => authoriseInBrane(this.deps.store, user_id, braneId, action),
        execute: async (claim) => {
          const committed = await work((tx, outcome) =>
            claim.record(tx, toAnswer(outcome), outcome.replayed),
          );
          return { answer: toAnswer(committed), replayed: committed.replayed };
        },
      },
    );
    respond(reply, answer);
  }
}

/** What became of an edit, as REST says it. */
export function toAnswer(committed: Committed): Answer {
  const { brane_id, op_id, epoch, seq, at, ops, skipped, replayed } = committed;
  const body: CommittedResponse = {
    brane_id,
    op_id,
    epoch,
    seq,
    at,
    ops: [...ops],
    ...(skipped && { skipped: [...skipped] }),
    replayed,
  };
  return okAnswer(body, stateSeqHeader({ epoch, seq }));
}
