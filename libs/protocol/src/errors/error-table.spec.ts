import { REFUSAL_CODES } from '@state-server/domain';
import { type ErrorRow, ERRORS, isErrorCode, mayReconnect } from './error-table';

const rows = Object.entries<ErrorRow>(ERRORS);

describe('the error table', () => {
  it('has a row for every refusal of the domain', () => {
    for (const code of REFUSAL_CODES) expect(isErrorCode(code)).toBe(true);
  });

  it.each(rows)('%s is a code of the form area.what with a sensible status', (code, row) => {
    expect(code).toMatch(/^[a-z_]+\.[a-z_]+$|^internal$/);
    expect(row.status).toBeGreaterThanOrEqual(400);
    expect(row.status).toBeLessThan(600);
    expect(row.summary).toMatch(/^[A-Z].*\.$/);
  });

  it('uses each close code for one error, in a range that tells whether to come back', () => {
    const closes = rows.flatMap(([, { close }]) => close ?? []);
    expect(new Set(closes).size).toBe(closes.length);
    for (const close of closes) {
      expect(close).toBeGreaterThanOrEqual(3000);
      expect(close).toBeLessThanOrEqual(3999);
    }
  });

  it('lets a client come back after whatever is retryable', () => {
    for (const [code, { close, retryable }] of rows) {
      if (close !== undefined && retryable) expect([code, mayReconnect(close)]).toEqual([code, true]);
    }
    expect(ERRORS['auth.revoked']).toMatchObject({ close: 3502 });
    expect(mayReconnect(3502)).toBe(false);
    expect(ERRORS['auth.expired']).toMatchObject({ close: 3400 });
    expect(mayReconnect(3400)).toBe(true);
    expect(mayReconnect(1006)).toBe(true);
    expect(mayReconnect(1000)).toBe(false);
  });

  it('calls every 503 retryable', () => {
    for (const [code, { status, retryable }] of rows)
      if (status === 503) expect([code, retryable]).toEqual([code, true]);
  });
});
