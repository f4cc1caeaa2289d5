import { fail, type StateError } from '@state-server/protocol';
import { createFakeEnvironment } from '@state-server/testing';
import { EditQueue } from './edit-queue';

interface Deferred {
  readonly clientSeq: number;
  succeed(): void;
  fail(error: StateError): void;
}

/** A write path under the test's control. */
function bench(perBatch = 64) {
  const queue = new EditQueue({ edits_waiting: 100, edits_per_batch: perBatch });
  const started: Deferred[] = [];
  const refused: [number, string][] = [];
  const send = (clientSeq: number, again = false): string => {
    try {
      queue.check(clientSeq, again);
    } catch (error) {
      return (error as StateError).code;
    }
    queue.add({
      clientSeq,
      run: () =>
        new Promise((resolve, reject) =>
          started.push({ clientSeq, succeed: () => resolve(), fail: (error) => reject(error) }),
        ),
      refuse: (error) => refused.push([clientSeq, error.code]),
    });
    return 'taken';
  };
  const { settle } = createFakeEnvironment();
  const running = (): number[] => started.map(({ clientSeq }) => clientSeq);
  return { queue, send, started, running, refused, settle };
}

describe('order of a session’s edits (I3)', () => {
  it('refuses a number whose predecessor has not come', () => {
    const { send } = bench();
    expect(send(2)).toBe('edit.out_of_order');
    expect(send(1)).toBe('taken');
    expect(send(2)).toBe('taken');
    expect(send(4)).toBe('edit.out_of_order');
  });

  it('takes a number once, unless it says that it is sent again', () => {
    const { send } = bench();
    send(1);
    expect(send(1)).toBe('edit.out_of_order');
    expect(send(1, true)).toBe('taken');
  });

  it('commits together what came in while a commit was in flight', async () => {
    const { send, started, running, settle } = bench();
    for (const number of [1, 2, 3]) send(number);
    await settle();
    expect(running()).toEqual([1]);
    started[0]?.succeed();
    await settle();
    expect(running()).toEqual([1, 2, 3]);
  });

  it('refuses all later ones after a retryable refusal, until that number comes again', async () => {
    const { send, started, running, refused, settle } = bench();
    for (const number of [1, 2, 3]) send(number);
    await settle();
    started[0]?.fail(fail('commit.conflict'));
    await settle();
    expect(refused).toEqual([
      [1, 'commit.conflict'],
      [2, 'edit.out_of_order'],
      [3, 'edit.out_of_order'],
    ]);
    expect(running()).toEqual([1]);
    expect(send(2)).toBe('edit.out_of_order');
    expect(send(1)).toBe('taken');
    expect(send(2)).toBe('taken');
  });

  it('goes on after a refusal that is final: its number is used up', async () => {
    const { send, started, refused, running, settle } = bench();
    send(1);
    send(2);
    await settle();
    started[0]?.fail(fail('permission.denied'));
    await settle();
    expect(refused).toEqual([[1, 'permission.denied']]);
    expect(running()).toEqual([1, 2]);
  });

  it('does not ask again for what was committed beside the one that has to come again', async () => {
    const { send, started, settle } = bench();
    for (const number of [1, 2, 3, 4]) send(number);
    await settle();
    started[0]?.succeed();
    await settle();
    started[1]?.fail(fail('commit.outcome_unknown'));
    started[2]?.succeed();
    started[3]?.fail(fail('permission.denied'));
    await settle();
    expect(send(5)).toBe('edit.out_of_order');
    expect(send(2, true)).toBe('taken');
    expect(send(5)).toBe('taken');
  });

  it('does not go back for a number that was answered before', async () => {
    const { send, started, settle } = bench();
    send(1);
    await settle();
    started[0]?.succeed();
    await settle();
    send(1, true);
    await settle();
    started[1]?.fail(fail('dependency.unavailable'));
    await settle();
    expect(send(2)).toBe('taken');
  });

  it('bounds what waits, and what it hands on at a time', async () => {
    const { queue, send, started, running, settle } = bench(2);
    send(1);
    for (let number = 2; number <= 100; number += 1) expect(send(number)).toBe('taken');
    expect(send(101)).toBe('rate.limited');
    expect(queue.open).toBe(100);
    await settle();
    started[0]?.succeed();
    await settle();
    expect(running()).toEqual([1, 2, 3]);
  });
});
