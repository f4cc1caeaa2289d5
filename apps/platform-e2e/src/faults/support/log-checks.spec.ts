import { asBraneId, asOpId, type OpId } from '@state-server/domain';
import { Ledger } from './ledger';
import { type Entry, logFaults } from './log-checks';

const BRANE = asBraneId('00000000-0000-4000-8000-00000000000b');
const op = (number: number): OpId => asOpId(`00000000-0000-4000-8000-${String(number).padStart(12, '0')}`);
const at = (seq: number, epoch = 'e'): { epoch: string; seq: number } => ({ epoch, seq });

function entry(seq: number, more: Partial<Entry> = {}): Entry {
  return { seq, epoch: 'e', op_id: op(seq), at: `2026-01-01T00:00:0${seq}.000Z`, ...more };
}

/** Two editors; op 1 and 2 of the first, saved and seen by the second. */
function world() {
  const ledger = new Ledger();
  ledger.editors = 2;
  const edits = [1, 2].map((number) => {
    const edit = ledger.record({ opId: op(number), braneId: BRANE, editor: 0 });
    edit.acks.push(at(number));
    ledger.settled(edit, { kind: 'saved', at: at(number), after: 1 });
    ledger.saw(1, BRANE, { opId: op(number), seq: number });
    return edit;
  });
  return { ledger, edits, faults: (log: readonly Entry[]) => logFaults(log, ledger, BRANE, 2) };
}

describe('what is compared in the end of a fault', () => {
  it('finds nothing where everything is as it was promised (I1)', () => {
    expect(world().faults([entry(1), entry(2)])).toEqual([]);
  });

  it.each([
    ['an acknowledged edit that is not there', [entry(1)], /acknowledged and is not in the log/],
    ['one that is there twice', [entry(1), entry(2), entry(3, { op_id: op(1) })], /twice/],
    ['a hole', [entry(1), entry(3, { op_id: op(2) })], /seq 3 stands where 2 belongs/],
    [
      'one that stands elsewhere than was said',
      [entry(1, { op_id: op(2) }), entry(2, { op_id: op(1) })],
      /acknowledged as 1 and is 2/,
    ],
    ['another epoch', [entry(1), entry(2, { epoch: 'f' })], /acknowledged as 2/],
    ['a time that goes back', [entry(1), entry(2, { at: '2025-01-01T00:00:00.000Z' })], /before/],
    [
      'an entry that was shown and is none',
      [entry(1), entry(2, { op_id: op(9) })],
      /which the log does not hold/,
    ],
  ])('finds %s (I1, L4)', (_what, log, words) => {
    expect(world().faults(log).join('\n')).toMatch(words);
  });

  it('finds a refused edit that is in the log, and one whose fate nobody told (I2)', () => {
    const { ledger, edits, faults } = world();
    const [first] = edits;
    if (first) ledger.settled(first, { kind: 'refused', code: 'undo.superseded' });
    ledger.record({ opId: op(5), braneId: BRANE, editor: 1 });
    const found = faults([entry(1), entry(2)]).join('\n');
    expect(found).toMatch(/was refused and is in the log/);
    expect(found).toMatch(/neither saved nor refused/);
  });

  it('counts an edit as flowing once it is saved and all others have seen it', () => {
    const ledger = new Ledger();
    ledger.editors = 3;
    const edit = ledger.record({ opId: op(1), braneId: BRANE, editor: 0 });
    ledger.saw(1, BRANE, { opId: op(1), seq: 1 });
    ledger.settled(edit, { kind: 'saved', at: at(1), after: 1 });
    expect(ledger.flowedAgain(0, 0)).toBeUndefined();
    ledger.saw(2, BRANE, { opId: op(1), seq: 1 });
    expect(ledger.flowedAgain(0, 0)).toBeGreaterThan(0);
    expect(ledger.flowedAgain(0, performance.now())).toBeUndefined();
  });
});
