module.exports = { ...require('../../jest.preset.cjs')(__dirname), displayName: 'simulator', maxWorkers: 2 };
