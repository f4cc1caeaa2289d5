import { sameValue, type SceneObject, type Value } from '@state-server/domain';

/** Where two states of a brane differ; empty when they are the same. At most `limit` differences are named. */
export function differences(
  stored: Iterable<SceneObject>,
  seen: { get(id: SceneObject['id']): SceneObject | undefined; readonly size: number },
  limit = 10,
): string[] {
  const found: string[] = [];
  let count = 0;
  for (const object of stored) {
    count += 1;
    const other = seen.get(object.id);
    if (!other) found.push(`${object.id} (${object.name}) is stored, but the client does not have it`);
    else found.push(...fieldDifferences(object, other));
    if (found.length >= limit) return found.slice(0, limit);
  }
  if (count !== seen.size) found.push(`${count} objects are stored, the client has ${seen.size}`);
  return found;
}

function fieldDifferences(stored: SceneObject, seen: SceneObject): string[] {
  const fields = new Set([...Object.keys(stored), ...Object.keys(seen)]);
  const found: string[] = [];
  for (const field of fields) {
    const [left, right] = [plain(stored, field), plain(seen, field)];
    if (left === undefined && right === undefined) continue;
    if (left === undefined || right === undefined || !sameValue(left, right)) {
      found.push(`${stored.id} (${stored.name}): ${field} differs`);
    }
  }
  return found;
}

function plain(object: SceneObject, field: string): Value | undefined {
  const value = (object as unknown as Record<string, Value | Float32Array | undefined>)[field];
  return value instanceof Float32Array ? [...value] : value;
}
