import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { callerOf } from '@state-server/identity';
import {
  type RestReply,
  type RestRequest,
  decodeCursor,
  encodeCursor,
  okAnswer,
  page,
  readRequest,
  respond,
} from '@state-server/platform';
import { BRANE_DEPS, type BraneHttpDeps } from './brane-http-deps';
import { getOperation, listOperations } from './list-operations';

/** REST for the long work on a brane. */
@Controller('brane/:id/operations')
export class OperationHttp {
  constructor(@Inject(BRANE_DEPS) private readonly deps: BraneHttpDeps) {}

  @Get()
  async list(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, query } = readRequest('operations.list', request);
    const list = `operations:${params.id}`;
    const [createdAt, id] = decodeCursor(list, 2, query.cursor) ?? [];
    const after = { created_at: String(createdAt), id: String(id) };
    const found = await listOperations(this.deps.store, {
      user_id: callerOf(request).user_id,
      brane_id: params.id,
      limit: query.limit,
      ...(id === undefined ? {} : { after }),
    });
    const body = page(found, query.limit, (last) => encodeCursor(list, [last.created_at, last.id]));
    respond(reply, okAnswer(body));
  }

  @Get(':operation_id')
  async get(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('operations.get', request);
    const operation = await getOperation(this.deps.store, {
      user_id: callerOf(request).user_id,
      brane_id: params.id,
      operation_id: params.operation_id,
    });
    respond(reply, okAnswer(operation));
  }
}
