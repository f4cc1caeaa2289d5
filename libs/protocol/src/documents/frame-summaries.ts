import type { ClientFrameType } from '../frames/client-frames';
import type { ServerFrameType } from '../frames/server-frames';

const SUMMARIES: Readonly<Record<ClientFrameType | ServerFrameType, string>> = {
  'session.hello': 'Opens the session, with an access token or a single-use ticket. First frame, once.',
  'session.refresh': 'Hands in a new access token before the old one expires.',
  'system.ping': 'Shows that the client lives, at least every heartbeat_ms.',
  'brane.join':
    'Asks for a brane: what it is now, or what happened after `after`, and from then on every edit.',
  'brane.edit':
    'Ops that are applied all or none, under one op id. client_seq counts from 1 per session and brane.',
  'brane.undo': 'Takes back an edit of your own as far as nobody has changed the same since.',
  'brane.redo': 'Does again what an undo took back.',
  'brane.leave': 'Ends what brane.join began.',
  'brane.interest': 'Narrows the view to a region. Not available yet: answered op.unsupported.',
  'presence.set':
    'Tells the others in the brane where you are and what you drag; not stored. null takes a key away.',
  'action.invoke': 'Calls a handler of an object. Not available yet: answered op.unsupported.',
  'session.welcome': 'The session is open. limits is the table of limits, with the unit in each name.',
  'session.refreshed': 'The new token holds.',
  'system.pong': 'Answers system.ping.',
  'system.error': 'A frame was refused, or something went wrong; the code is from the error table.',
  'system.draining':
    'This server goes away: connect again after reconnect_in_ms; nothing acknowledged is lost.',
  'brane.joined': 'You are in. The state up to seq follows, in mode snapshot or replay, then brane.synced.',
  'brane.snapshot':
    'A part of the state at seq: objects, in no particular order; a child may come before its parent.',
  'brane.synced': 'All up to seq has been sent; live edits follow.',
  'brane.ack': 'The edit is durable. The same op id again gets the same answer.',
  'brane.ops': 'One entry of the log, resolved. They come in seq order, without holes or repetitions.',
  'brane.left': 'You are out: as asked, removed, or because the brane is gone.',
  'brane.role': 'Your role in the brane has changed.',
  'presence.update': 'What changed in the others’ presence since the last update.',
};

/** One sentence for each frame, by its type. */
export function frameSummary(type: string): string {
  return Object.entries(SUMMARIES).find(([known]) => known === type)?.[1] ?? '';
}
