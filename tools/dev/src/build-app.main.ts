import { build } from 'esbuild';
import { appBundle } from './build/app-bundle';
import { runMain, UserError } from './user-error';
import { APPS, isApp } from './workspace';

runMain(async () => {
  const [app = ''] = process.argv.slice(2);
  if (!isApp(app)) throw new UserError(`build: '${app}' is none of ${APPS.join(', ')}`);
  await build(appBundle(app));
  return 0;
});
