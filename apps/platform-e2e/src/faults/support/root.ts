import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The checkout: the specs run as they are written, the torture as one bundled file. */
export const ROOT = rootAbove(process.cwd());

function rootAbove(folder: string): string {
  if (existsSync(join(folder, 'nx.json'))) return folder;
  const above = dirname(folder);
  if (above === folder) throw new Error('run this inside the checkout');
  return rootAbove(above);
}
