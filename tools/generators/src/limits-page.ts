import { LIMITS, PROTOTYPE_LIMITS } from '@state-server/domain';
import {
  BODY_BYTES,
  MAX_CLIENT_MESSAGE_BYTES,
  MAX_READ_MESSAGE_BYTES,
  MAX_SNAPSHOT_CHUNK_BYTES,
  PAGE,
} from '@state-server/protocol';

const WIRE: Readonly<Record<string, number>> = {
  'bytes of a client message (above: `frame.too_large`)': MAX_CLIENT_MESSAGE_BYTES,
  'bytes of a client message (above: closed with 1009)': MAX_READ_MESSAGE_BYTES,
  'bytes of a `brane.snapshot` part': MAX_SNAPSHOT_CHUNK_BYTES,
  'bytes of a request body, where the route does not say otherwise': BODY_BYTES,
  'items of a page, when not asked for': PAGE.default,
  'items of a page, at most': PAGE.max,
};

const table = (
  head: string,
  rows: Readonly<Record<string, number>>,
  cell: (name: string) => string,
): string =>
  [
    `| ${head} | limit |`,
    '| --- | ---: |',
    ...Object.entries(rows).map(([name, limit]) => `| ${cell(name)} | ${limit.toLocaleString('en-US')} |`),
  ].join('\n');

/** The limits table of the domain and the sizes on the wire as Markdown. */
export function limitsPage(): string {
  return `# Limits

Generated from \`libs/domain/src/limits.ts\` and \`libs/protocol\`; do not edit.

## Of a brane and an edit

The unit is part of each name. A client finds the same table in \`session.welcome\`.

${table('name', LIMITS, (name) => `\`${name}\``)}

## Of a prototype

${table('name', PROTOTYPE_LIMITS, (name) => `\`${name}\``)}

## On the wire

${table('what', WIRE, (name) => name)}
`;
}
