import { until } from '@state-server/testing';
import {
  closeClients,
  errorCode,
  gatewaySocket,
  newBrane,
  raw,
  signIn,
  tokenOf,
  userOf,
} from './support/platform';
import { RawSocket } from './support/raw-socket';

describe('permissions', () => {
  afterEach(closeClients);

  it('let a viewer look, refuse his edits with a precise error, and his connection lives', async () => {
    const ada = await signIn('Ada');
    const vic = await signIn('Vic');
    const id = await newBrane(ada);
    await ada.rest.setMember(id, userOf(vic), 'viewer');
    const brane = await vic.join(id);
    expect(brane.role).toBe('viewer');
    const edit = brane.create({ kind: 'block', parent_id: id });
    await expect(edit.saved).rejects.toMatchObject({ code: 'permission.denied' });
    expect(brane.view.get(edit.id)).toBeUndefined();
    const byRest = vic.rest.createObject({ brane_id: id, kind: 'block', parent_id: id });
    await expect(byRest).rejects.toMatchObject({ code: 'permission.denied', status: 403 });
    expect(vic.status.state).toBe('open');
  });

  it('hide a private brane from strangers, over REST and WebSocket alike', async () => {
    const ada = await signIn('Ada');
    const eve = await signIn('Eve');
    const id = await newBrane(ada);
    await expect(eve.join(id)).rejects.toMatchObject({ code: 'brane.not_found' });
    await expect(eve.rest.brane(id)).rejects.toMatchObject({ code: 'brane.not_found', status: 404 });
    await expect(eve.rest.object(id)).rejects.toMatchObject({ status: 404 });
  });

  it('put a removed member out of the brane within 2 s, on another gateway (L6, RT-3)', async () => {
    const ada = await signIn('Ada', { webSocketUrl: gatewaySocket(0) });
    const bob = await signIn('Bob', { webSocketUrl: gatewaySocket(1) });
    const id = await newBrane(ada);
    await ada.rest.setMember(id, userOf(bob), 'editor');
    const [here, there] = [await ada.join(id), await bob.join(id)];
    const left: { reason: string; seen: number }[] = [];
    there.events.on('left', ({ reason }) => left.push({ reason, seen: there.stats.entries }));
    await ada.rest.removeMember(id, userOf(bob));
    await until(() => left.length === 1, { timeoutMs: 2_000, what: 'the removed member to be told' });
    await here.create({ kind: 'block', parent_id: id, name: 'secret' }).saved;
    expect(left[0]?.reason).toBe('removed');
    expect(there.stats.entries).toBe(left[0]?.seen);
    await expect(bob.join(id)).rejects.toMatchObject({ code: 'brane.not_found' });
  });

  it('tell a member whose role has changed, and hold to the new one at once', async () => {
    const ada = await signIn('Ada', { webSocketUrl: gatewaySocket(0) });
    const bob = await signIn('Bob', { webSocketUrl: gatewaySocket(1) });
    const id = await newBrane(ada);
    await ada.rest.setMember(id, userOf(bob), 'viewer');
    const brane = await bob.join(id);
    const roles: string[] = [];
    brane.events.on('role', (role) => roles.push(role));
    await ada.rest.setMember(id, userOf(bob), 'editor');
    await until(() => roles.includes('editor'));
    await brane.create({ kind: 'block', parent_id: id }).saved;
  });

  it('end every open session of a revoked token within 2 s (F1)', async () => {
    const token = await tokenOf('Rita');
    const socket = await RawSocket.session(token);
    const headers = { authorization: `Bearer ${token}`, accept: 'application/cbor' };
    expect((await raw('GET', '/users/me', { headers })).status).toBe(200);
    expect((await raw('POST', '/auth/logout', { headers })).status).toBeLessThan(300);
    await until(() => socket.closed, {
      timeoutMs: 2_000,
      what: 'the socket of the revoked session to close',
    });
    const refused = await until(
      async () => {
        const answer = await raw('GET', '/users/me', { headers });
        return answer.status === 401 && answer;
      },
      { timeoutMs: 2_000 },
    );
    expect(errorCode(refused)).toBe('auth.revoked');
  });
});
