import { Controller, Delete, Get, Inject, Patch, Post, Put, Req, Res } from '@nestjs/common';
import { type ObjectId, asObjectId, asUser } from '@state-server/domain';
import {
  type Answer,
  type IdempotencyDeps,
  type KeyedWork,
  type PlainRead,
  type RestReply,
  type RestRequest,
  acceptedAnswer,
  createdAnswer,
  decodeCursor,
  demandOf,
  emptyAnswer,
  encodeCursor,
  etagHeader,
  okAnswer,
  operationLocation,
  readRequest,
  respond,
  runKeyed,
  stateSeqHeader,
  toBraneResource,
  toOperationResource,
  traceFields,
  wantedVersions,
} from '@state-server/platform';
import { authoriseInBrane, type Reads, type StartedOperation } from '@state-server/commit';
import { type RouteId, assertCan, fail } from '@state-server/protocol';
import { callerOf } from '@state-server/identity';
import { authoriseOnObject } from './authorise-object';
import type { ChangeObject } from './change-object';
import { type ObjectDeps, createObject } from './create-object';
import { deleteObject } from './delete-object';
import { demoteObject } from './demote-object';
import { findObject, seeObject } from './find-object';
import { followLink } from './follow-link';
import { galleryOf, putInGallery, removeFromGallery } from './gallery';
import { listChildren } from './list-children';
import { moveObject } from './move-object';
import { type PromotedGroup, promoteObject } from './promote-object';
import { updateObject } from './update-object';
import type { WrittenObject } from './written-object';

/** Injection token for what the object doors work with. */
export const OBJECT_DEPS = Symbol('OBJECT_DEPS');

type Shown = Pick<WrittenObject, 'object' | 'position'>;

type Change = (input: ChangeObject) => Promise<WrittenObject>;

/** The reads of /object that stand beside Nest. */
export function objectReads(reads: Reads): readonly PlainRead[] {
  return [
    {
      id: 'object.get',
      answer: (request) => {
        const { params } = readRequest('object.get', request);
        const { user_id } = callerOf(request);
        const found = seeObject(reads, { id: params.id, user_id, demand: demandOf(request) });
        return found instanceof Promise ? found.then(changed) : changed(found);
      },
    },
  ];
}

/** REST for /object, but for `objectReads`. */
@Controller('object')
export class ObjectHttp {
  constructor(@Inject(OBJECT_DEPS) private readonly deps: ObjectDeps & IdempotencyDeps) {}

  @Post()
  async create(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { body } = readRequest('object.create', request);
    const { user_id } = callerOf(request);
    const { brane_id, ...fields } = body;
    await this.keyed('object.create', request, reply, body, {
      authorise: () => authoriseInBrane(this.deps.store, user_id, brane_id, 'brane.edit'),
      execute: async (claim) => {
        const object = { ...fields, id: fields.id ?? asObjectId(claim.newId('object')) };
        const written = await createObject(this.deps, {
          user_id,
          op_id: claim.op_id,
          ...traceFields(),
          brane_id,
          object,
          also: (tx, made) => claim.record(tx, created(made), made.replayed),
        });
        return { answer: created(written), replayed: written.replayed };
      },
    });
  }

  @Get(':id/children')
  async children(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, query } = readRequest('object.children', request);
    const list = `children:${params.id}`;
    const [order, id] = decodeCursor(list, 2, query.cursor) ?? [];
    const page = await listChildren(this.deps.store, {
      user_id: callerOf(request).user_id,
      parent_id: params.id,
      limit: query.limit,
      ...(order === undefined ? {} : { after: { order: String(order), id: asObjectId(String(id)) } }),
    });
    const next = page.next && encodeCursor(list, [page.next.order, page.next.id]);
    const body = { items: page.objects, next_cursor: next ?? null };
    respond(reply, okAnswer(body, stateSeqHeader(page.head)));
  }

  @Get(':id/gallery')
  async gallery(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('object.gallery', request);
    const found = await findObject(this.deps.store, callerOf(request).user_id, params.id);
    respond(reply, okAnswer({ items: galleryOf(found.object), next_cursor: null }, headersOf(found)));
  }

  @Put(':id/gallery/:prototype_id')
  async putGallery(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('object.put_gallery', request);
    const { id, prototype_id } = params;
    const change: Change = (input) => putInGallery(this.deps, { ...input, prototype_id, ...body });
    await this.change('object.put_gallery', request, reply, { id, body }, change, changed);
  }

  @Delete(':id/gallery/:prototype_id')
  async removeGallery(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('object.remove_gallery', request);
    const { id, prototype_id } = params;
    const change: Change = (input) => removeFromGallery(this.deps, { ...input, prototype_id });
    await this.change('object.remove_gallery', request, reply, { id }, change, gone);
  }

  @Get(':id/link')
  async link(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('object.link', request);
    respond(reply, okAnswer(await followLink(this.deps.store, callerOf(request).user_id, params.id)));
  }

  @Patch(':id')
  async update(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('object.update', request);
    const { if_version, ...fields } = body;
    const change: Change = (input) => updateObject(this.deps, { ...input, ...fields });
    await this.change('object.update', request, reply, { id: params.id, body, if_version }, change, changed);
  }

  @Delete(':id')
  async remove(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('object.delete', request);
    const change: Change = (input) => deleteObject(this.deps, input);
    await this.change('object.delete', request, reply, { id: params.id }, change, gone);
  }

  @Post(':id/move')
  async move(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('object.move', request);
    const { if_version, ...place } = body;
    const change: Change = (input) => moveObject(this.deps, { ...input, ...place });
    await this.change('object.move', request, reply, { id: params.id, body, if_version }, change, changed);
  }

  @Post(':id/promote')
  async promote(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('object.promote', request);
    const { id } = params;
    const { user_id } = callerOf(request);
    await this.keyed('object.promote', request, reply, undefined, {
      authorise: () => authoriseOnObject(this.deps.store, user_id, id),
      execute: async (claim) => {
        const made = await promoteObject(this.deps, {
          user_id,
          op_id: claim.op_id,
          ...traceFields(),
          id,
          also: (tx, promoted) => claim.record(tx, promotedAnswer(promoted), promoted.replayed),
        });
        return { answer: promotedAnswer(made), replayed: made.replayed };
      },
    });
  }

  @Post(':id/demote')
  async demote(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { id } = readRequest('object.demote', request).params;
    const { user_id } = callerOf(request);
    await this.keyed('object.demote', request, reply, undefined, {
      authorise: () => authoriseOnObject(this.deps.store, user_id, id),
      execute: async (claim) => {
        const begun = await demoteObject(this.deps, {
          user_id,
          op_id: claim.op_id,
          id,
          also: (tx, made) => claim.record(tx, startedAnswer(made), made.replayed),
        });
        return { answer: startedAnswer(begun), replayed: begun.replayed };
      },
    });
  }

  @Post(':id/actions/:action')
  async action(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('object.action', request);
    await this.unsupported('object.action', request, reply, params.id, body);
  }

  private async keyed(
    route: RouteId,
    request: RestRequest,
    reply: RestReply,
    body: unknown,
    work: KeyedWork,
  ): Promise<void> {
    const { user_id } = callerOf(request);
    respond(reply, await runKeyed(this.deps, route, request, { user_id, body }, work));
  }

  private async change(
    route: RouteId,
    request: RestRequest,
    reply: RestReply,
    asked: { readonly id: ObjectId; readonly body?: unknown; readonly if_version?: number | undefined },
    change: Change,
    encode: (written: WrittenObject) => Answer,
  ): Promise<void> {
    const { user_id } = callerOf(request);
    const versions = wantedVersions(request, asked.if_version);
    await this.keyed(route, request, reply, asked.body, {
      authorise: () => authoriseOnObject(this.deps.store, user_id, asked.id),
      execute: async (claim) => {
        const written = await change({
          user_id,
          op_id: claim.op_id,
          ...traceFields(),
          id: asked.id,
          ...(versions && { if_versions: versions }),
          also: (tx, made) => claim.record(tx, encode(made), made.replayed),
        });
        return { answer: encode(written), replayed: written.replayed };
      },
    });
  }

  /** For what is not there yet: says so to whoever could do it, and nothing to whoever may not even see the object. */
  private async unsupported(
    route: RouteId,
    request: RestRequest,
    reply: RestReply,
    id: ObjectId,
    body?: unknown,
  ): Promise<void> {
    const { user_id } = callerOf(request);
    await this.keyed(route, request, reply, body, {
      authorise: () => authoriseOnObject(this.deps.store, user_id, id),
      execute: async () => {
        const { meta } = await findObject(this.deps.store, user_id, id);
        assertCan(asUser(user_id), 'brane.edit', meta, { details: { id } });
        throw fail('op.unsupported');
      },
    });
  }
}

function created(written: WrittenObject): Answer {
  return createdAnswer(`/object/${written.object.id}`, written.object, headersOf(written));
}

function changed(written: Shown): Answer {
  return okAnswer(written.object, headersOf(written));
}

function promotedAnswer({ brane, role, position }: PromotedGroup): Answer {
  const headers = { ...etagHeader(brane.version), ...stateSeqHeader(position) };
  return okAnswer(toBraneResource(brane, role), headers);
}

function startedAnswer({ operation }: StartedOperation): Answer {
  return acceptedAnswer(operationLocation(operation), toOperationResource(operation));
}

function gone({ position }: WrittenObject): Answer {
  return emptyAnswer(stateSeqHeader(position));
}

function headersOf({ object, position }: Shown): Readonly<Record<string, string>> {
  return { ...etagHeader(object.version), ...stateSeqHeader(position) };
}
