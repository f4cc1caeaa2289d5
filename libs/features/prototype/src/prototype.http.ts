import { Controller, Delete, Get, Inject, Patch, Post, Req, Res } from '@nestjs/common';
import { asObjectId, asPrototypeId, type PrototypeId } from '@state-server/domain';
import { authoriseInBrane } from '@state-server/commit';
import { callerOf } from '@state-server/identity';
import type { PrototypeDoc } from '@state-server/persistence-port';
import {
  decodeCursor,
  emptyAnswer,
  encodeCursor,
  type KeyedWork,
  okAnswer,
  page,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
  runKeyed,
  traceFields,
  wantedVersions,
  toPrototypeResource,
} from '@state-server/platform';
import type { ListPrototypesQuery, RouteId } from '@state-server/protocol';
import { type ChangePrototype, deletePrototype, updatePrototype } from './change-prototype';
import { createPrototype } from './create-prototype';
import { authoriseOwner, authoriseReplay, findPrototype } from './find-prototype';
import { instantiatePrototype } from './instantiate-prototype';
import { type ListPrototypes, listPrototypes } from './list-prototypes';
import type { PrototypeDeps } from './prototype-deps';
import { changed, instanceMade, made, published, toVersion, toVersionSummary } from './prototype-answers';
import { publishVersion } from './publish-version';
import { listVersions, readVersion } from './read-version';
import { treeToPublish } from './tree-to-publish';

/** Injection token for what the prototype doors work with. */
export const PROTOTYPE_DEPS = Symbol('PROTOTYPE_DEPS');

/** REST for /prototype. */
@Controller('prototype')
export class PrototypeHttp {
  constructor(@Inject(PROTOTYPE_DEPS) private readonly deps: PrototypeDeps) {}

  @Post()
  async create(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { body } = readRequest('prototype.create', request);
    const { user_id } = callerOf(request);
    await this.keyed('prototype.create', request, reply, body, {
      authorise: () => Promise.resolve(),
      execute: async (claim) => {
        const id = body.id ?? asPrototypeId(claim.newId('prototype'));
        const prototype = await createPrototype(this.deps, {
          ...body,
          user_id,
          id,
          also: (tx, doc) => claim.record(tx, made(doc), false),
        });
        return { answer: made(prototype), replayed: false };
      },
    });
  }

  @Get()
  async list(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { query } = readRequest('prototype.list', request);
    const asked = listOf(query, callerOf(request).user_id);
    const list = ['prototypes', asked.scope, asked.owner ?? '', asked.order, asked.q ?? ''].join(':');
    const after = decodeCursor(list, 2, query.cursor);
    const { items, next } = await listPrototypes(this.deps.store, {
      ...asked,
      limit: query.limit,
      ...(after === undefined ? {} : { after }),
    });
    const next_cursor = next === undefined ? null : encodeCursor(list, next);
    respond(reply, okAnswer({ items: items.map(toPrototypeResource), next_cursor }));
  }

  @Get(':id')
  async get(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('prototype.get', request);
    respond(reply, changed(await findPrototype(this.deps.store, callerOf(request).user_id, params.id)));
  }

  @Patch(':id')
  async update(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('prototype.update', request);
    await this.change('prototype.update', request, reply, params.id, body, (input) =>
      updatePrototype(this.deps, { ...body, ...input }),
    );
  }

  @Delete(':id')
  async remove(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('prototype.delete', request);
    await this.change('prototype.delete', request, reply, params.id, undefined, (input) =>
      deletePrototype(this.deps, input),
    );
  }

  @Get(':id/versions')
  async versions(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, query } = readRequest('prototype.versions', request);
    const list = `versions:${params.id}`;
    const [before] = decodeCursor(list, 1, query.cursor) ?? [];
    const found = await listVersions(this.deps.store, {
      user_id: callerOf(request).user_id,
      id: params.id,
      limit: query.limit,
      ...(before === undefined ? {} : { before: Number(before) }),
    });
    const { items, next_cursor } = page(found, query.limit, ({ version }) => encodeCursor(list, [version]));
    respond(reply, okAnswer({ items: items.map(toVersionSummary), next_cursor }));
  }

  @Post(':id/versions')
  async publish(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('prototype.publish', request);
    const { user_id } = callerOf(request);
    await this.keyed('prototype.publish', request, reply, body, {
      authorise: () => authoriseReplay(this.deps.store, user_id, params.id),
      execute: async (claim) => {
        const { nodes: _nodes, members: _members, from: _from, ...about } = body;
        await authoriseOwner(this.deps.store, user_id, params.id);
        const version = await publishVersion(this.deps, {
          ...about,
          user_id,
          id: params.id,
          tree: await treeToPublish(this.deps.store, user_id, params.id, body),
          also: (tx, written) => claim.record(tx, published(written), false),
        });
        return { answer: published(version), replayed: false };
      },
    });
  }

  @Get(':id/versions/:version')
  async version(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, query } = readRequest('prototype.version', request);
    const { user_id } = callerOf(request);
    respond(reply, okAnswer(toVersion(await readVersion(this.deps.store, { user_id, ...params, ...query }))));
  }

  @Post(':id/instances')
  async instantiate(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('prototype.instantiate', request);
    const { user_id } = callerOf(request);
    await this.keyed('prototype.instantiate', request, reply, body, {
      authorise: () => authoriseInBrane(this.deps.store, user_id, body.brane_id, 'brane.edit'),
      execute: async (claim) => {
        const instance = await instantiatePrototype(this.deps, {
          ...body,
          user_id,
          op_id: claim.op_id,
          ...traceFields(),
          prototype_id: params.id,
          id: body.id ?? asObjectId(claim.newId('object')),
          also: (tx, written) => claim.record(tx, instanceMade(written), written.replayed),
        });
        return { answer: instanceMade(instance), replayed: instance.replayed };
      },
    });
  }

  private async change(
    route: RouteId,
    request: RestRequest,
    reply: RestReply,
    id: PrototypeId,
    body: unknown,
    change: (input: ChangePrototype) => Promise<PrototypeDoc>,
  ): Promise<void> {
    const { user_id } = callerOf(request);
    const versions = wantedVersions(request);
    const answer = (doc: PrototypeDoc) => (doc.is_deleted ? emptyAnswer() : changed(doc));
    await this.keyed(route, request, reply, body, {
      authorise: () => authoriseReplay(this.deps.store, user_id, id),
      execute: async (claim) => {
        const doc = await change({
          user_id,
          id,
          ...(versions && { if_versions: versions }),
          also: (tx, written) => claim.record(tx, answer(written), false),
        });
        return { answer: answer(doc), replayed: false };
      },
    });
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
}

function listOf(
  query: ListPrototypesQuery,
  user_id: ListPrototypes['user_id'],
): Omit<ListPrototypes, 'after' | 'limit'> {
  const { q, owner, sort } = query;
  const isOwn = query.public !== 'true' && (owner === undefined || owner === user_id);
  const scope = isOwn ? 'own' : owner === undefined ? 'public' : 'public_of';
  const order = sort ?? (q !== undefined && scope === 'public' ? 'match' : 'newest');
  return {
    user_id,
    scope,
    order,
    ...(q === undefined ? {} : { q }),
    ...(owner === undefined || isOwn ? {} : { owner }),
  };
}
