/** Ends what start-system.cjs started, and removes its data. */
const { execFileSync } = require('node:child_process');
const { rmSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '../../../..');

module.exports = () => {
  const { E2E_DATA: data, E2E_PORT: port } = process.env;
  if (!data || !port) return;
  execFileSync(join(root, 'dev'), ['down', '--port', port, '--data', data], { cwd: root, stdio: 'inherit' });
  rmSync(data, { recursive: true, force: true });
};
