import { relative } from 'node:path';
import { type Plan } from '../services/plan';
import { type ServiceSpec } from '../services/service';
import { storeInUse } from '../services/store-in-use';
import { ROOT } from '../workspace';

/** What runs where, and what to try next. */
export function whatNow(plan: Plan, redis: ServiceSpec | undefined, dataDir: string): string[] {
  const rows = plan.services.map(({ name, url }) => [name, url] as const);
  const redisRow = redis ? [['redis', redis.url] as const] : [];
  const store = storeInUse(process.env);
  const inDevFolder = dataDir.startsWith(`${ROOT}/`) ? relative(ROOT, dataDir) : dataDir;
  return [
    '',
    `  ${plan.origin} is the one origin: REST, WebSocket and documents.`,
    '',
    ...[...rows, ...redisRow].map(([name, url]) => `  ${name.padEnd(18)} ${url}`),
    '',
    '  Try next',
    `    open ${plan.origin}/docs           the REST and WebSocket documents`,
    `    curl -s -X POST ${plan.origin}/auth/dev -H 'content-type: application/json' -d '{"name":"Ada"}'`,
    '    ./dev demo                              20 clients build a town together',
    '    ./dev status, ./dev logs, ./dev down',
    '',
    store === undefined
      ? `  Data lies in ${inDevFolder}/ and stays.`
      : `  The store is ${store}; keys and logs lie in ${inDevFolder}/. Both stay.`,
    '',
  ];
}
