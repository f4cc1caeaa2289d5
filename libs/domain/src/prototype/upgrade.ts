import type { Draft, EditEnvironment } from '../draft';
import type { PrototypeRef, SceneObject } from '../entities';
import type { ObjectId, PrototypeId, UserId } from '../ids';
import { ok, refuse, type Result } from '../refusal';
import { resolveDelete, resolveMove, resolveTransform, resolveUpdate } from '../resolve-op';
import { checkParent } from '../placement';
import { isLive, liveSubtree } from '../tree';
import { findParts, type Parts } from './parts';
import type { Migration } from './migrate';
import type { PrototypeReader } from './prototype';
import { expand, grow, NO_OVERRIDES, plant, type Seed } from './seeds';
import { isTouched, mergeNode, type NodeMerge } from './merge-node';
import { contentOf, maySee, prototypeNotFound } from './usable';

/** The two versions of an instance, node by node. */
interface Upgrade {
  readonly draft: Draft;
  readonly environment: EditEnvironment;
  readonly reader: PrototypeReader;
  readonly root: SceneObject;
  readonly parts: Parts;
  readonly before: ReadonlyMap<string, Seed>;
  readonly after: ReadonlyMap<string, Seed>;
  readonly beforeList: readonly Seed[];
  readonly afterList: readonly Seed[];
  /** What stands, or was just made, for each path. */
  readonly ids: Map<string, ObjectId>;
}

/**
 * Moves an instance to a newer version of its prototype by a three-way merge: what the new version has changed is done to the
 * instance, unless the instance has been changed at the same place. That is then kept, and told in `skipped`.
 */
export function resolveUpgrade(
  reader: PrototypeReader,
  draft: Draft,
  asked: { readonly object: SceneObject; readonly version: number | undefined },
  environment: EditEnvironment,
): Result<void> {
  const { object: root } = asked;
  const ref = root.prototype;
  if (ref === null || ref.node !== undefined) {
    return refuse('prototype.not_an_instance', `${root.id} is not the root of an instance`, { id: root.id });
  }
  const target = targetOf(reader, ref, asked.version, draft.context.actor);
  if (!target.ok) return target;
  const before = seedsAt(reader, ref, ref.version);
  if (!before.ok) return before;
  const after = seedsAt(reader, ref, target.value);
  if (!after.ok) return after;
  const upgrade: Upgrade = {
    draft,
    environment,
    reader,
    root,
    parts: findParts(draft.copy, root, byPath(before.value)),
    before: byPath(before.value),
    after: byPath(after.value),
    beforeList: before.value,
    afterList: after.value,
    ids: new Map(),
  };
  return runUpgrade(upgrade);
}

/** How many objects an upgrade of such an instance would make. Throws what the reader throws. */
export function addedByUpgrade(
  reader: PrototypeReader,
  ref: PrototypeRef,
  wanted: number | undefined,
): number {
  const target = wanted ?? reader.facts(ref.id)?.latest_version;
  if (ref.node !== undefined || target === undefined || target <= ref.version) return 0;
  const [before, after] = [seedsAt(reader, ref, ref.version), seedsAt(reader, ref, target)];
  if (!before.ok || !after.ok) return 0;
  const known = byPath(before.value);
  return after.value.reduce((count, { path }) => (known.has(path) ? count : count + 1), 0);
}

function runUpgrade(upgrade: Upgrade): Result<void> {
  for (const seed of upgrade.afterList) {
    const done = upgrade.before.has(seed.path) ? mergePart(upgrade, seed) : addPart(upgrade, seed);
    if (!done.ok) return done;
  }
  for (const seed of upgrade.beforeList) {
    if (upgrade.after.has(seed.path)) continue;
    const done = removePart(upgrade, seed);
    if (!done.ok) return done;
  }
  return ok(undefined);
}

/** The version to go to. Whoever may see the prototype may upgrade what he may edit; nobody to one that was deleted. */
function targetOf(
  reader: PrototypeReader,
  ref: PrototypeRef,
  wanted: number | undefined,
  actor: UserId,
): Result<number> {
  const facts = reader.facts(ref.id);
  if (!facts || !maySee(facts, actor)) return prototypeNotFound(ref.id);
  if (facts.is_deleted) {
    return refuse('prototype.deleted', `the prototype ${ref.id} was deleted`, { prototype_id: ref.id });
  }
  const target = wanted ?? facts.latest_version ?? ref.version;
  if (target > ref.version) return ok(target);
  return refuse('upgrade.nothing', `the instance is at version ${ref.version} already`, {
    prototype_id: ref.id,
    version: ref.version,
  });
}

/** The instance as that version makes it; on the root of a group's member, still that. */
function seedsAt(reader: PrototypeReader, ref: PrototypeRef, version: number): Result<readonly Seed[]> {
  const content = contentOf(reader, ref.id, version);
  if (!content.ok) return content;
  const seeds = expand(reader, ref.id, content.value, NO_OVERRIDES);
  if (!seeds.ok || ref.member === undefined) return seeds;
  const { member } = ref;
  return ok(
    seeds.value.map((seed, index) =>
      index === 0 ? { ...seed, prototype: { ...seed.prototype, member } } : seed,
    ),
  );
}

function byPath(seeds: readonly Seed[]): ReadonlyMap<string, Seed> {
  return new Map(seeds.map((seed) => [seed.path, seed]));
}

function conflict({ draft, root }: Upgrade, id: ObjectId | undefined, pointer: string): Result<void> {
  draft.skipped.push({ id: id ?? root.id, pointer });
  return ok(undefined);
}

function parentPath(seeds: readonly Seed[], { parent }: Seed): string | undefined {
  return parent === undefined ? undefined : seeds[parent]?.path;
}

/** A node of both versions. */
function mergePart(upgrade: Upgrade, theirs: Seed): Result<void> {
  const { draft, parts, before, ids } = upgrade;
  const base = before.get(theirs.path) ?? theirs;
  const part = parts.get(theirs.path);
  if (!part) {
    // It was taken away here: it stays away, and that is only worth a word when it would be another now.
    return isSameNode(base, theirs) ? ok(undefined) : conflict(upgrade, undefined, `/nodes${theirs.path}`);
  }
  ids.set(theirs.path, part.id);
  const steps = stepsBetween(upgrade.reader, base, theirs);
  if (!steps.ok) return steps;
  const merged = mergeNode(base, part, theirs, steps.value);
  for (const pointer of merged.conflicts) draft.skipped.push({ id: part.id, pointer });
  const updated = resolveUpdate(draft, part, merged.set, merged.unset);
  if (!updated.ok) return updated;
  const placed = placePart(upgrade, part.id, merged);
  return placed.ok ? reparent(upgrade, part.id, base, theirs) : placed;
}

function isSameNode(base: Seed, theirs: Seed): boolean {
  return base.node === theirs.node || !isTouched(base, theirs);
}

function placePart({ draft, root }: Upgrade, id: ObjectId, merged: NodeMerge): Result<void> {
  const object = draft.copy.get(id);
  // Where an instance stands is its own.
  if (id === root.id || !object || merged.transform === undefined) return ok(undefined);
  return resolveTransform(draft, object, merged.transform);
}

function reparent(upgrade: Upgrade, id: ObjectId, base: Seed, theirs: Seed): Result<void> {
  const { draft, ids, beforeList, afterList, parts } = upgrade;
  const [from, to] = [parentPath(beforeList, base), parentPath(afterList, theirs)];
  if (from === undefined || to === undefined || from === to) return ok(undefined);
  const object = draft.copy.get(id);
  const parent = ids.get(to);
  if (!object || parent === undefined || object.parent_id !== parts.get(from)?.id) {
    return conflict(upgrade, id, '/parent_id');
  }
  return resolveMove(draft, object, parent, theirs.order);
}

/** The migrations of all versions in between, where the node is the root of an instance. */
function stepsBetween(reader: PrototypeReader, base: Seed, theirs: Seed): Result<readonly Migration[]> {
  const { id, version, node } = theirs.prototype;
  const steps: Migration[] = [];
  if (node !== undefined) return ok(steps);
  for (let number = base.prototype.version + 1; number <= version; number += 1) {
    const between = reader.version(id, number);
    if (!between) return missing(id, number);
    steps.push(...between.migrations);
  }
  return ok(steps);
}

function missing(id: PrototypeId, version: number): Result<never> {
  return refuse('prototype.version_not_found', `${id} has no version ${version}`, {
    prototype_id: id,
    version,
  });
}

/** A node that is new. */
function addPart(upgrade: Upgrade, seed: Seed): Result<void> {
  const { draft, ids, afterList, environment } = upgrade;
  const above = parentPath(afterList, seed);
  const parentId = above === undefined ? undefined : ids.get(above);
  if (parentId === undefined) return conflict(upgrade, undefined, `/nodes${seed.path}`);
  const room = checkParent(draft.copy, parentId);
  if (!room.ok) return room;
  const id = environment.newId();
  ids.set(seed.path, id);
  const place = { id, parent_id: parentId, order: seed.order };
  const [object] = grow(draft, [{ ...seed, parent: undefined }], place, environment);
  return object ? plant(draft, object, []) : ok(undefined);
}

/** A node that is no more: it goes, unless something here was made of it. Then it stays as an object of its own. */
function removePart(upgrade: Upgrade, base: Seed): Result<void> {
  const { draft, parts, before } = upgrade;
  const known = parts.get(base.path);
  const part = known && draft.copy.get(known.id);
  // It may have gone with its parent.
  if (!part || !isLive(draft.copy, part)) return ok(undefined);
  for (const object of liveSubtree(draft.copy, part)) {
    const path = parts.pathOf(object.id);
    const seed = path === undefined ? undefined : before.get(path);
    if (seed && !upgrade.after.has(seed.path) && !isTouched(seed, object)) continue;
    const detached = resolveUpdate(draft, part, {}, ['/prototype']);
    return detached.ok ? conflict(upgrade, part.id, '/prototype') : detached;
  }
  return resolveDelete(draft, part);
}
