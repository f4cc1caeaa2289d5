import { asOpId } from '@state-server/domain';
import { type PendingEdit, PendingEdits } from './pending-edits';

function edit(opId: string): PendingEdit {
  const nothing = (): void => undefined;
  return { opId: asOpId(opId), kind: 'edit', ops: [], madeAt: 0, resolve: nothing, reject: nothing };
}

describe('the queue of pending edits', () => {
  it('numbers without gaps in the order of sending, and keeps a number once given (I3)', () => {
    const pending = new PendingEdits();
    const [first, second] = [edit('one'), edit('two')];
    pending.add(first);
    pending.add(second);
    expect([pending.number(first), pending.number(second), pending.number(first)]).toEqual([1, 2, 1]);
  });

  it('answers the refused edit and all later ones, in order, to be sent again (I3)', () => {
    const pending = new PendingEdits();
    for (const opId of ['one', 'two', 'three', 'unsent']) pending.add(edit(opId));
    for (const sent of pending.all.slice(0, 3)) pending.number(sent);
    expect(pending.from(2).map((item) => item.opId)).toEqual(['two', 'three']);
    expect(pending.unsent().map((item) => item.opId)).toEqual(['unsent']);
  });

  it('keeps op ids and order over a new session, and numbers anew from 1 (I1, I3, SDK-4)', () => {
    const pending = new PendingEdits();
    for (const opId of ['one', 'two']) pending.number(addTo(pending, opId));
    pending.remove(asOpId('one'));
    pending.newSession();
    expect(pending.unsent().map((item) => pending.number(item))).toEqual([1]);
    expect(pending.all.map((item) => item.opId)).toEqual(['two']);
  });
});

function addTo(pending: PendingEdits, opId: string): PendingEdit {
  const item = edit(opId);
  pending.add(item);
  return item;
}
