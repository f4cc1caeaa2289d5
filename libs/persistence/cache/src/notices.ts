import type { Changes } from '@state-server/persistence-port';
import { decodeCbor, encodeCbor } from '@state-server/protocol';

/** `[[[scope, epoch, seq], …], [doubtful scope, …], ids]` for `channels.changes`. */
export function encodeChanges({ places, doubtful, ids }: Changes): Uint8Array {
  return encodeCbor([places.map(({ scope, epoch, seq }) => [scope, epoch, seq]), doubtful, ids]);
}

/** Without what is not such a change: the bus is not trusted, and what it does not tell is found out in time. */
export function decodeChanges(payload: Uint8Array): Changes | undefined {
  const message = decodeOrNothing(payload);
  if (!Array.isArray(message) || message.length !== 3) return undefined;
  const [places, doubtful, ids] = message as readonly unknown[];
  if (!Array.isArray(places) || !Array.isArray(doubtful) || typeof ids !== 'boolean') return undefined;
  return {
    places: (places as readonly unknown[]).flatMap((item) => {
      const [scope, epoch, seq] = Array.isArray(item) ? (item as readonly unknown[]) : [];
      const isPlace =
        typeof scope === 'string' && typeof epoch === 'string' && typeof seq === 'number' && seq >= 0;
      return isPlace ? [{ scope, epoch, seq }] : [];
    }),
    doubtful: (doubtful as readonly unknown[]).filter((scope) => typeof scope === 'string'),
    ids,
  };
}

function decodeOrNothing(payload: Uint8Array): unknown {
  try {
    return decodeCbor(payload);
  } catch {
    return undefined;
  }
}
