import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import type { Options } from 'prettier';
import * as babel from 'prettier/plugins/babel';
import * as estree from 'prettier/plugins/estree';
import * as markdown from 'prettier/plugins/markdown';
import { format } from 'prettier/standalone';
import type { Generator } from './generators';

/** Files that Prettier knows nothing of stand as their generator made them. */
const PARSERS: Readonly<Record<string, string>> = { '.json': 'json', '.md': 'markdown' };

/** The content as it is to stand in the file. */
async function render(root: string, { path, content }: Generator): Promise<string> {
  const parser = PARSERS[extname(path)];
  if (parser === undefined) return content();
  const style = JSON.parse(read(join(root, '.prettierrc.json')) ?? '{}') as Options;
  return format(content(), { ...style, parser, plugins: [babel, estree, markdown] });
}

function read(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Paths whose file is not what its generator makes of today's sources. */
export async function drifted(root: string, generators: readonly Generator[]): Promise<string[]> {
  const paths: string[] = [];
  for (const generator of generators) {
    if (read(join(root, generator.path)) !== (await render(root, generator))) paths.push(generator.path);
  }
  return paths;
}

/** Writes what has drifted; answers the paths. */
export async function generate(root: string, generators: readonly Generator[]): Promise<string[]> {
  const paths = await drifted(root, generators);
  for (const generator of generators.filter(({ path }) => paths.includes(path))) {
    const file = join(root, generator.path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, await render(root, generator));
  }
  return paths;
}
