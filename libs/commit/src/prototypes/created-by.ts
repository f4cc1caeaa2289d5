import { addedByUpgrade, type ClientOp } from '@state-server/domain';
import type { Ground } from '../lane';

/** Objects that instances of this op will create at the most: one id is given to each. */
export async function createdByInstances({ load, replica }: Ground, op: ClientOp): Promise<number> {
  const { prototypes } = load;
  switch (op.op) {
    case 'instantiate':
      return load.run(() => {
        const version = op.version ?? prototypes.facts(op.prototype_id)?.latest_version;
        return version === undefined ? 0 : (prototypes.version(op.prototype_id, version)?.objects ?? 0);
      });
    case 'upgrade':
      await load.objects([op.id]);
      return load.run(() => {
        const ref = replica.get(op.id)?.prototype;
        return ref ? addedByUpgrade(prototypes, ref, op.version) : 0;
      });
    default:
      return 0;
  }
}
