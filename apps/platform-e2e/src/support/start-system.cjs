/** Starts the whole system for the specs: ports and data of its own, so that a system in use is left alone. */
const { execFileSync } = require('node:child_process');
const { mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const root = join(__dirname, '../../../..');

module.exports = () => {
  const data = mkdtempSync(join(tmpdir(), 'platform-e2e-'));
  // Below the ports that the system gives out by itself.
  const port = String(20_000 + 100 * (process.pid % 120));
  process.env.E2E_DATA = data;
  process.env.E2E_PORT = port;
  const dev = (...args) =>
    execFileSync(join(root, 'dev'), [...args, '--port', port, '--data', data], {
      cwd: root,
      encoding: 'utf8',
    });
  dev('up', '--detach', '--while', String(process.pid), '--gateways', '2');
  process.env.E2E_STATUS = dev('status', '--json');
};
