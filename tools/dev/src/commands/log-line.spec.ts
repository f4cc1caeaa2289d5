import { readable } from './log-line';

describe('log line for people', () => {
  it('shows time, level, event and fields, without what every line has', () => {
    const line = JSON.stringify({
      level: 40,
      time: 1_700_000_000_123,
      pid: 7,
      msg: 'brane.commit.conflict',
      brane_id: 'b1',
      tries: 2,
    });
    expect(readable(line)).toBe('22:13:20.123 warn  brane.commit.conflict brane_id=b1 tries=2');
  });

  it('shows an error by its message alone', () => {
    const err = { type: 'Error', message: 'disk full', stack: 'Error: disk full\n    at write' };
    expect(readable(JSON.stringify({ level: 50, time: 0, msg: 'store.failed', err }))).toBe(
      '00:00:00.000 error store.failed err="disk full"',
    );
  });

  it('leaves a line that is not of a service as it is', () => {
    expect(readable('* Ready to accept connections')).toBe('* Ready to accept connections');
    expect(readable('{"half": ')).toBe('{"half": ');
  });
});
