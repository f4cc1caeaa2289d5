import { type PrototypeId, type SceneObject, orderBetween } from '@state-server/domain';
import type { GalleryEntry } from '@state-server/protocol';
import { type ChangeObject, changeObject } from './change-object';
import type { ObjectDeps } from './create-object';
import { type WrittenObject, requireVersion } from './written-object';

export interface ChangeGallery extends ChangeObject {
  readonly prototype_id: PrototypeId;
}

export interface PutGallery extends ChangeGallery {
  /** Fractional index among the entries; without it, last, or where it is already. */
  readonly order?: string;
}

/** The prototypes on offer, in order. */
export function galleryOf(object: SceneObject): readonly GalleryEntry[] {
  if (object.kind === 'block') return [];
  return Object.entries(object.gallery)
    .map(([id, order]) => ({ prototype_id: id as PrototypeId, order }))
    .sort((a, b) => compare(a.order, b.order) || compare(a.prototype_id, b.prototype_id));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Offers a prototype in a group, or gives it another place. A block is `field.not_settable`. */
export async function putInGallery(deps: ObjectDeps, input: PutGallery): Promise<WrittenObject> {
  const { id, prototype_id } = input;
  return changeObject(deps, input, (object) => {
    const entries = galleryOf(object);
    const known = entries.find((entry) => entry.prototype_id === prototype_id)?.order;
    const order = input.order ?? known ?? orderBetween(entries.at(-1)?.order ?? null, null);
    const set = { [`/gallery/${prototype_id}`]: order };
    return [{ op: 'update', id, set, ...requireVersion(object, input.if_versions) }];
  });
}

/** What is not on offer may be taken away all the same. */
export async function removeFromGallery(deps: ObjectDeps, input: ChangeGallery): Promise<WrittenObject> {
  const { id, prototype_id } = input;
  return changeObject(deps, input, (object) => {
    const condition = requireVersion(object, input.if_versions);
    return [{ op: 'update', id, unset: [`/gallery/${prototype_id}`], ...condition }];
  });
}
