import { childrenOf, type LiveBrane } from '@state-server/client';
import { asObjectId, type ObjectId } from '@state-server/domain';
import { until } from '@state-server/testing';
import { closeClients, gatewaySocket, newBrane, signIn, userOf } from './support/platform';

const names = (brane: LiveBrane): string[] =>
  [...childrenOf(brane.view, brane.id)].map((object) => object.name);

describe('two people on two gateways', () => {
  afterEach(closeClients);

  async function twoPeople() {
    const ada = await signIn('Ada', { webSocketUrl: gatewaySocket(0), format: 'cbor' });
    const bob = await signIn('Bob', { webSocketUrl: gatewaySocket(1), format: 'json' });
    const id = await newBrane(ada);
    await ada.rest.setMember(id, userOf(bob), 'editor');
    return { ada, bob, id, here: await ada.join(id), there: await bob.join(id) };
  }

  it('see each other’s edits once and in order, one in CBOR and one in JSON (R1, R5)', async () => {
    const { id, here, there } = await twoPeople();
    const seen: number[] = [];
    there.events.on('entry', ({ seq }) => seen.push(seq));
    const from = there.position?.seq ?? 0;
    for (let index = 0; index < 50; index += 1) {
      const brane = index % 2 === 0 ? here : there;
      brane.create({ kind: 'block', parent_id: id, name: `thing ${index}` });
    }
    await Promise.all([here.whenSaved(), there.whenSaved()]);
    await until(() => here.position?.seq === from + 50 && there.position?.seq === from + 50);
    expect(seen).toEqual(Array.from({ length: 50 }, (_, index) => from + 1 + index));
    expect(names(here)).toEqual(names(there));
    expect(names(here)).toHaveLength(50);
  });

  it('see the same transforms and values through both formats (S5)', async () => {
    const { id, here, there } = await twoPeople();
    const transform = Float32Array.of(0.1, 0, 0, 0, 0, 0.2, 0, 0, 0, 0, 0.3, 0, 1.5, -2.25, 1e-7, 1);
    const properties = {
      text: 'ünï',
      flag: true,
      list: [1, 2.5, 'x'],
      bytes: Uint8Array.of(0, 255),
      none: null,
    };
    const made = there.create({ kind: 'block', parent_id: id, transform, properties });
    await made.saved;
    const object = await until(() => here.view.get(made.id));
    expect(object.transform).toEqual(transform);
    expect(object.properties).toEqual(properties);
    expect(there.view.get(made.id)?.properties).toEqual(properties);
  });

  it('see what REST writes, and REST reads what they write', async () => {
    const { ada, bob, id, here, there } = await twoPeople();
    const byRest = await ada.rest.createObject({
      brane_id: id,
      kind: 'group',
      parent_id: id,
      name: 'by REST',
    });
    await until(() => there.view.get(byRest.id));
    const inside = there.create({ kind: 'block', parent_id: byRest.id, name: 'by WebSocket' });
    await inside.saved;
    expect((await ada.rest.object(inside.id)).name).toBe('by WebSocket');
    const [child] = (await bob.rest.children(byRest.id)).items;
    expect(child?.id).toBe(inside.id);
    await until(() => here.view.get(inside.id));
  });

  it('edit a brane of thousands of objects that one of them joins late (R1)', async () => {
    const { ada, bob, id, here, there } = await twoPeople();
    there.leave();
    for (let batch = 0; batch < 20; batch += 1) {
      here.edit(
        Array.from({ length: 100 }, (_, index) => ({
          op: 'create',
          object: { kind: 'block', parent_id: id, name: `${batch}/${index}` },
        })),
      );
    }
    await here.whenSaved();
    const late = await bob.join(id);
    expect(late.view.size).toBe(2_001);
    expect(names(late)).toEqual(names(here));
    expect((await ada.rest.snapshot(id)).objects).toHaveLength(2_001);
  });

  it('take back their own work only (U1, U2)', async () => {
    const { id, here, there } = await twoPeople();
    const chair = here.create({ kind: 'block', parent_id: id, properties: { color: 'red' } });
    await chair.saved;
    await until(() => there.view.get(chair.id));
    const color = (brane: LiveBrane, of: ObjectId): unknown => brane.view.get(of)?.properties['color'];
    await here.update(chair.id, { '/properties/color': 'green' }).saved;
    await until(() => color(there, chair.id) === 'green');
    await there.update(chair.id, { '/properties/color': 'blue' }).saved;
    await until(() => color(here, chair.id) === 'blue');
    const refused = here.undo();
    await expect(refused?.saved).rejects.toMatchObject({ code: 'undo.superseded' });
    await there.undo()?.saved;
    await until(() => color(here, chair.id) === 'green');
    await there.redo()?.saved;
    await until(() => color(here, chair.id) === 'blue');
  });

  it('delete a group with all in it, and have it back by one undo (S1)', async () => {
    const { id, here, there } = await twoPeople();
    const house = here.create({ kind: 'group', parent_id: id, name: 'house' });
    const room = here.create({ kind: 'group', parent_id: house.id, name: 'room' });
    here.create({ kind: 'block', parent_id: room.id, name: 'lamp' });
    await here.whenSaved();
    await until(() => names(there).includes('house'));
    await here.delete(house.id).saved;
    await until(() => !names(there).includes('house'));
    await here.undo()?.saved;
    await until(() => names(there).includes('house'));
    expect([...childrenOf(there.view, room.id)].map((object) => object.name)).toEqual(['lamp']);
  });

  it('see each other’s presence, and that somebody has gone (R6)', async () => {
    const { here, there, bob } = await twoPeople();
    there.presence.set({ cursor: [1, 2, 3], tool: 'brush' });
    const [entry] = await until(() => {
      const entries = [...here.presence.entries.values()];
      return entries.length === 1 && entries;
    });
    expect(entry).toMatchObject({ userId: userOf(bob), state: { cursor: [1, 2, 3], tool: 'brush' } });
    bob.close();
    await until(() => here.presence.entries.size === 0, { timeoutMs: 15_000 });
  });

  it('refuse an id that is in use anywhere (I6)', async () => {
    const { ada, id, here } = await twoPeople();
    const made = here.create({ kind: 'block', parent_id: id });
    await made.saved;
    const other = await ada.join(await newBrane(ada, 'another brane'));
    const twin = other.create({ kind: 'block', parent_id: other.id, id: asObjectId(made.id) });
    await expect(twin.saved).rejects.toMatchObject({ code: 'id.taken' });
    expect(other.view.get(made.id)).toBeUndefined();
  });
});
