import { type ErrorRow, ERRORS } from '../errors/error-table';

const INTRODUCTION = `# Errors

Generated from \`libs/protocol/src/errors/error-table.ts\`; do not edit.

REST answers \`{"error": {"code", "message", "request_id", "retryable", "details"?}}\` with the HTTP status of the table; the
WebSocket answers \`system.error\` and stays open. Where it is closed because of an error, the close code is in the table:
3000–3499 means connect again, 3500–3999 means do not. Retryable means that the same request may succeed later.
A code keeps its meaning for ever.
`;

/** The error table as Markdown. */
export function errorsPage(): string {
  const rows = Object.entries<ErrorRow>(ERRORS).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${INTRODUCTION}
| code | HTTP | close | retryable | meaning |
| --- | --- | --- | --- | --- |
${rows.map(([code, row]) => line(code, row)).join('\n')}
`;
}

function line(code: string, { status, close, retryable, summary }: ErrorRow): string {
  return `| \`${code}\` | ${status} | ${close ?? ''} | ${retryable ? 'yes' : ''} | ${summary} |`;
}
