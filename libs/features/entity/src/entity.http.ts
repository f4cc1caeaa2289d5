import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { callerOf } from '@state-server/identity';
import type { Store } from '@state-server/persistence-port';
import {
  type Answer,
  type RestReply,
  type RestRequest,
  okAnswer,
  readRequest,
  respond,
  stateSeqHeader,
  toBraneResource,
} from '@state-server/platform';
import { type Entity, getEntity } from './get-entity';

/** Injection token for what the entity doors work with. */
export const ENTITY_DEPS = Symbol('ENTITY_DEPS');

export interface EntityDeps {
  readonly store: Store;
}

/** REST for /entity. */
@Controller('entity')
export class EntityHttp {
  constructor(@Inject(ENTITY_DEPS) private readonly deps: EntityDeps) {}

  @Get(':id')
  async get(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('entity.get', request);
    respond(reply, toAnswer(await getEntity(this.deps.store, callerOf(request).user_id, params.id)));
  }
}

function toAnswer(entity: Entity): Answer {
  switch (entity.kind) {
    case 'brane':
      return okAnswer(
        { kind: 'brane', brane: toBraneResource(entity.brane, entity.role) },
        stateSeqHeader(entity.brane.head),
      );
    case 'object':
      return okAnswer({ kind: 'object', object: entity.view.object }, stateSeqHeader(entity.view.head));
    case 'user':
      return okAnswer({ kind: 'user', user: { id: entity.user.id, name: entity.user.name } });
    default:
      return entity satisfies never;
  }
}
