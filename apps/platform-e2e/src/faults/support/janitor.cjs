/**
 * Ends a system when those who started it have gone without doing so: killed, or out of patience. It waits for the end of
 * its standard input, which comes with the end of the process on the other side, whatever ended that. `done` on it: nothing
 * to do. Arguments: root of the checkout, folder of the system's data, folder of its Redis, folders to remove…
 */
const { spawnSync } = require('node:child_process');
const { readFileSync, rmSync } = require('node:fs');
const { join } = require('node:path');

const [root = '', data = '', redis = '', ...folders] = process.argv.slice(2);
let heard = '';
process.stdin.on('data', (chunk) => (heard += chunk));
process.stdin.on('end', () => {
  if (!heard.includes('done')) clean();
});

function clean() {
  const pids = quietly(() => JSON.parse(readFileSync(join(data, 'dev.json'), 'utf8')).services) ?? [];
  for (const { process: service } of pids) if (service) quietly(() => process.kill(service.pid, 'SIGCONT'));
  spawnSync(join(root, 'dev'), ['down', '--data', data], { cwd: root, timeout: 60_000 });
  quietly(() => endRedis(Number(readFileSync(join(redis, 'redis.pid'), 'utf8'))));
  for (const folder of [redis, ...folders]) rmSync(folder, { recursive: true, force: true });
}

/** @param {number} pid */
function endRedis(pid) {
  if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('redis')) process.kill(pid, 'SIGKILL');
}

/** @template T @param {() => T} task @returns {T | undefined} */
function quietly(task) {
  try {
    return task();
  } catch {
    return undefined;
  }
}
