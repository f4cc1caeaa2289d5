import { checkBrane } from '@state-server/commit';
import { asBraneId } from '@state-server/domain';
import type { TestGateway } from './gateway.spec-support';

/** Everything that is stored of the brane is what its log says. */
export async function assertSound({ store }: TestGateway, brane: string): Promise<void> {
  const faults: unknown[] = [];
  await checkBrane(store, asBraneId(brane), { onFault: (fault) => faults.push(fault) });
  expect(faults).toEqual([]);
}
