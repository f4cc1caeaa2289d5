import { commonFields, defineConfig, loadConfig, storeChoice } from '@state-server/platform';
import { storeInUse } from './store-in-use';

const schema = defineConfig(commonFields({ service: 'test', port: 0, metricsPort: 0 }));
const URI = 'mongodb://root:hunter2@127.0.0.1/world';

describe('the store that ./dev up speaks of (STORE-21)', () => {
  it.each([
    {},
    { MONGODB_URI: URI },
    { MONGODB_URI: '' },
    { FDB_ENABLED: 'true' },
    { FDB_ENABLED: '1', MONGODB_URI: URI },
    { FDB_ENABLED: 'TRUE' },
    { FDB_ENABLED: 'false', MONGODB_URI: URI },
    { FDB_ENABLED: '0' },
  ])('is the one that the services choose, and is told without its address: %j', (environment) => {
    const words = storeInUse(environment);
    const named = words?.split(' ')[0]?.toLowerCase() ?? 'embedded';
    expect(named).toBe(storeChoice(loadConfig(schema, environment)));
    expect(words ?? '').not.toMatch(/hunter2|127/);
  });
});
