module.exports = {
  ...require('../../jest.preset.cjs')(__dirname),
  displayName: 'platform-e2e',
  // One system for all specs, started before and ended after them; the specs share it, one after the other.
  globalSetup: './src/support/start-system.cjs',
  globalTeardown: './src/support/stop-system.cjs',
  maxWorkers: 1,
  testTimeout: 120_000,
};
