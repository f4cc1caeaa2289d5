import { Controller, Delete, Get, Inject, Patch, Post, Req, Res } from '@nestjs/common';
import { originOf } from '@state-server/audit';
import { callerOf } from '@state-server/identity';
import type { LinkDoc } from '@state-server/persistence-port';
import {
  emptyAnswer,
  okAnswer,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
} from '@state-server/platform';
import type { LinkResource } from '@state-server/protocol';
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
    const { user_id } = callerOf(request);
    const by = { user_id, brane_id: params.id, origin: originOf(request) };
    const { link, token } = await createLink(this.deps, { ...body, ...by });
    respond(reply, okAnswer({ ...toLinkResource(link), token }, SECRET));
  }

  @Patch(':link_id')
  async update(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('links.update', request);
    const { user_id } = callerOf(request);
    const named = { user_id, brane_id: params.id, link_id: params.link_id };
    respond(reply, okAnswer(toLinkResource(await updateLink(this.deps, { ...named, change: body }))));
  }

  @Delete(':link_id')
  async revoke(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('links.revoke', request);
    const { user_id } = callerOf(request);
    const named = { user_id, brane_id: params.id, link_id: params.link_id };
    await revokeLink(this.deps, { ...named, origin: originOf(request) });
    respond(reply, emptyAnswer());
  }
}

/** Without the hash of its token. */
function toLinkResource({ hash: _hash, ...link }: LinkDoc): LinkResource {
  return link;
}
