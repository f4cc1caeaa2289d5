import { build } from 'esbuild';
import { appBundle } from './build/app-bundle';
import { runMain, UserError } from './user-error';
import { APPS, isApp } from './workspace';

runMain(async () => {
  const [app = ''] = process.argv.slice(2);
  if (!isApp(app)) throw new UserError(`build: '${app}' is none of ${APPS.join(', ')}`);
  // esbuild has said what is wrong and where.
  await build(appBundle(app)).catch(() => {
    throw new UserError(`${app} could not be built`);
  });
  return 0;
});
