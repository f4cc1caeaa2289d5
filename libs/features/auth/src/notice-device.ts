import { deviceName, secretHash } from '@state-server/identity';
import { queueMail } from '@state-server/mail';
import type { SessionDoc, Transaction, UserDoc } from '@state-server/persistence-port';

/** Devices of one user that are remembered; the one that was not seen for longest goes first. */
const MAX_DEVICES = 20;

/**
 * Remembers from which kind of device (browser and system) a user signs in, and writes to him when it is one that he was never
 * seen on (ID22). His first one ever is no news. In the transaction of the sign-in, after the session was opened.
 */
export async function noticeDevice(tx: Transaction, user: UserDoc, session: SessionDoc): Promise<void> {
  const device = deviceName(session.user_agent) ?? 'unknown';
  const id = secretHash(device).slice(0, 16);
  const { devices: known = [] } = user;
  if (known.at(-1) === id) return;
  tx.put('users', { ...user, devices: [...known.filter((one) => one !== id), id].slice(-MAX_DEVICES) });
  if (known.length === 0 || known.includes(id) || user.email === undefined) return;
  await queueMail(tx, {
    template: 'sign_in.new_device',
    to: user.email,
    data: {
      name: user.name,
      device,
      ...(session.address === undefined ? {} : { address: session.address }),
      at: session.created_at,
    },
    key: `sign_in.new_device:${session.id}`,
    locale: user.locale,
    at: session.created_at,
  });
}
