import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const ROOT = join(__dirname, '../../..');

export interface Project {
  readonly name: string;
  /** Relative to the workspace. */
  readonly root: string;
  readonly tags: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function readJson(path: string): Json {
  const value: unknown = JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
  if (!isRecord(value)) throw new Error(`${path} holds no object`);
  return value;
}

/** All documents of a YAML file, anchors and merge keys resolved. */
export function readYaml(path: string): Json[] {
  const documents = parseAllDocuments(readFileSync(join(ROOT, path), 'utf8'), { merge: true });
  return documents.map((document) => {
    if (document.errors[0]) throw document.errors[0];
    const value: unknown = document.toJS();
    if (!isRecord(value)) throw new Error(`${path} holds no object`);
    return value;
  });
}

/** The value at the end of a path of keys and indexes; undefined when the path leads nowhere. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((node, key) => {
    if (Array.isArray(node)) return node[Number(key)] as unknown;
    return isRecord(node) ? node[key] : undefined;
  }, value);
}

/** Every project.json of the workspace. */
export function projects(): Project[] {
  return ['apps', 'libs', 'tools'].flatMap((folder) => projectsIn(folder));
}

function projectsIn(folder: string): Project[] {
  if (existsSync(join(ROOT, folder, 'project.json'))) {
    const { name, tags } = readJson(join(folder, 'project.json'));
    return [{ name: String(name), root: folder, tags: Array.isArray(tags) ? tags.map(String) : [] }];
  }
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .flatMap((entry) => projectsIn(join(folder, entry.name)));
}

/** Path aliases: name to the folder of the library. */
export function aliases(): Map<string, string> {
  const paths = at(readJson('tsconfig.base.json'), 'compilerOptions', 'paths');
  if (!isRecord(paths)) throw new Error('tsconfig.base.json has no paths');
  return new Map(
    Object.entries(paths).map(([alias, targets]) => {
      const entry = join(ROOT, String(at(targets, 0)));
      return [alias, relative(ROOT, dirname(dirname(entry)))];
    }),
  );
}
