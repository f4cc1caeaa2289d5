import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

function findRoot(from: string): string {
  if (existsSync(join(from, 'nx.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('no nx.json in this folder or above it');
  return findRoot(parent);
}

/** The folder of nx.json: found from where this file lies, so it is right from every working directory. */
export const ROOT = findRoot(__dirname);

/** The five services, as folders of apps/. */
export const APPS = ['api-gateway', 'sync-gateway', 'auth', 'callback-ingest', 'jobs-runner'] as const;
export type App = (typeof APPS)[number];

export const isApp = (name: string): name is App => APPS.some((app) => app === name);
