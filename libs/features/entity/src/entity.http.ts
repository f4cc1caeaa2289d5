import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { callerOf } from '@state-server/identity';
import type { Reads } from '@state-server/commit';
import {
  type Answer,
  type RestReply,
  type RestRequest,
  decodeCursor,
  encodeCursor,
  demandOf,
  okAnswer,
  readRequest,
  respond,
  stateSeqHeader,
  toBraneResource,
  toPrototypeResource,
  toUserSummary,
} from '@state-server/platform';
import { type EntityResponse, fail } from '@state-server/protocol';
import type { Entity } from './find-entities';
import { getEntities, getEntity } from './get-entity';
import { listRegion } from './list-region';
import { fromKey, REGION_CURSOR_PARTS, toKey } from './region-cursor';

/** Injection token for what the entity doors work with. */
export const ENTITY_DEPS = Symbol('ENTITY_DEPS');

export type EntityDeps = Reads;

/** REST for /entity. */
@Controller('entity')
export class EntityHttp {
  constructor(@Inject(ENTITY_DEPS) private readonly deps: EntityDeps) {}

  @Get('space')
  async space(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { query } = readRequest('entity.space', request);
    const { brane_id, min, max, limit, cursor, ancestors } = query;
    const list = `space:${brane_id}:${min.join()}:${max.join()}`;
    const after = decodeCursor(list, REGION_CURSOR_PARTS, cursor);
    const page = await listRegion(this.deps.store, callerOf(request).user_id, {
      brane_id,
      region: { min, max },
      limit,
      with_ancestors: ancestors === 'true',
      ...(after && { after: fromKey(after) }),
    });
    const { seq } = page.head;
    const body = {
      cells: page.cells.map(({ key, items }) => ({ key, count: items.length, seq, items })),
      next_cursor: page.next ? encodeCursor(list, toKey(page.next)) : null,
      ...(page.ancestors && { ancestors: page.ancestors }),
    };
    respond(reply, okAnswer(body, stateSeqHeader(page.head)));
  }

  @Post('batch')
  async batch(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { body } = readRequest('entity.batch', request);
    const found = await getEntities(this.deps.store, callerOf(request).user_id, body.ids);
    const { code, message } = fail('object.not_found');
    const items = body.ids.map((id, place) => {
      const entity = found[place];
      return entity ? { id, entity: toResource(entity) } : { id, error: { code, message } };
    });
    respond(reply, okAnswer({ items }));
  }

  @Get(':id')
  async get(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('entity.get', request);
    const { user_id } = callerOf(request);
    const demand = demandOf(request);
    respond(reply, toAnswer(await getEntity(this.deps, { id: params.id, user_id, demand })));
  }
}

function toAnswer(entity: Entity): Answer {
  switch (entity.kind) {
    case 'brane':
      return okAnswer(toResource(entity), stateSeqHeader(entity.brane.head));
    case 'object':
      return okAnswer(toResource(entity), stateSeqHeader(entity.head));
    case 'user':
    case 'prototype':
      return okAnswer(toResource(entity));
    default:
      return entity satisfies never;
  }
}

function toResource(entity: Entity): EntityResponse {
  switch (entity.kind) {
    case 'brane':
      return { kind: 'brane', brane: toBraneResource(entity.brane, entity.role) };
    case 'object':
      return { kind: 'object', object: entity.object };
    case 'user':
      return { kind: 'user', user: toUserSummary(entity.user) };
    case 'prototype':
      return { kind: 'prototype', prototype: toPrototypeResource(entity.prototype) };
    default:
      return entity satisfies never;
  }
}
