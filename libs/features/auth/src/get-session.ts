import { type Identity, toSessionResource } from '@state-server/identity';
import type { Store } from '@state-server/persistence-port';
import { toUserResource } from '@state-server/platform';
import { fail, type ResponseOf } from '@state-server/protocol';

/** The session and the user that an access token stands for. Throws `auth.revoked` when the session has ended. */
export async function getSession(
  store: Store,
  identity: Pick<Identity, 'session_id' | 'user_id'>,
): Promise<ResponseOf<'auth.session'>> {
  const [session, user] = await store.read({ label: 'auth.session' }, (tx) =>
    Promise.all([tx.get('sessions', [identity.session_id]), tx.get('users', [identity.user_id])]),
  );
  if (!session || !user) throw fail('auth.revoked');
  return { session: toSessionResource(session, session.id), user: toUserResource(user) };
}
