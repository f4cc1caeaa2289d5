import { join } from 'node:path';
import { parseCommand } from './options';
import { ROOT } from './workspace';

describe('arguments of ./dev', () => {
  it('takes two gateways, port 4000 and .data unless told otherwise', () => {
    expect(parseCommand(['up'])).toEqual({
      name: 'up',
      options: { port: 4000, gateways: 2, detach: false, dataDir: join(ROOT, '.data') },
    });
  });

  it('reads every option of up', () => {
    expect(
      parseCommand(
        'up --detach --gateways 3 --port 5000 --data /tmp/town --settings /tmp/settings --while 77'.split(
          ' ',
        ),
      ),
    ).toEqual({
      name: 'up',
      options: {
        port: 5000,
        gateways: 3,
        detach: true,
        dataDir: '/tmp/town',
        settingsDir: '/tmp/settings',
        whilePid: 77,
      },
    });
  });

  it('finds the run of another folder or port for down and status', () => {
    expect(parseCommand(['down', '--data', '/tmp/town'])).toEqual({
      name: 'down',
      where: { dataDir: '/tmp/town', port: undefined },
    });
    expect(parseCommand(['status', '--json', '--port', '5000'])).toMatchObject({
      json: true,
      where: { port: 5000 },
    });
  });

  it('asks for types of a prototype, of the system on this machine unless told otherwise', () => {
    expect(parseCommand(['types', '--prototype', 'p@2'])).toEqual({
      name: 'types',
      options: { prototype: 'p@2', origin: 'http://127.0.0.1:4000', token: undefined, out: undefined },
    });
    expect(() => parseCommand(['types'])).toThrow('./dev types needs --prototype');
  });

  it('hands all arguments of demo and bench on, unread', () => {
    expect(parseCommand(['demo', '--seconds', '5'])).toEqual({ name: 'demo', args: ['--seconds', '5'] });
  });

  it.each([
    [['fly'], /knows no command 'fly'/],
    [['up', '--gateways', '0'], /--gateways takes a whole number from 1 to 30, not '0'/],
    [['up', '--gateways', 'two'], /not 'two'/],
    [['up', '--port', '80'], /--port takes a whole number from 1024/],
    [['up', '--port', '65500'], /to 65445/],
    [['up', '--fast'], /Unknown option '--fast'/],
    [['down', 'all'], /unexpected argument 'all'/],
    [['logs', 'auth', 'store'], /unexpected argument 'store'/],
  ])('refuses %j in one line', (argv, reason) => {
    expect(() => parseCommand(argv)).toThrow(reason);
    expect(() => parseCommand(argv)).toThrow(/^[^\n]+$/);
  });
});
