import { readBrane, readSnapshot } from '@state-server/commit';
import {
  asBraneId,
  asOpId,
  asUserId,
  type BraneId,
  type BraneOp,
  type ClientOp,
  roleIn,
  type UserId,
} from '@state-server/domain';
import { fail } from '@state-server/protocol';
import type { SignIns } from './sign-ins';
import type { WriterNode } from './server-node';

export interface RestRequest {
  readonly method: string;
  readonly path: string;
  readonly token: string | undefined;
  /** Also the op id (PROTOCOL, Idempotency-Key). */
  readonly key: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What api-gateway answers, as far as the simulated people ask it. Throws StateErrors. */
export async function answer(node: WriterNode, signIns: SignIns, request: RestRequest): Promise<unknown> {
  const { method, path, body } = request;
  const [area = '', id = '', verb = '', member = ''] = path.slice(1).split('/');
  if (area === 'auth') return signIns.renew(String(body['refresh_token']), node.process);
  const userId = signIns.identify(request.token ?? '', node.process);
  if (area !== 'brane') throw fail('request.not_found');
  if (id === '') return create(node, userId, request);
  const braneId = asBraneId(id);
  switch (`${method} ${verb}`) {
    case 'GET snapshot':
      return snapshot(node, userId, braneId);
    case 'PATCH ':
      return administer(node, userId, braneId, request, { op: 'set_brane', ...body });
    case 'DELETE ':
      return administer(node, userId, braneId, request, { op: 'set_status', status: 'deleted' });
    case 'POST live':
      return administer(node, userId, braneId, request, { op: 'set_status', status: 'live' });
    case 'PUT members':
      return administer(node, userId, braneId, request, {
        op: 'set_member',
        user_id: asUserId(member),
        role: body['role'] as 'viewer',
      });
    case 'DELETE members':
      return administer(node, userId, braneId, request, {
        op: 'set_member',
        user_id: asUserId(member),
        role: null,
      });
    case 'POST edit':
    case 'POST undo':
    case 'POST redo':
      return mutate(node, userId, braneId, verb as 'edit', body);
    default:
      throw fail('request.not_found');
  }
}

async function create(node: WriterNode, userId: UserId, { key, body }: RestRequest): Promise<unknown> {
  const { meta } = await node.committer.createBrane(
    { kind: 'user', user_id: userId },
    { op_id: asOpId(key ?? ''), name: String(body['name']), visibility: body['visibility'] as 'private' },
  );
  return meta;
}

async function snapshot(node: WriterNode, userId: UserId, braneId: BraneId): Promise<unknown> {
  const found = await readSnapshot(node.store, braneId);
  if (!found || roleIn(found.meta, userId) === null) throw fail('brane.not_found', { id: braneId });
  return { brane: found.meta, epoch: found.head.epoch, seq: found.head.seq, objects: found.objects };
}

async function administer(
  node: WriterNode,
  userId: UserId,
  braneId: BraneId,
  { key }: RestRequest,
  op: BraneOp,
): Promise<unknown> {
  const before = await readBrane(node.store, braneId);
  if (!before || roleIn(before.meta, userId) === null) throw fail('brane.not_found', { id: braneId });
  const { op_id, epoch, seq } = await node.committer.administer({
    brane_id: braneId,
    actor: { kind: 'user', user_id: userId },
    op_id: asOpId(key ?? ''),
    ops: [op],
  });
  return { op_id, epoch, seq };
}

async function mutate(
  { committer }: WriterNode,
  userId: UserId,
  braneId: BraneId,
  verb: 'edit' | 'undo' | 'redo',
  body: RestRequest['body'],
): Promise<unknown> {
  const origin = {
    brane_id: braneId,
    actor: { kind: 'user', user_id: userId },
    op_id: asOpId(String(body['op_id'])),
  } as const;
  const target = body['target_op_id'] as string | undefined;
  const named = target === undefined ? {} : { target_op_id: asOpId(target) };
  const { op_id, epoch, seq } = await (verb === 'edit'
    ? committer.edit({ ...origin, ops: body['ops'] as ClientOp[] })
    : committer[verb]({ ...origin, ...named }));
  return { op_id, epoch, seq };
}
