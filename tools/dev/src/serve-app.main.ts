import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { context } from 'esbuild';
import { appBundle } from './build/app-bundle';
import { Reloading } from './build/reloading';
import { readable } from './commands/log-line';
import { dataDirOf, DEFAULT_PORT, portOf } from './options';
import { Child } from './services/child';
import { type Plan, planOf, redisPort, type ServicePlan } from './services/plan';
import { assertFree } from './services/ports';
import { redisProbe } from './services/probe';
import { ensureRedisServer, redisSpec } from './services/redis';
import { devSecrets } from './services/secrets';
import { runMain, UserError } from './user-error';
import { type App, APPS, isApp, ROOT } from './workspace';

const REDIS_GRACE_MS = 2_000;

/** One app with reload, for `nx serve APP`: the ports and the data are those of `./dev up`. */
runMain(async () => {
  const { app, port, dataDir } = parseServe();
  const service = serviceOf(app, planFor(port, dataDir));
  await assertFree([service.port, service.metricsPort], `nx serve ${app} --port ${port + 200}`);
  const redis = await bringRedis(port, dataDir);

  const outfile = join(ROOT, 'dist/serve', app, 'main.cjs');
  const program = new Reloading({
    program: outfile,
    env: { ...process.env, ...service.env },
    onLine: (line) => console.log(readable(line)),
    onEnded: (how) => console.log(`${app} ended (${how}); the next change starts it again`),
  });
  const bundle = appBundle(app, outfile);
  const watching = await context({
    ...bundle,
    plugins: [
      ...(bundle.plugins ?? []),
      {
        name: 'reload',
        setup: (build) =>
          build.onEnd(async ({ errors }) => {
            if (errors.length > 0) return;
            await program.reload();
            console.log(`${app} runs at ${service.url}`);
          }),
      },
    ],
  });
  await watching.watch();
  await new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  await watching.dispose();
  await program.end();
  await redis?.stop(REDIS_GRACE_MS);
  return 0;
});

function parseServe(): { app: App; port: number; dataDir: string } {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string', default: String(DEFAULT_PORT) },
      data: { type: 'string', default: '.data' },
    },
  });
  const [app = ''] = positionals;
  if (!isApp(app)) throw new UserError(`serve: '${app}' is none of ${APPS.join(', ')}`);
  return { app, port: portOf(values.port), dataDir: dataDirOf(values.data) };
}

function planFor(port: number, dataDir: string): Plan {
  return planOf({
    port,
    dataDir,
    gateways: 1,
    ...devSecrets(dataDir),
    redisUrl: process.env['REDIS_URL'] ?? `redis://127.0.0.1:${redisPort(port)}`,
    logLevel: process.env['LOG_LEVEL'] ?? 'info',
  });
}

function serviceOf(app: App, plan: Plan): ServicePlan {
  const service = plan.services.find((candidate) => candidate.app === app);
  if (!service) throw new Error(`the plan has no ${app}`);
  return service;
}

/** The first app that is served brings Redis along, as `./dev up` would; the others find it there. */
async function bringRedis(port: number, dataDir: string): Promise<Child | undefined> {
  const given = process.env['REDIS_URL'];
  if (given || (await redisProbe(redisPort(port)).ready())) return undefined;
  const program = ensureRedisServer((line) => console.log(line));
  const redis = new Child(redisSpec(program, redisPort(port), dataDir));
  console.log(`redis runs at redis://127.0.0.1:${redisPort(port)}, as long as this command`);
  return redis;
}
