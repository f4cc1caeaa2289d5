import { audit } from './commands/audit';
import { check } from './commands/check';
import { isDetachedSupervisor, superviseDetached, upDetached } from './commands/detached';
import { down } from './commands/down';
import { logs } from './commands/logs';
import { mail } from './commands/mail';
import { reset } from './commands/reset';
import { runTool } from './commands/run-tool';
import { status } from './commands/status';
import { test } from './commands/test';
import { types } from './commands/types';
import { up } from './commands/up';
import { type Command, parseCommand, type UpOptions } from './options';
import { terminal as terminalOn } from './terminal';
import { runMain } from './user-error';

const terminal = terminalOn();

// Whoever read this has gone (`./dev logs | head`). What runs in front goes on without a listener.
process.stdout.on('error', () => {
  if (process.argv[2] !== 'up') process.exit(0);
});

runMain(() => execute(parseCommand(process.argv.slice(2))));

function execute(command: Command): Promise<number> {
  switch (command.name) {
    case 'up':
      return start(command.options);
    case 'down':
      return down(command.where, terminal);
    case 'status':
      return status(command.where, command.json, terminal);
    case 'logs':
      return logs(command.options, terminal);
    case 'mail':
      return mail(command.options, terminal);
    case 'reset':
      return reset(command.dataDir, command.yes, terminal);
    case 'test':
      return test(command.pattern, terminal);
    case 'audit':
      return Promise.resolve(audit(terminal));
    case 'check':
      return check(terminal);
    case 'types':
      return types(command.options);
    case 'demo':
    case 'bench':
    case 'keys':
    case 'store':
      return runTool(command.name, command.args);
  }
}

function start(options: UpOptions): Promise<number> {
  if (isDetachedSupervisor()) return superviseDetached(options);
  if (options.detach) return upDetached(options);
  return up(options, { terminal, ready: () => undefined });
}
