import { errorRow, ERRORS, type ErrorCode } from '@state-server/protocol';
import { FINAL_CLOSE_CODES, OWN_ERRORS, sdkError } from './errors';

describe('errors of the SDK', () => {
  it.each(Object.entries(OWN_ERRORS))(
    '%s says what the table says (SDK-15)',
    (code, [status, retryable, summary]) => {
      expect(errorRow(code as ErrorCode)).toMatchObject({ status, retryable, summary });
    },
  );

  it('knows every close code after which there is no coming back (SDK-15)', () => {
    const rows = Object.entries(ERRORS) as [ErrorCode, { readonly close?: number }][];
    const final = rows.flatMap(([code, { close = 0 }]) =>
      close >= 3500 && close < 4000 ? [[close, code]] : [],
    );
    expect(FINAL_CLOSE_CODES).toEqual(Object.fromEntries(final));
  });

  it('are typed, with details and a message of their own where there is one', () => {
    expect(sdkError('upstream.unavailable', { a: 1 }, 'no answer')).toMatchObject({
      ...{
        code: 'upstream.unavailable',
        status: 502,
        retryable: true,
        message: 'no answer',
        details: { a: 1 },
      },
    });
    expect(sdkError('brane.not_joined').message).toBe('Join the brane first.');
  });
});
