import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { asOpId } from '@state-server/domain';
import { authoriseInBrane, type StartedOperation } from '@state-server/commit';
import { callerOf } from '@state-server/identity';
import {
  acceptedAnswer,
  operationLocation,
  toOperationResource,
  type Answer,
  type RestReply,
  type RestRequest,
  readRequest,
  respond,
  runKeyed,
  traceFields,
} from '@state-server/platform';
import { BRANE_DEPS, type BraneHttpDeps } from './brane-http-deps';
import { toAnswer } from './brane-edit.http';
import { forkBrane } from './fork-brane';
import { type Restored, restoreBrane } from './restore-brane';

/** REST for what is done with the past of a brane. */
@Controller('brane/:id')
export class HistoryHttp {
  constructor(@Inject(BRANE_DEPS) private readonly deps: BraneHttpDeps) {}

  @Post('restore')
  async restore(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('brane.restore', request);
    const { user_id } = callerOf(request);
    const { op_id: chosen, seq, at, subtree } = body;
    const answer = await runKeyed(
      this.deps,
      'brane.restore',
      request,
      { user_id, body },
      {
        authorise: () => authoriseInBrane(this.deps.store, user_id, params.id, 'brane.edit'),
        execute: async (claim) => {
          const restored = await restoreBrane(this.deps, {
            ...{ user_id, brane_id: params.id, at: at ?? seq ?? 0, ...traceFields() },
            op_id: chosen ?? asOpId(claim.op_id),
            ...(subtree === undefined ? {} : { subtree }),
            also: (tx, done) => claim.record(tx, shown(done), isReplayed(done)),
          });
          return { answer: shown(restored), replayed: isReplayed(restored) };
        },
      },
    );
    respond(reply, answer);
  }

  @Post('fork')
  async fork(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('brane.fork', request);
    const { user_id } = callerOf(request);
    const { op_id: chosen, seq, at, name, visibility } = body;
    const point = at ?? seq;
    const answer = await runKeyed(
      this.deps,
      'brane.fork',
      request,
      { user_id, body },
      {
        authorise: () => authoriseInBrane(this.deps.store, user_id, params.id, 'brane.view'),
        execute: async (claim) => {
          const started = await forkBrane(this.deps, {
            ...{ user_id, source: params.id, visibility, ...traceFields() },
            op_id: chosen ?? asOpId(claim.op_id),
            ...(point === undefined ? {} : { at: point }),
            ...(name === undefined ? {} : { name }),
            also: (tx, made) => claim.record(tx, accepted(made), made.replayed),
          });
          return { answer: accepted(started), replayed: started.replayed };
        },
      },
    );
    respond(reply, answer);
  }
}

function shown(restored: Restored): Answer {
  return restored.kind === 'committed' ? toAnswer(restored.committed) : accepted(restored.started);
}

function isReplayed(restored: Restored): boolean {
  return restored.kind === 'committed' ? restored.committed.replayed : restored.started.replayed;
}

function accepted({ operation }: StartedOperation): Answer {
  return acceptedAnswer(operationLocation(operation), toOperationResource(operation));
}
