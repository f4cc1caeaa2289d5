import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The workspace that a folder lies in. */
export function findRoot(from: string): string {
  if (existsSync(join(from, 'nx.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('no nx.json in this folder or above it');
  return findRoot(parent);
}
