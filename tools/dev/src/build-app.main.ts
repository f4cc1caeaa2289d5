import { build } from 'esbuild';
import { appBundle, builtProgram } from './build/app-bundle';
import { runMain, UserError } from './user-error';
import { APPS, isApp } from './workspace';

runMain(async () => {
  const [app = '', ...options] = process.argv.slice(2);
  if (!isApp(app)) throw new UserError(`build: '${app}' is none of ${APPS.join(', ')}`);
  const isProduction = options.includes('--production') || process.env['NODE_ENV'] === 'production';
  // esbuild has said what is wrong and where.
  await build(appBundle(app, builtProgram(app), isProduction ? 'production' : 'development')).catch(() => {
    throw new UserError(`${app} could not be built`);
  });
  return 0;
});
