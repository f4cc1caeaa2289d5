import {
  type ActionInvokeFrame,
  type BraneInterestFrame,
  type BraneJoinFrame,
  fail,
} from '@state-server/protocol';

/** What the protocol has and this server does not do yet. */
export function unsupported(frame: BraneInterestFrame | ActionInvokeFrame | BraneJoinFrame): Error {
  const what = frame.type === 'action.invoke' ? 'Actions are' : 'Region views are';
  return fail('op.unsupported', { type: frame.type }, `${what} not available yet.`);
}
