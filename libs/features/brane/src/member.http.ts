import { Controller, Delete, Get, Inject, Put, Req, Res } from '@nestjs/common';
import { authoriseInBrane, type Position } from '@state-server/commit';
import { asUserId } from '@state-server/domain';
import { auditBy } from '@state-server/audit';
import { callerOf } from '@state-server/identity';
import {
  type Answer,
  type RestReply,
  type RestRequest,
  decodeCursor,
  emptyAnswer,
  encodeCursor,
  okAnswer,
  page,
  readRequest,
  respond,
  runKeyed,
  stateSeqHeader,
  traceFields,
} from '@state-server/platform';
import { BRANE_DEPS, type BraneHttpDeps } from './brane-http-deps';
import { getMember, listMembers } from './list-members';
import { removeMember } from './remove-member';
import { type MemberSet, setMember } from './set-member';

/** REST for the members of a brane. */
@Controller('brane/:id/members')
export class MemberHttp {
  constructor(@Inject(BRANE_DEPS) private readonly deps: BraneHttpDeps) {}

  @Get()
  async list(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, query } = readRequest('members.list', request);
    const list = `members:${params.id}`;
    const [after] = decodeCursor(list, 1, query.cursor) ?? [];
    const found = await listMembers(this.deps.store, {
      user_id: callerOf(request).user_id,
      brane_id: params.id,
      limit: query.limit,
      ...(after === undefined ? {} : { after: asUserId(String(after)) }),
    });
    respond(reply, okAnswer(page(found, query.limit, (member) => encodeCursor(list, [member.user_id]))));
  }

  @Get(':user_id')
  async get(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('members.get', request);
    const member = await getMember(this.deps.store, {
      user_id: callerOf(request).user_id,
      brane_id: params.id,
      member_id: params.user_id,
    });
    respond(reply, okAnswer(member));
  }

  @Put(':user_id')
  async put(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('members.put', request);
    const { user_id } = callerOf(request);
    const encode = ({ member, position }: MemberSet): Answer => okAnswer(member, stateSeqHeader(position));
    const answer = await runKeyed(
      this.deps,
      'members.put',
      request,
      { user_id, body },
      {
        authorise: () => authoriseInBrane(this.deps.store, user_id, params.id, 'brane.manage_members'),
        execute: async (claim) => {
          const done = await setMember(this.deps, {
            user_id,
            op_id: claim.op_id,
            ...traceFields(),
            from: auditBy(request, callerOf(request)),
            brane_id: params.id,
            member_id: params.user_id,
            role: body.role,
            also: (tx, result) => claim.record(tx, encode(result), result.replayed),
          });
          return { answer: encode(done), replayed: done.replayed };
        },
      },
    );
    respond(reply, answer);
  }

  @Delete(':user_id')
  async remove(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('members.delete', request);
    const { user_id } = callerOf(request);
    const leaves = params.user_id === user_id;
    const encode = (position: Position): Answer => emptyAnswer(stateSeqHeader(position));
    const answer = await runKeyed(
      this.deps,
      'members.delete',
      request,
      { user_id, body: undefined },
      {
        // Whoever left is no member any more, and may hear again that he has left.
        authorise: () =>
          leaves
            ? Promise.resolve()
            : authoriseInBrane(this.deps.store, user_id, params.id, 'brane.manage_members'),
        execute: async (claim) => {
          const done = await removeMember(this.deps, {
            user_id,
            op_id: claim.op_id,
            ...traceFields(),
            from: auditBy(request, callerOf(request)),
            brane_id: params.id,
            member_id: params.user_id,
            also: (tx, position) => claim.record(tx, encode(position), position.replayed),
          });
          return { answer: encode(done), replayed: done.replayed };
        },
      },
    );
    respond(reply, answer);
  }
}
