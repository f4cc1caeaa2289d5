// @ts-check
/** Exit code 0 when node_modules holds what package-lock.json names. Needs no package, for it runs first. */
import { existsSync, readFileSync } from 'node:fs';

const INSTALLED = 'node_modules/.package-lock.json';

/** @param {string} path @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean }>} */
const packagesOf = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;

function upToDate() {
  if (!existsSync(INSTALLED)) return false;
  const installed = packagesOf(INSTALLED);
  return Object.entries(packagesOf('package-lock.json')).every(
    ([path, wanted]) =>
      path === '' || (installed[path]?.version ?? (wanted.optional && wanted.version)) === wanted.version,
  );
}

process.exit(upToDate() ? 0 : 1);
