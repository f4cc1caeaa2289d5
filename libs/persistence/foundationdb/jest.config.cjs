module.exports = {
  ...require('../../../jest.preset.cjs')(__dirname),
  displayName: 'persistence-foundationdb',
  // The binding works in one JavaScript context of a process only: beside another one, both hang.
  workerThreads: false,
};
