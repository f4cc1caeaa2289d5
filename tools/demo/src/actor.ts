import type { Client, LiveBrane } from '@state-server/client';
import { StateError, walk } from '@state-server/client';
import type { ObjectId, Random, SceneObject } from '@state-server/domain';
import { at } from './town';

export type Deed = 'move' | 'paint' | 'reparent' | 'create' | 'delete' | 'undo' | 'redo';

/** How often each deed is done, in shares of 100. */
const WEIGHTS: readonly (readonly [Deed, number])[] = [
  ['move', 45],
  ['paint', 30],
  ['reparent', 8],
  ['create', 5],
  ['delete', 4],
  ['undo', 6],
  ['redo', 2],
];
const COLORS = ['red', 'green', 'blue', 'gold', 'white', 'black'];

export interface ActorStats {
  edits: number;
  /** Refused by the rules, here or on the server: two people met at one object. */
  refused: number;
  overwritten: number;
}

export interface Actor {
  readonly name: string;
  readonly client: Client;
  readonly brane: LiveBrane;
  readonly stats: ActorStats;
}

/** Does one thing that a person might do. Answers the op id, or undefined when there was nothing to do. */
export function act(actor: Actor, random: Random): string | undefined {
  try {
    const handle = perform(pickDeed(random), actor.brane, random);
    if (handle) actor.stats.edits += 1;
    return handle?.opId;
  } catch (error) {
    // What the rules refuse at once was never sent.
    if (!(error instanceof StateError)) throw error;
    actor.stats.refused += 1;
    return undefined;
  }
}

function perform(deed: Deed, brane: LiveBrane, random: Random) {
  switch (deed) {
    case 'undo':
      return brane.undo();
    case 'redo':
      return brane.redo();
    case 'create': {
      const room = pickObject(brane, random, isRoom);
      const name = 'new thing';
      return room && brane.create({ kind: 'block', parent_id: room.id, name, transform: at(1, 0, 1, 0) });
    }
    case 'reparent': {
      const thing = pickObject(brane, random, isThing);
      const room = pickObject(brane, random, isRoom);
      return thing && room && brane.move(thing.id, room.id);
    }
    default: {
      const thing = pickObject(brane, random, isThing);
      return thing && change(deed, brane, thing.id, random);
    }
  }
}

function change(deed: 'move' | 'paint' | 'delete', brane: LiveBrane, id: ObjectId, random: Random) {
  switch (deed) {
    case 'move':
      return brane.transform(id, at(random.next() * 4, 0, random.next() * 4, random.next() * 6));
    case 'paint': {
      const color = COLORS[Math.floor(random.next() * COLORS.length)] ?? 'white';
      return brane.update(id, { '/properties/color': color });
    }
    case 'delete':
      return brane.delete(id);
  }
}

function pickDeed(random: Random): Deed {
  let left = random.next() * 100;
  for (const [deed, weight] of WEIGHTS) {
    left -= weight;
    if (left < 0) return deed;
  }
  return 'move';
}

const isThing = (object: SceneObject): boolean => object.kind === 'block';
const isRoom = (object: SceneObject): boolean => object.kind === 'group' && object.name.startsWith('room');

/** Walks down from the root at random; cheap, and it finds what is there and not deleted. */
function pickObject(
  brane: LiveBrane,
  random: Random,
  wanted: (object: SceneObject) => boolean,
): SceneObject | undefined {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    let id: ObjectId = brane.id;
    for (;;) {
      const object = brane.view.get(id);
      if (!object || object.deleted_at !== undefined) break;
      if (wanted(object)) return object;
      const children = brane.view.children(id);
      const next = children[Math.floor(random.next() * children.length)];
      if (next === undefined) break;
      id = next;
    }
  }
  for (const object of walk(brane.view, brane.id)) if (wanted(object)) return object;
  return undefined;
}
