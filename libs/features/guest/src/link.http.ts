import { Controller, Delete, Get, Inject, Patch, Post, Req, Res } from '@nestjs/common';
import { type AuditOrigin, originOf } from '@state-server/audit';
import type { BraneId, UserId } from '@state-server/domain';
import { callerOf } from '@state-server/identity';
import type { LinkDoc } from '@state-server/persistence-port';
import {
  type Answer,
  emptyAnswer,
  type Claim,
  okAnswer,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
  runKeyed,
} from '@state-server/platform';
import type { LinkResource } from '@state-server/protocol';
import { braneFor } from './brane-for';
import { GUESTS_DEPS, type GuestsDeps } from './guest-deps';
import { createLink, listLinks, revokeLink, updateLink } from './links';

/** A token is told to whoever makes the link, and to no cache. */
const SECRET = { 'cache-control': 'no-store' };

/** REST for the share links of a brane. */
@Controller('brane/:id/links')
export class LinkHttp {
  constructor(@Inject(GUESTS_DEPS) private readonly deps: GuestsDeps) {}

  @Get()
  async list(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('links.list', request);
    const links = await listLinks(this.deps, { user_id: callerOf(request).user_id, brane_id: params.id });
    respond(reply, okAnswer({ items: links.map(toLinkResource) }));
  }

  @Post()
  async create(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('links.create', request);
    await this.keyed('links.create', { request, reply, body }, params.id, async (by, claim) => {
      const { link, token } = await createLink(this.deps, {
        ...{ ...body, ...by },
        // The answer that is kept for a repetition goes without the token.
        also: (tx, made) => claim.record(tx, okAnswer(toLinkResource(made), SECRET), false),
      });
      return okAnswer({ ...toLinkResource(link), token }, SECRET);
    });
  }

  @Patch(':link_id')
  async update(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('links.update', request);
    await this.keyed('links.update', { request, reply, body }, params.id, async (by, claim) => {
      const link = await updateLink(this.deps, {
        ...{ ...by, link_id: params.link_id, change: body },
        also: (tx, changed) => claim.record(tx, okAnswer(toLinkResource(changed)), false),
      });
      return okAnswer(toLinkResource(link));
    });
  }

  @Delete(':link_id')
  async revoke(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('links.revoke', request);
    await this.keyed('links.revoke', { request, reply, body: undefined }, params.id, async (by, claim) => {
      await revokeLink(this.deps, {
        ...{ ...by, link_id: params.link_id },
        also: (tx) => claim.record(tx, emptyAnswer(), false),
      });
      return emptyAnswer();
    });
  }

  private async keyed(
    route: 'links.create' | 'links.update' | 'links.revoke',
    {
      request,
      reply,
      body,
    }: { readonly request: RestRequest; readonly reply: RestReply; readonly body: unknown },
    brane_id: BraneId,
    work: (by: ByCaller, claim: Claim) => Promise<Answer>,
  ): Promise<void> {
    const { user_id } = callerOf(request);
    const action = route === 'links.revoke' ? 'brane.moderate' : 'brane.manage_members';
    const answer = await runKeyed(
      this.deps,
      route,
      request,
      { user_id, body },
      {
        authorise: async () => {
          await braneFor(this.deps.store, user_id, brane_id, action);
        },
        execute: async (claim) => {
          const done = await work({ user_id, brane_id, origin: originOf(request) }, claim);
          return { answer: done, replayed: false };
        },
      },
    );
    respond(reply, answer);
  }
}

interface ByCaller {
  readonly user_id: UserId;
  readonly brane_id: BraneId;
  readonly origin: AuditOrigin;
}

/** Without the hash of its token. */
function toLinkResource({ hash: _hash, ...link }: LinkDoc): LinkResource {
  return link;
}
