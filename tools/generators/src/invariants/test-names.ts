import { parseSync } from '@swc/core';

/** Names of the functions that declare tests. What is skipped or still to be written (`xit`, `it.todo`) proves nothing. */
const DECLARES: ReadonlySet<string> = new Set(['it', 'test', 'describe']);
const PROVES_NOTHING: ReadonlySet<string> = new Set(['skip', 'todo', 'failing']);

/** Files without a call of this kind are not parsed. */
const MAY_HOLD_TESTS = /\b(?:it|test|describe)(?:\.\w+)*\s*[(<`]/;

type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Everything that is said literally in a string or template; expressions within one become a space. */
function literal(node: unknown): string[] {
  if (!isNode(node)) return [];
  if (node['type'] === 'StringLiteral') return [String(node['value'])];
  if (node['type'] !== 'TemplateLiteral' || !Array.isArray(node['quasis'])) return [];
  return [node['quasis'].map((part) => (isNode(part) ? String(part['cooked']) : '')).join(' ')];
}

function literalsWithin(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(literalsWithin);
  if (!isNode(node)) return [];
  const own = literal(node);
  return own.length > 0 ? own : Object.values(node).flatMap(literalsWithin);
}

/** Strings that a template is put together from. */
const interpolated = (template: unknown): string[] =>
  isNode(template) ? literalsWithin(template['expressions']) : [];

interface Declaration {
  /** Strings of the table of `.each(table)`: the names of its tests are put together from them. */
  readonly table: readonly string[];
}

/** Whether a callee is `it`, `describe.only`, `it.each(table)`, `` it.each`table` `` …; undefined for anything else. */
function declaration(callee: unknown): Declaration | undefined {
  if (!isNode(callee)) return undefined;
  switch (callee['type']) {
    case 'Identifier':
      return DECLARES.has(String(callee['value'])) ? { table: [] } : undefined;
    case 'MemberExpression': {
      const property = isNode(callee['property']) ? String(callee['property']['value']) : '';
      return PROVES_NOTHING.has(property) ? undefined : declaration(callee['object']);
    }
    case 'CallExpression':
      return declaration(callee['callee']) && { table: literalsWithin(callee['arguments']) };
    case 'TaggedTemplateExpression':
      return (
        declaration(callee['tag']) && {
          table: literalsWithin(callee['template']).concat(interpolated(callee['template'])),
        }
      );
    default:
      return undefined;
  }
}

function namesWithin(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(namesWithin);
  if (!isNode(node)) return [];
  const inner = Object.values(node).flatMap(namesWithin);
  if (node['type'] !== 'CallExpression' || !Array.isArray(node['arguments'])) return inner;
  const found = declaration(node['callee']);
  const [name] = node['arguments'] as readonly unknown[];
  if (!found || !isNode(name)) return inner;
  return [...literal(name['expression']), ...found.table, ...inner];
}

/** The names of all tests and groups of tests that a TypeScript file declares, as far as they stand there literally. */
export function testNames(source: string): string[] {
  if (!MAY_HOLD_TESTS.test(source)) return [];
  return namesWithin(parseSync(source, { syntax: 'typescript', decorators: true }));
}

const TOKEN = '[A-Z]+(?:-[A-Z]+)*-?\\d+';
const ONE_OR_RANGE = new RegExp(`^${TOKEN}(?:–${TOKEN})?$`);
const LIST = new RegExp(`\\((${TOKEN}(?:[,;–][^()]*)?)\\)`, 'g');
const PREFIX = new RegExp(`^(${TOKEN}): `);

/** `ID3–ID5` is `ID3`, `ID4` and `ID5`. */
function idsOf(item: string): string[] {
  const [from = '', to] = item.split('–');
  const [, family = '', first = ''] = /^(.*?)(\d+)$/.exec(from) ?? [];
  if (to === undefined) return [from];
  const [, lastFamily, last = ''] = /^(.*?)(\d+)$/.exec(to) ?? [];
  const count = Number(last) - Number(first) + 1;
  if (family !== lastFamily || count < 1) return [from, to];
  return Array.from({ length: count }, (_, index) => `${family}${Number(first) + index}`);
}

/**
 * Ids that a test's name cites: `… (R1, L3)`, `… (ID3–ID5)`, `… (I1, seed %i)` or `I5: …`. Parentheses that begin otherwise are
 * no citation.
 */
export function citedIds(name: string): string[] {
  const items = [...name.matchAll(LIST)].flatMap(([, list = '']) =>
    list.split(/[,;]/).map((item) => item.trim()),
  );
  const prefix = PREFIX.exec(name)?.[1];
  return [
    ...(prefix === undefined ? [] : [prefix]),
    ...items.filter((item) => ONE_OR_RANGE.test(item)).flatMap(idsOf),
  ];
}
