import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../workspace';
import { appBundle } from './app-bundle';

const SOURCE = `
import 'reflect-metadata';
const Mark = (): ClassDecorator => () => undefined;
class Store {}
@Mark()
export class Door { constructor(readonly store: Store) {} }
export const injected: unknown = Reflect.getMetadata('design:paramtypes', Door);
export { Store };
`;

describe('bundle of an app', () => {
  // Inside the workspace, for packages are looked up from where the bundle lies.
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, 'dist/bundle-spec-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('carries the decorator metadata that Nest injects by', async () => {
    const entry = join(folder, 'door.ts');
    writeFileSync(entry, SOURCE);
    const outfile = join(folder, 'door.cjs');
    await build({ ...appBundle('api-gateway', outfile), entryPoints: [entry] });
    const door = createRequire(outfile)(outfile) as { injected: unknown; Store: unknown };
    expect(door.injected).toEqual([door.Store]);
  });

  it('bundles our libraries and leaves packages to node_modules', async () => {
    const entry = join(folder, 'alias.ts');
    writeFileSync(entry, "export * from '@state-server/domain'; export { z } from 'zod';");
    const { metafile } = await build({
      ...appBundle('api-gateway'),
      entryPoints: [entry],
      metafile: true,
      write: false,
    });
    const inputs = Object.keys(metafile.inputs);
    expect(inputs).toContain('libs/domain/src/index.ts');
    expect(inputs.filter((input) => input.includes('node_modules'))).toEqual([]);
  });

  it('refuses a library of ours that has no alias', async () => {
    const entry = join(folder, 'lost.ts');
    writeFileSync(entry, "export * from '@state-server/lost';");
    const lost = build({
      ...appBundle('api-gateway'),
      entryPoints: [entry],
      write: false,
      logLevel: 'silent',
    });
    await expect(lost).rejects.toThrow('@state-server/lost has no path alias in tsconfig.base.json');
  });
});
