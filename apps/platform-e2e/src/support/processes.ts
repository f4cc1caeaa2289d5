import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Service } from './platform';

const root = join(__dirname, '../../../..');
const run = promisify(execFile);

/** The service as it is now: its pid changes with every restart. */
export async function currentService(name: string): Promise<Service> {
  const { E2E_PORT: port = '', E2E_DATA: data = '' } = process.env;
  const { stdout } = await run(join(root, 'dev'), ['status', '--json', '--port', port, '--data', data], {
    cwd: root,
  });
  const found = (JSON.parse(stdout) as { services: Service[] }).services.find(
    (service) => service.name === name,
  );
  if (!found) throw new Error(`no service ${name}`);
  return found;
}

/** SIGKILL, by the pid that the supervisor names. */
export async function kill(name: string): Promise<void> {
  const { pid } = await currentService(name);
  if (pid !== null) process.kill(pid, 'SIGKILL');
}
