import { asBraneId, raiseLevel, rankOf } from '@state-server/domain';
import type {
  ActivityDoc,
  PopularityDoc,
  ReadTransaction,
  Store,
  Transaction,
} from '@state-server/persistence-port';

/**
 * Adds the next `limit` stored activities to the popularity of what they are about, each once: it is taken away in the
 * transaction that counts it. Answers how many there were; a step of periodic work.
 */
export async function applyActivity(store: Store, limit: number): Promise<number> {
  return store.transact({ label: 'analytics.apply' }, async (tx) => {
    const activities = await tx.range('activity', { prefix: [], limit });
    for (const about of bySubject(activities)) await raise(tx, about);
    for (const { id } of activities) tx.delete('activity', [id]);
    return activities.length;
  });
}

function bySubject(
  activities: readonly ActivityDoc[],
): readonly (readonly [ActivityDoc, ...ActivityDoc[]])[] {
  const subjects = new Map<string, [ActivityDoc, ...ActivityDoc[]]>();
  for (const activity of activities) {
    const key = `${activity.kind}/${activity.subject}`;
    const known = subjects.get(key);
    if (known) known.push(activity);
    else subjects.set(key, [activity]);
  }
  return [...subjects.values()];
}

async function raise(tx: Transaction, activities: readonly [ActivityDoc, ...ActivityDoc[]]): Promise<void> {
  const [{ kind, subject: id }] = activities;
  const standing = await standingOf(tx, kind, id);
  if (standing === 'gone') {
    tx.delete('popularity', [kind, id]);
    return;
  }
  const known = await tx.get('popularity', [kind, id]);
  const sum = { visits: known?.visits ?? 0, edits: known?.edits ?? 0, instances: known?.instances ?? 0 };
  let level = known?.level;
  let at = known?.updated_at ?? '';
  for (const activity of activities) {
    level = raiseLevel(level, activity, Date.parse(activity.at));
    sum.visits += activity.visits;
    sum.edits += activity.edits;
    sum.instances += activity.instances;
    if (activity.at > at) at = activity.at;
  }
  if (level === undefined) return;
  const raised: PopularityDoc = { kind, id, level, rank: rankOf(level), ...sum, updated_at: at };
  tx.put('popularity', standing === 'public' ? { ...raised, listed: 'public' } : raised);
}

/** Whether everybody may see it now. What changes that is an activity itself, so that it is looked at again. */
async function standingOf(
  tx: ReadTransaction,
  kind: PopularityDoc['kind'],
  id: string,
): Promise<'public' | 'unlisted' | 'gone'> {
  if (await tx.get('listings', [kind, id])) return 'public';
  // A prototype is never purged: instances live on with it.
  return kind === 'brane' && !(await tx.get('branes', [asBraneId(id)])) ? 'gone' : 'unlisted';
}
