import { Readable } from 'node:stream';
import { Controller, Delete, Get, Inject, Patch, Post, Req, Res } from '@nestjs/common';
import { auditBy } from '@state-server/audit';
import { type ActionOn, type BraneId, asBraneId } from '@state-server/domain';
import { callerOf } from '@state-server/identity';
import {
  type Answer,
  type RestReply,
  type RestRequest,
  createdAnswer,
  decodeCursor,
  demandOf,
  emptyAnswer,
  encodeCursor,
  etagHeader,
  formatOf,
  okAnswer,
  readRequest,
  respond,
  runKeyed,
  stateSeqHeader,
  traceFields,
  toBraneResource,
  wantedVersions,
} from '@state-server/platform';
import { MEDIA_TYPES, type RouteId } from '@state-server/protocol';
import type { AdministerBrane, AdministeredBrane } from './administer-brane';
import { authoriseInBrane } from '@state-server/commit';
import { BRANE_DEPS, type BraneHttpDeps } from './brane-http-deps';
import type { Replayed } from './brane-writer';
import { createBrane } from './create-brane';
import { deleteBrane } from './delete-brane';
import { encodeSnapshot } from './encode-snapshot';
import { type FoundBrane, seeBrane } from './find-brane';
import { getSnapshot } from './get-snapshot';
import { answerList } from './answer-list';
import { listHistory } from './list-history';
import { undeleteBrane } from './undelete-brane';
import { updateBrane } from './update-brane';

/** REST for /brane itself; its edits and members have doors of their own. */
@Controller('brane')
export class BraneHttp {
  constructor(@Inject(BRANE_DEPS) private readonly deps: BraneHttpDeps) {}

  @Post()
  async create(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { body } = readRequest('brane.create', request);
    const { user_id } = callerOf(request);
    const answer = await runKeyed(
      this.deps,
      'brane.create',
      request,
      { user_id, body },
      {
        authorise: () => Promise.resolve(),
        execute: async (claim) => {
          const made = await createBrane(this.deps, {
            ...body,
            user_id,
            op_id: claim.op_id,
            id: body.id ?? asBraneId(claim.newId('brane')),
            also: (tx, brane) => claim.record(tx, created(brane), brane.replayed),
          });
          return { answer: created(made), replayed: made.replayed };
        },
      },
    );
    respond(reply, answer);
  }

  @Get()
  async list(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { query } = readRequest('brane.list', request);
    respond(reply, okAnswer(await answerList(this.deps.store, callerOf(request).user_id, query)));
  }

  @Get(':id')
  async get(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('brane.get', request);
    const { user_id } = callerOf(request);
    const demand = demandOf(request);
    respond(reply, shown(await seeBrane(this.deps, { id: params.id, user_id, demand })));
  }

  @Patch(':id')
  async update(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('brane.update', request);
    await this.administer(
      { route: 'brane.update', braneId: params.id, action: 'brane.configure', body },
      request,
      reply,
      (input) => updateBrane(this.deps, { ...input, ...body }),
      ({ brane }) => shown(brane),
    );
  }

  @Delete(':id')
  async remove(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('brane.delete', request);
    await this.administer(
      { route: 'brane.delete', braneId: params.id, action: 'brane.delete' },
      request,
      reply,
      (input) => deleteBrane(this.deps, input),
      ({ position }) => emptyAnswer(stateSeqHeader(position)),
    );
  }

  @Post(':id/undelete')
  async undelete(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('brane.undelete', request);
    await this.administer(
      { route: 'brane.undelete', braneId: params.id, action: 'brane.delete' },
      request,
      reply,
      (input) => undeleteBrane(this.deps, input),
      ({ brane }) => shown(brane),
    );
  }

  @Get(':id/snapshot')
  async snapshot(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, query } = readRequest('brane.snapshot', request);
    const { snapshot, head } = await getSnapshot(this.deps, {
      user_id: callerOf(request).user_id,
      brane_id: params.id,
      ...(query.at === undefined ? {} : { at: query.at }),
    });
    const format = formatOf(request);
    const pieces = encodeSnapshot(snapshot, format, this.deps.environment);
    respond(
      reply,
      okAnswer(Readable.from(pieces), {
        ...stateSeqHeader(head),
        'content-type': MEDIA_TYPES[format],
      }),
    );
  }

  @Get(':id/history')
  async history(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, query } = readRequest('brane.history', request);
    const { cursor, after = 0, ...asked } = query;
    const list = `history:${params.id}:${query.order}`;
    const [from] = decodeCursor(list, 1, cursor) ?? [];
    const isDown = query.order === 'desc';
    const {
      brane,
      entries,
      next: last,
    } = await listHistory(this.deps.store, {
      ...asked,
      user_id: callerOf(request).user_id,
      brane_id: params.id,
      after: from === undefined || isDown ? after : Number(from),
      ...(from === undefined || !isDown ? {} : { before: Number(from) }),
    });
    const next = last === undefined ? null : encodeCursor(list, [last]);
    respond(reply, okAnswer({ items: entries, next_cursor: next }, stateSeqHeader(brane.head)));
  }

  private async administer(
    asked: {
      readonly route: RouteId;
      readonly braneId: BraneId;
      readonly action: ActionOn<'brane'>;
      readonly body?: unknown;
    },
    request: RestRequest,
    reply: RestReply,
    change: (input: AdministerBrane) => Promise<AdministeredBrane & Replayed>,
    encode: (done: AdministeredBrane) => Answer,
  ): Promise<void> {
    const { route, braneId, action, body } = asked;
    const { user_id } = callerOf(request);
    const versions = wantedVersions(request);
    const answer = await runKeyed(
      this.deps,
      route,
      request,
      { user_id, body },
      {
        authorise: () => authoriseInBrane(this.deps.store, user_id, braneId, action),
        execute: async (claim) => {
          const done = await change({
            user_id,
            op_id: claim.op_id,
            ...traceFields(),
            from: auditBy(request, callerOf(request)),
            brane_id: braneId,
            ...(versions && { if_versions: versions }),
            also: (tx, result) => claim.record(tx, encode(result), result.replayed),
          });
          return { answer: encode(done), replayed: done.replayed };
        },
      },
    );
    respond(reply, answer);
  }
}

function created(brane: FoundBrane): Answer {
  return createdAnswer(`/brane/${brane.meta.id}`, toBraneResource(brane, brane.role), headersOf(brane));
}

function shown(brane: FoundBrane): Answer {
  return okAnswer(toBraneResource(brane, brane.role), headersOf(brane));
}

function headersOf(brane: FoundBrane): Readonly<Record<string, string>> {
  return { ...etagHeader(brane.version), ...stateSeqHeader(brane.head) };
}
