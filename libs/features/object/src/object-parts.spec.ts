import { createCommitter } from '@state-server/commit';
import {
  asBraneId,
  asObjectId,
  asOpId,
  asPrototypeId,
  asUserId,
  type ObjectId,
  type UserId,
} from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import { deleteObject } from './delete-object';
import { findObject } from './find-object';
import { followLink } from './follow-link';
import { galleryOf, putInGallery, removeFromGallery } from './gallery';

const coded = (code: string): unknown => expect.objectContaining({ code });

describe('what hangs on an object', () => {
  const environment = createFakeEnvironment();
  const { ids } = environment;
  const store = createMemoryStore({ environment });
  const committer = createCommitter({ store, environment, publish: () => undefined, writerId: 'spec' });
  const deps = { store, committer };
  const newOp = (): ReturnType<typeof asOpId> => asOpId(ids.uuid());
  const [owner, guest] = [asUserId(ids.uuid()), asUserId(ids.uuid())];
  const actor = { kind: 'user', user_id: owner } as const;
  const braneId = asBraneId(ids.uuid());
  const brane = (id: ReturnType<typeof asBraneId>, visibility: 'public' | 'private') =>
    committer.createBrane(actor, { id, op_id: newOp(), name: 'b', visibility });
  const write = (id: ObjectId, user_id: UserId = owner) => ({ user_id, op_id: newOp(), id });
  const link = async (to: ReturnType<typeof asBraneId>): Promise<ObjectId> => {
    const id = asObjectId(ids.uuid());
    const object = { kind: 'group', id, parent_id: braneId, link: to } as const;
    await committer.edit({ brane_id: braneId, actor, op_id: newOp(), ops: [{ op: 'create', object }] });
    return id;
  };
  const status = (id: ReturnType<typeof asBraneId>, value: 'deleted' | 'live') =>
    committer.administer({ brane_id: id, actor, op_id: newOp(), ops: [{ op: 'set_status', status: value }] });

  beforeAll(() => brane(braneId, 'public'));

  it('is a gallery: prototypes in order, each once, put and taken away by updates (OBJ-2)', async () => {
    const [one, two, three] = [
      asPrototypeId(ids.uuid()),
      asPrototypeId(ids.uuid()),
      asPrototypeId(ids.uuid()),
    ];
    for (const prototype_id of [one, two, three])
      await putInGallery(deps, { ...write(braneId), prototype_id });
    const listed = async () => galleryOf((await findObject(store, guest, braneId)).object);
    expect((await listed()).map((entry) => entry.prototype_id)).toEqual([one, two, three]);
    const first = (await listed())[0]?.order ?? '';
    // Its place stays when it is put again without one.
    await putInGallery(deps, { ...write(braneId), prototype_id: one });
    await putInGallery(deps, { ...write(braneId), prototype_id: three, order: `Z${first.slice(1)}` });
    expect((await listed()).map((entry) => entry.prototype_id)).toEqual([three, one, two]);
    await removeFromGallery(deps, { ...write(braneId), prototype_id: one });
    expect((await listed()).map((entry) => entry.prototype_id)).toEqual([three, two]);
    await expect(putInGallery(deps, { ...write(braneId, guest), prototype_id: one })).rejects.toEqual(
      coded('permission.denied'),
    );
  });

  it('is a link, which shows of the other brane what the reader may see of it, and no more (S7, OBJ-6)', async () => {
    const [open, closed] = [asBraneId(ids.uuid()), asBraneId(ids.uuid())];
    await brane(open, 'public');
    await brane(closed, 'private');
    const toOpen = await link(open);
    const toClosed = await link(closed);
    const toNothing = await link(asBraneId(ids.uuid()));
    expect(await followLink(store, guest, toOpen)).toMatchObject({
      state: 'live',
      brane: { id: open, role: 'guest' },
    });
    expect(await followLink(store, owner, toClosed)).toMatchObject({
      state: 'live',
      brane: { role: 'owner' },
    });
    expect(await followLink(store, guest, toClosed)).toEqual({ link: closed, state: 'unavailable' });
    const { link: nowhere, ...nothing } = await followLink(store, guest, toNothing);
    expect([nowhere === closed, nothing]).toEqual([false, { state: 'unavailable' }]);
    await status(open, 'deleted');
    expect(await followLink(store, owner, toOpen)).toMatchObject({
      state: 'deleted',
      brane: { status: 'deleted' },
    });
    expect(await followLink(store, guest, toOpen)).toEqual({ link: open, state: 'unavailable' });
    await expect(followLink(store, owner, braneId)).rejects.toEqual(coded('object.not_a_link'));
  });

  it('says of a link that what it led to is gone (S7, OBJ-6)', async () => {
    const target = asBraneId(ids.uuid());
    await brane(target, 'public');
    const id = await link(target);
    await status(target, 'deleted');
    await environment.advance(31 * 24 * 3_600_000);
    while (!(await committer.purge(target, 100)));
    expect(await followLink(store, guest, id)).toEqual({ link: target, state: 'gone' });
  });

  it('is a link whose deletion leaves its target alone; links may go round in a circle (S7, OBJ-6)', async () => {
    const target = asBraneId(ids.uuid());
    await brane(target, 'public');
    const id = await link(target);
    const back = { kind: 'group', id: asObjectId(ids.uuid()), parent_id: target, link: braneId } as const;
    await committer.edit({ brane_id: target, actor, op_id: newOp(), ops: [{ op: 'create', object: back }] });
    expect(await followLink(store, guest, back.id)).toMatchObject({ state: 'live', brane: { id: braneId } });
    await deleteObject(deps, write(id));
    expect((await findObject(store, guest, target)).meta.status).toBe('live');
    expect((await findObject(store, guest, back.id)).object.id).toBe(back.id);
  });
});
