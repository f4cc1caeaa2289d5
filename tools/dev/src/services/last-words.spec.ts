import { lastWords } from './last-words';

describe('last words of a process', () => {
  it('takes the last error it logged', () => {
    const output = [
      '{"level":30,"time":1,"msg":"service.start"}',
      '{"level":60,"time":2,"msg":"config.invalid","err":{"message":"PORT: expected a number"}}',
      'trailing noise',
    ].join('\n');
    expect(lastWords(output)).toBe('config.invalid: PORT: expected a number');
  });

  it('takes the message of an uncaught error, not its stack', () => {
    const output = [
      '/srv/main.cjs:12',
      "throw new TypeError('no such port');",
      '^',
      '',
      'TypeError: no such port',
      '    at Object.<anonymous> (/srv/main.cjs:12:7)',
      '',
      'Node.js v20.19.0',
    ].join('\n');
    expect(lastWords(output)).toBe('TypeError: no such port');
  });

  it('takes the last plain line of a program that only talks', () => {
    expect(lastWords('starting\n# Fatal error, can not open the append only file\n')).toBe(
      '# Fatal error, can not open the append only file',
    );
  });

  it('says so when there was nothing', () => {
    expect(lastWords('\n')).toBe('it said nothing');
  });
});
