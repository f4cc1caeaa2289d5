import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { authoriseInBrane, type StartedOperation } from '@state-server/commit';
import { callerOf } from '@state-server/identity';
import {
  acceptedAnswer,
  type Answer,
  etagHeader,
  type IdempotencyDeps,
  okAnswer,
  operationLocation,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
  runKeyed,
  stateSeqHeader,
  toOperationResource,
  traceFields,
  wantedVersions,
} from '@state-server/platform';
import type { PrototypeDeps } from './prototype-deps';
import { PROTOTYPE_DEPS } from './prototype.http';
import { upgradeInstances } from './upgrade-instances';
import { editable, type UpgradedObject, upgradeObject } from './upgrade-object';

export interface UpgradeHttpDeps extends PrototypeDeps, IdempotencyDeps {
  readonly environment: PrototypeDeps['environment'];
  /** Tells those who work operations off that there is a new one. */
  readonly poke?: () => void;
}

/** REST for upgrades: of one object, of what is below it, of all instances in a brane. */
@Controller()
export class UpgradeHttp {
  constructor(@Inject(PROTOTYPE_DEPS) private readonly deps: UpgradeHttpDeps) {}

  @Post('object/:id/upgrade')
  async upgradeObject(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('object.upgrade', request);
    const { user_id } = callerOf(request);
    const { if_version, ...asked } = body;
    const versions = wantedVersions(request, if_version);
    const answer = await runKeyed(
      this.deps,
      'object.upgrade',
      request,
      { user_id, body },
      {
        authorise: async () => {
          await editable(this.deps.store, user_id, params.id);
        },
        execute: async (claim) => {
          const done = await upgradeObject(this.deps, {
            ...asked,
            user_id,
            op_id: claim.op_id,
            ...traceFields(),
            id: params.id,
            ...(versions && { if_versions: versions }),
            also: (tx, written) => claim.record(tx, upgraded(written), written.replayed),
          });
          return { answer: upgraded(done), replayed: done.replayed };
        },
      },
    );
    respond(reply, answer);
  }

  @Post('brane/:id/upgrade')
  async upgradeInstances(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('brane.upgrade', request);
    const { user_id } = callerOf(request);
    const answer = await runKeyed(
      this.deps,
      'brane.upgrade',
      request,
      { user_id, body },
      {
        authorise: () => authoriseInBrane(this.deps.store, user_id, params.id, 'brane.edit'),
        execute: async (claim) => {
          const begun = await upgradeInstances(this.deps, {
            ...body,
            user_id,
            op_id: claim.op_id,
            brane_id: params.id,
            also: (tx, made) => claim.record(tx, started(made), made.replayed),
          });
          return { answer: started(begun), replayed: begun.replayed };
        },
      },
    );
    respond(reply, answer);
  }
}

function upgraded({ object, position, conflicts }: UpgradedObject): Answer {
  return okAnswer({ object, conflicts }, { ...etagHeader(object.version), ...stateSeqHeader(position) });
}

function started({ operation }: StartedOperation): Answer {
  return acceptedAnswer(operationLocation(operation), toOperationResource(operation));
}
