import { NxOutput, type TaskResult } from './nx-output';

function read(text: string): TaskResult[] {
  const parser = new NxOutput(() => undefined);
  for (const line of text.split('\n')) parser.push(line);
  parser.end();
  return parser.results;
}

describe('output of nx', () => {
  it('knows what succeeded, and what was known from before', () => {
    expect(
      read(
        [
          ' NX   Running targets lint, format for 2 projects:',
          '✔  nx run domain:lint',
          '✔  nx run domain:format  [existing outputs match the cache, left as is]',
          '✔  nx run testing:test  [local cache]',
          '✔  nx run commit:test --testName=cache [not]',
        ].join('\n'),
      ).map(({ task, ok, fromCache }) => [task, ok, fromCache]),
    ).toEqual([
      ['domain:lint', true, false],
      ['domain:format', true, true],
      ['testing:test', true, true],
      ['commit:test', true, false],
    ]);
  });

  it('keeps what a failed task printed, without the command and the remark of the runner', () => {
    const text = [
      '> nx run testing:lint',
      '',
      '> eslint libs/testing --max-warnings 0\r',
      '',
      'libs/testing/src/a.ts',
      '  1:1  error  No',
      'Warning: command "eslint libs/testing" exited with non-zero status code',
      '✔  nx run queue-port:lint',
      '',
      '  Run duration:      6.2s',
    ].join('\n');
    expect(read(text)).toEqual([
      {
        task: 'testing:lint',
        ok: false,
        fromCache: false,
        output: 'libs/testing/src/a.ts\n  1:1  error  No',
      },
      { task: 'queue-port:lint', ok: true, fromCache: false, output: '' },
    ]);
  });

  it('ends the last failure with the summary', () => {
    const text = '> nx run a:test\nboom\n\n NX   Running target test for 1 project failed\n\n- a:test';
    expect(read(text)).toEqual([{ task: 'a:test', ok: false, fromCache: false, output: 'boom' }]);
  });
});
