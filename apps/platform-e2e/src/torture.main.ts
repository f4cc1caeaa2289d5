import { parseArgs } from 'node:util';
import { torture } from './faults/support/torture';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
if (!(minutes > 0) || !Number.isInteger(seed)) {
  process.stderr.write('usage: nx run platform-e2e:torture --minutes=10 [--seed=N]\n');
  process.exit(2);
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
say(`torture for ${minutes} min; the same faults in the same order: --seed=${seed}`);
torture({ minutes, seed, say }).then(
  () => {
    say('everything acknowledged is there, everybody sees the same, all services are ready');
    process.exit(0);
  },
  (error: unknown) => {
    say(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
