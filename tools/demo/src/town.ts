import {
  asObjectId,
  type BraneId,
  compose,
  type Ids,
  type NewObject,
  type ObjectId,
  type Random,
  type Transform,
} from '@state-server/domain';

/** One object of the plan: a creation with its id known. */
export type Planned = NewObject & { readonly id: ObjectId };

export interface Town {
  /** Streets and houses: few, made over REST. */
  readonly frame: readonly Planned[];
  /** Rooms and things: many, made over WebSocket. Parents come before children. */
  readonly contents: readonly Planned[];
}

export interface TownSize {
  readonly streets: number;
  readonly housesPerStreet: number;
  readonly roomsPerHouse: number;
  /** Objects in all; the rest is filled up with things, room by room. */
  readonly objects: number;
}

export const DEFAULT_TOWN: TownSize = { streets: 10, housesPerStreet: 10, roomsPerHouse: 5, objects: 5_000 };

const COLORS = ['brick', 'sand', 'slate', 'moss', 'sky', 'rust', 'chalk'];
const THINGS = ['chair', 'table', 'lamp', 'shelf', 'plant', 'bed', 'stove', 'picture'];

/** Plans a town: streets side by side, houses along them, rooms in storeys, things on the floor; metres, y up. */
export function planTown(braneId: BraneId, ids: Ids, random: Random, size: TownSize = DEFAULT_TOWN): Town {
  const make = (kind: 'group' | 'block', parent: ObjectId, name: string, transform: Transform): Planned => ({
    kind,
    id: asObjectId(ids.uuid()),
    parent_id: parent,
    name,
    transform,
    properties: { color: COLORS[Math.floor(random.next() * COLORS.length)] ?? 'white' },
  });
  const frame: Planned[] = [];
  const rooms: Planned[] = [];
  for (let street = 0; street < size.streets; street += 1) {
    const road = make('group', braneId, `street ${street + 1}`, at(0, 0, street * 40, 0));
    frame.push(road);
    for (let house = 0; house < size.housesPerStreet; house += 1) {
      const turn = house % 2 === 0 ? 0 : Math.PI;
      const building = make('group', road.id, `house ${house + 1}`, at(house * 25, 0, turn ? 12 : -12, turn));
      frame.push(building);
      for (let room = 0; room < size.roomsPerHouse; room += 1) {
        rooms.push(
          make('group', building.id, `room ${room + 1}`, at((room % 2) * 5, Math.floor(room / 2) * 3, 0, 0)),
        );
      }
    }
  }
  const things = Math.max(0, size.objects - frame.length - rooms.length);
  const contents = [...rooms];
  for (let thing = 0; thing < things; thing += 1) {
    const room = rooms[thing % rooms.length];
    if (!room) break;
    const name = THINGS[thing % THINGS.length] ?? 'thing';
    contents.push(
      make('block', room.id, name, at(random.next() * 4, 0, random.next() * 4, random.next() * 2 * Math.PI)),
    );
  }
  return { frame, contents };
}

/** A place in the parent, turned around the vertical axis by `turn` radians. */
export function at(x: number, y: number, z: number, turn: number): Transform {
  return compose({
    translation: [x, y, z],
    rotation: [0, Math.sin(turn / 2), 0, Math.cos(turn / 2)],
    scale: [1, 1, 1],
  });
}
