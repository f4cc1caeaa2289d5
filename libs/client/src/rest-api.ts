import type {
  BraneId,
  BraneMeta,
  ClientOp,
  Ids,
  NewObject,
  ObjectId,
  OpId,
  Role,
  SceneObject,
  UserId,
  Visibility,
} from '@state-server/domain';
import type { HttpAnswer, HttpRequest } from './http';

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

export interface PageRequest {
  readonly cursor?: string;
  readonly limit?: number;
}

export interface Profile {
  readonly id: UserId;
  readonly name: string;
  readonly version: number;
}

export interface BraneSnapshot {
  readonly brane: BraneMeta;
  readonly epoch: string;
  readonly seq: number;
  readonly objects: readonly SceneObject[];
}

export interface Committed {
  readonly op_id: OpId;
  readonly epoch: string;
  readonly seq: number;
}

export interface Member {
  readonly user_id: UserId;
  readonly role: Role;
}

/** Typed calls for what REST offers; anything else goes through `client.request`. */
export interface RestApi {
  me(): Promise<Profile>;
  createBrane(brane: { readonly name: string; readonly visibility?: Visibility }): Promise<BraneMeta>;
  branes(page?: PageRequest): Promise<Page<BraneMeta>>;
  brane(id: BraneId): Promise<BraneMeta>;
  renameBrane(id: BraneId, name: string): Promise<BraneMeta>;
  deleteBrane(id: BraneId): Promise<void>;
  snapshot(id: BraneId): Promise<BraneSnapshot>;
  history(id: BraneId, page?: { readonly after?: number; readonly limit?: number }): Promise<Page<unknown>>;
  /** The op id makes a repetition harmless; a fresh one is made when none is given. */
  edit(id: BraneId, ops: readonly ClientOp[], opId?: OpId): Promise<Committed>;
  undo(id: BraneId, targetOpId?: OpId): Promise<Committed>;
  redo(id: BraneId, targetOpId?: OpId): Promise<Committed>;
  members(id: BraneId): Promise<Page<Member>>;
  setMember(id: BraneId, userId: UserId, role: Role): Promise<Member>;
  removeMember(id: BraneId, userId: UserId): Promise<void>;
  createObject(object: NewObject & { readonly brane_id: BraneId }): Promise<SceneObject>;
  object(id: ObjectId): Promise<SceneObject>;
  children(id: ObjectId, page?: PageRequest): Promise<Page<SceneObject>>;
  deleteObject(id: ObjectId): Promise<void>;
}

/** @param send an authenticated request */
export function createRestApi(send: (request: HttpRequest) => Promise<HttpAnswer>, ids: Ids): RestApi {
  const get = async <Body>(
    path: string,
    query?: PageRequest | { after?: number; limit?: number },
  ): Promise<Body> =>
    (await send({ method: 'GET', path, ...(query ? { query: { ...query } } : {}) })).body as Body;
  const write = async <Body>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<Body> => {
    const headers = { 'idempotency-key': ids.uuid() };
    return (await send({ method, path, headers, ...(body === undefined ? {} : { body }) })).body as Body;
  };
  const operate = (id: BraneId, verb: string, body: object, opId?: OpId): Promise<Committed> =>
    write('POST', `/brane/${id}/${verb}`, { op_id: opId ?? ids.uuid(), ...body });
  const target = (opId: OpId | undefined): object => (opId === undefined ? {} : { target_op_id: opId });

  return {
    me: () => get('/users/me'),
    createBrane: (brane) => write('POST', '/brane', { visibility: 'private', ...brane }),
    branes: (page) => get('/brane', page),
    brane: (id) => get(`/brane/${id}`),
    renameBrane: (id, name) => write('PATCH', `/brane/${id}`, { name }),
    deleteBrane: (id) => write('DELETE', `/brane/${id}`),
    snapshot: (id) => get(`/brane/${id}/snapshot`),
    history: (id, page) => get(`/brane/${id}/history`, page),
    edit: (id, ops, opId) => operate(id, 'edit', { ops }, opId),
    undo: (id, opId) => operate(id, 'undo', target(opId)),
    redo: (id, opId) => operate(id, 'redo', target(opId)),
    members: (id) => get(`/brane/${id}/members`),
    setMember: (id, userId, role) => write('PUT', `/brane/${id}/members/${userId}`, { role }),
    removeMember: (id, userId) => write('DELETE', `/brane/${id}/members/${userId}`),
    createObject: (object) => write('POST', '/object', object),
    object: (id) => get(`/object/${id}`),
    children: (id, page) => get(`/object/${id}/children`, page),
    deleteObject: (id) => write('DELETE', `/object/${id}`),
  };
}
