import { asSessionId, asUserId, type SessionId, type UserId, type ValueMap } from '@state-server/domain';
import { decodeCbor, encodeCbor } from '@state-server/protocol';

/** One session's whole state; a later `turn` wins over an earlier one, in whatever order they come. */
export interface PresenceState {
  readonly session_id: SessionId;
  readonly user_id: UserId;
  readonly turn: number;
  readonly state: ValueMap;
}

/** What gateways tell each other about a brane's presence (`channels.presence`). */
export type PresenceMessage =
  | { readonly kind: 'states'; readonly states: readonly PresenceState[] }
  | {
      readonly kind: 'gone';
      readonly sessions: readonly { readonly session_id: SessionId; readonly turn: number }[];
    }
  /** A gateway has opened the brane and knows nobody: say again who is there. */
  | { readonly kind: 'ask' };

export function encodePresenceMessage(message: PresenceMessage): Uint8Array {
  switch (message.kind) {
    case 'states':
      return encodeCbor(['states', message.states.map((s) => [s.session_id, s.user_id, s.turn, s.state])]);
    case 'gone':
      return encodeCbor(['gone', message.sessions.map((s) => [s.session_id, s.turn])]);
    case 'ask':
      return encodeCbor(['ask', []]);
    default:
      return message satisfies never;
  }
}

/** Undefined for what is no such message: the bus is not trusted, and presence is said again. */
export function decodePresenceMessage(payload: Uint8Array): PresenceMessage | undefined {
  const value = decodeOrNothing(payload);
  if (!Array.isArray(value)) return undefined;
  const [kind, list] = value as readonly unknown[];
  if (!Array.isArray(list)) return undefined;
  const items = list as readonly unknown[];
  if (kind === 'states') return { kind, states: items.flatMap(readState) };
  if (kind === 'gone') return { kind, sessions: items.flatMap(readGone) };
  return kind === 'ask' ? { kind } : undefined;
}

function readState(item: unknown): PresenceState[] {
  if (!Array.isArray(item)) return [];
  const [session, user, turn, state] = item as readonly unknown[];
  if (typeof session !== 'string' || typeof user !== 'string' || typeof turn !== 'number') return [];
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return [];
  return [
    {
      session_id: asSessionId(session),
      user_id: asUserId(user),
      turn,
      state: state as PresenceState['state'],
    },
  ];
}

function readGone(item: unknown): { session_id: SessionId; turn: number }[] {
  if (!Array.isArray(item)) return [];
  const [session, turn] = item as readonly unknown[];
  return typeof session === 'string' && typeof turn === 'number'
    ? [{ session_id: asSessionId(session), turn }]
    : [];
}

function decodeOrNothing(payload: Uint8Array): unknown {
  try {
    return decodeCbor(payload, { integers: 'int64' });
  } catch {
    return undefined;
  }
}
