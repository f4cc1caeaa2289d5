import { parseArgs } from 'node:util';
import { runDemo } from './src/run-demo';

const { values } = parseArgs({
  options: {
    root: { type: 'string', default: process.cwd() },
    port: { type: 'string' },
    seconds: { type: 'string', default: '30' },
    clients: { type: 'string', default: '20' },
    rate: { type: 'string', default: '5' },
    objects: { type: 'string', default: '5000' },
    seed: { type: 'string', default: '1' },
  },
});

runDemo({
  root: values.root,
  ...(values.port === undefined ? {} : { port: Number(values.port) }),
  seconds: Number(values.seconds),
  clients: Number(values.clients),
  rate: Number(values.rate),
  objects: Number(values.objects),
  seed: Number(values.seed),
}).then(
  (converged) => process.exit(converged ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
