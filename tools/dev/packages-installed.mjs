// @ts-check
/** Exit code 0 when node_modules holds what package-lock.json names. Needs no package, for it runs first. */
import { existsSync, readFileSync } from 'node:fs';

const INSTALLED = 'node_modules/.package-lock.json';

/**
 * @param {string} path
 * @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean }>}
 */
const packagesOf = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;

function upToDate() {
  if (!existsSync(INSTALLED)) return false;
  const installed = packagesOf(INSTALLED);
  return Object.entries(packagesOf('package-lock.json')).every(([path, wanted]) => {
    // The workspace itself, and what is for another system than this one.
    const mayLack = path === '' || wanted.optional || wanted.devOptional;
    const found = installed[path];
    return found ? found.version === wanted.version : mayLack;
  });
}

process.exit(upToDate() ? 0 : 1);
