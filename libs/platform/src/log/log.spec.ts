import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { until } from '@state-server/testing';
import fc from 'fast-check';
import { createLogger, type LogLevel } from './logger';
import { redact } from './redact';
import { currentContext, outgoingHeaders, runInContext } from './request-context';
import { continueTrace, formatTraceparent } from './trace-context';

function logging(level: LogLevel = 'trace') {
  const lines: Record<string, unknown>[] = [];
  const to = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  return { lines, log: createLogger({ service: 's', instance: 's-1', level, to }) };
}

const JWT = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl';

// A device that is always full; Linux has it.
(existsSync('/dev/full') ? describe : describe.skip)('a log that cannot be written', () => {
  it('ends nobody, and holds up nobody (F3)', () => {
    const full = openSync('/dev/full', 'w');
    const log = createLogger({ service: 'test', instance: 'one', level: 'info', fd: full });
    for (let line = 0; line < 5_000; line += 1) log.error('store.failed', { line, text: 'x'.repeat(500) });
    closeSync(full);
  });
});

describe('a log that is written to a descriptor', () => {
  const read = (path: string): unknown[] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { msg: unknown }).msg);

  it('has a warning at once, behind all that came before it; the rest comes by itself (PLAT-13)', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'log-')), 'log');
    const fd = openSync(path, 'a');
    const log = createLogger({ service: 'test', instance: 'one', level: 'info', fd });
    log.info('first');
    expect(read(path)).toEqual([]);
    log.warn('second');
    expect(read(path)).toEqual(['first', 'second']);
    log.info('third');
    await until(() => read(path).length === 3, { what: 'the third line is there' });
    closeSync(fd);
    rmSync(dirname(path), { recursive: true });
  });
});

describe('a log line', () => {
  it('has the event, the service, the instance, a time and fields', () => {
    const { lines, log } = logging();
    log.info('brane.commit.conflict', { attempts: 2 });
    expect(lines).toEqual([
      {
        level: 30,
        time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        service: 's',
        instance: 's-1',
        msg: 'brane.commit.conflict',
        attempts: 2,
      },
    ]);
  });

  it('carries the ids of the request that it belongs to, and the fields of its child', () => {
    const { lines, log } = logging();
    const trace = continueTrace(undefined);
    const child = log.child({ brane_id: 'b' });
    runInContext({ request_id: 'r', trace }, () => child.warn('x'));
    child.log('error', 'y');
    expect(lines[0]).toMatchObject({ request_id: 'r', trace_id: trace.trace_id, brane_id: 'b', level: 40 });
    expect(lines[1]).toMatchObject({ brane_id: 'b', level: 50 });
    expect(lines[1]).not.toHaveProperty('request_id');
  });

  it('is not written below the level', () => {
    const { lines, log } = logging('warn');
    log.info('x');
    log.warn('y');
    expect(lines.map(({ msg }) => msg)).toEqual(['y']);
  });

  it('holds no secret, by name, by form, or inside an error and its causes (PLAT-9)', () => {
    const { lines, log } = logging();
    const inner = new Error('connect redis://user:hunter2@host failed');
    const err = Object.assign(new Error(`bad ${JWT}`, { cause: inner }), { code: 'E_X' });
    log.error('x', {
      access_token: 'hunter2',
      refreshToken: 'hunter2',
      headers: { authorization: 'Bearer hunter2', Cookie: 'hunter2', accept: 'ok' },
      list: [{ password: 'hunter2' }],
      text: `sent Bearer hunter2 and ${JWT}`,
      key: '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----',
      whsec: 'whsec_hunter2==',
      body: new TextEncoder().encode('hunter2'),
      err,
    });
    const line = JSON.stringify(lines);
    expect(line).not.toMatch(/hunter2|eyJ/);
    expect(line).toContain('E_X');
    expect(lines[0]).toMatchObject({ headers: { accept: 'ok' }, body: '[7 bytes]' });
  });

  it('never holds a JWT, wherever it stands', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(JSON.stringify(redact({ deep: [{ text: `${before}${JWT} ${after}` }] }))).not.toContain(
          'c2lnbmF0dXJl',
        );
      }),
    );
  });

  it('is written whatever its fields are: circles, bigints, functions, broken dates', () => {
    const { lines, log } = logging();
    const circle: Record<string, unknown> = { big: 10n, fn: () => 1, date: new Date(Number.NaN) };
    circle['self'] = circle;
    log.info('odd', circle);
    expect(lines[0]).toMatchObject({ msg: 'odd', big: '10', date: null });
  });
});

describe('a trace', () => {
  const known = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

  it('goes on from the caller with a step of its own', () => {
    const trace = continueTrace(known, 'vendor=1');
    expect(trace).toMatchObject({
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      sampled: true,
      tracestate: 'vendor=1',
    });
    expect(trace.span_id).not.toBe('00f067aa0ba902b7');
    expect(continueTrace(known.replace(/01$/, '00')).sampled).toBe(false);
    expect(continueTrace(`01${known.slice(2)}-future`).trace_id).toBe(trace.trace_id);
  });

  it.each([
    ['nothing', undefined],
    ['rubbish', 'x'],
    ['an unknown version', known.replace(/^00/, 'ff')],
    ['zeros', '00-00000000000000000000000000000000-00f067aa0ba902b7-01'],
    ['more than version 00 has', `${known}-x`],
    ['upper case', known.toUpperCase()],
  ])('begins anew with %s', (_name, header) => {
    const trace = continueTrace(header, 'vendor=1');
    expect(trace.trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(trace.trace_id).not.toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(trace).not.toHaveProperty('tracestate');
  });

  it('goes along with calls to other services', () => {
    expect(outgoingHeaders()).toEqual({});
    const trace = continueTrace(known, 'vendor=1');
    runInContext({ request_id: 'r', trace }, () => {
      expect(currentContext()?.request_id).toBe('r');
      expect(outgoingHeaders()).toEqual({
        'x-request-id': 'r',
        traceparent: formatTraceparent(trace),
        tracestate: 'vendor=1',
      });
    });
  });
});
