import { type LiveBrane } from '@state-server/client';
import type { ClientOp, NewObject, ObjectId, SceneObject, Transform, Value } from '@state-server/domain';
import type { Dice } from '../kernel/dice';

/** Objects of a brane beyond which people rather delete than create. */
const CROWDED = 60;
const FAVOURITES = 5;
const KEYS = ['a', 'b', 'm/x', 'm/y', 'n/o/p'] as const;

/** A matrix that moves, and now and then turns or scales. */
function somewhere(dice: Dice): Transform {
  const far = dice.of(1, 10, 100, 3_000);
  const [x, y, z] = [dice.between(-far, far), dice.between(-far, far), dice.between(-far, far)];
  const scale = dice.chance(0.2) ? dice.of(0.5, 2, 3) : 1;
  const angle = dice.chance(0.3) ? dice.between(0, 6) : 0;
  const [cos, sin] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  return Float32Array.of(cos, sin, 0, 0, -sin, cos, 0, 0, 0, 0, scale, 0, x, y, z, 1);
}

function value(dice: Dice): Value {
  // Few values, so that people write the same and overwrite each other.
  return dice.of<Value>(
    0,
    1,
    2,
    'red',
    true,
    null,
    dice.int(1_000_000),
    [1, 'two'],
    { deep: dice.int(3) },
    0.5,
  );
}

/** What people do to a brane: made from what one of them sees, so that the others may be faster. */
export class OpMaker {
  private readonly objects: readonly SceneObject[];
  private readonly groups: readonly SceneObject[];

  constructor(
    private readonly brane: LiveBrane,
    private readonly dice: Dice,
  ) {
    this.objects = [...brane.confirmed.objects()].filter((object) => !brane.confirmed.isDeleted(object.id));
    this.groups = this.objects.filter((object) => object.kind === 'group');
  }

  /** One edit: mostly one op, sometimes several about different objects. */
  edit(): ClientOp[] {
    const count = this.dice.chance(0.15) ? 2 + this.dice.int(3) : 1;
    const ops: ClientOp[] = [];
    const used = new Set<ObjectId>();
    for (let index = 0; index < count; index += 1) {
      const op = this.op();
      const id = op.op === 'create' ? undefined : 'id' in op ? op.id : undefined;
      if (id !== undefined && used.has(id)) continue;
      if (id !== undefined) used.add(id);
      ops.push(op);
    }
    return ops;
  }

  private op(): ClientOp {
    const { dice } = this;
    const crowded = this.objects.length > CROWDED;
    const kind = dice.weighted([
      [crowded ? 1 : this.objects.length < 8 ? 20 : 5, 'create'],
      [6, 'update'],
      [3, 'transform'],
      [3, 'move'],
      [crowded ? 4 : 1, 'delete'],
    ] as const);
    const target = this.target();
    if (kind === 'create' || !target) return { op: 'create', object: this.newObject() };
    const { id, version } = target;
    const condition = dice.chance(0.1) ? { if_version: version } : {};
    switch (kind) {
      case 'update':
        return { ...this.update(id), ...condition };
      case 'transform':
        return { op: 'transform', id, transform: somewhere(dice), ...condition };
      case 'move':
        return { op: 'move', id, parent_id: this.group(), ...condition };
      case 'delete':
      default:
        return { op: 'delete', id, ...condition };
    }
  }

  private update(id: ObjectId): ClientOp & { op: 'update' } {
    const { dice } = this;
    if (dice.chance(0.3)) return { op: 'update', id, set: { '/name': `name ${dice.int(20)}` } };
    const [one, other] = [dice.of(...KEYS), dice.of(...KEYS)];
    if (dice.chance(0.2)) return { op: 'update', id, unset: [`/properties/${one}`] };
    const set: Record<string, Value> = { [`/properties/${one}`]: value(dice) };
    if (other.charAt(0) !== one.charAt(0)) set[`/properties/${other}`] = value(dice);
    return { op: 'update', id, set };
  }

  private newObject(): NewObject {
    const { dice } = this;
    const base = {
      parent_id: this.group(),
      name: `new ${dice.int(100)}`,
      ...(dice.chance(0.7) ? { transform: somewhere(dice) } : {}),
      ...(dice.chance(0.03) ? { properties: { text: 'long '.repeat(dice.int(1_000)) } } : {}),
    };
    return dice.chance(0.4) ? { kind: 'group', ...base } : { kind: 'block', ...base };
  }

  /** Anything but the root. */
  private target(): SceneObject | undefined {
    // Some are everybody's favourites: there people meet, and undo what others have built on.
    const object = this.dice.pick(this.dice.chance(0.4) ? this.objects.slice(0, FAVOURITES) : this.objects);
    return object?.parent_id === null ? undefined : object;
  }

  private group(): ObjectId {
    return this.dice.pick(this.groups)?.id ?? this.brane.id;
  }
}
