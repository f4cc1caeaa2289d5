import * as z from 'zod/mini';
import { type ErrorCode, isErrorCode } from '../errors/error-table';
import { fail } from '../errors/fail';
import type { StateError } from '../errors/state-error';

type Issue = z.core.$ZodIssue;

/** How many problems a refusal names. */
const ISSUES_TOLD = 5;

interface Problem {
  /** JSON Pointer to what is wrong. */
  readonly path: string;
  readonly problem: string;
}

/** The value as the schema makes it; throws a StateError that says where and what is wrong. */
export function parseWith<Schema extends z.core.$ZodType>(
  schema: Schema,
  input: unknown,
  code: ErrorCode,
): z.output<Schema> {
  const result = z.safeParse(schema, input, { reportInput: true });
  if (result.success) return result.data;
  throw invalid(result.error.issues, code);
}

function invalid(issues: readonly Issue[], code: ErrorCode): StateError {
  const problems = issues.slice(0, ISSUES_TOLD).flatMap((issue) => describe(issue, []));
  const [first] = problems;
  const message =
    first === undefined ? undefined : `${first.path === '' ? 'It' : first.path} ${first.problem}.`;
  return fail(preciseCode(issues) ?? code, { problems }, message);
}

/** A rule of its own brings the code of the error table with it. */
function preciseCode(issues: readonly Issue[]): ErrorCode | undefined {
  for (const issue of issues) {
    const named: unknown = issue.code === 'custom' ? issue.params?.['code'] : undefined;
    if (typeof named === 'string' && isErrorCode(named)) return named;
  }
  return undefined;
}

function describe(issue: Issue, base: readonly PropertyKey[]): Problem[] {
  const path = [...base, ...issue.path];
  const at = path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  const one = (problem: string): Problem[] => [{ path: at, problem }];
  switch (issue.code) {
    case 'invalid_type':
      return one(issue.input === undefined ? 'is missing' : `must be ${aOrAn(issue.expected)}`);
    case 'unrecognized_keys':
      return one(`has unknown fields: ${issue.keys.slice(0, ISSUES_TOLD).join(', ')}`);
    case 'invalid_value':
      return one(`must be one of ${issue.values.map((allowed) => JSON.stringify(allowed)).join(', ')}`);
    case 'too_small':
      return one(`must be ${limit('at least', issue.minimum, issue.origin, issue.inclusive)}`);
    case 'too_big':
      return one(`must be ${limit('at most', issue.maximum, issue.origin, issue.inclusive)}`);
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.flatMap((inner) => describe(inner, path));
    case 'invalid_union':
      return nearest(issue)?.flatMap((inner) => describe(inner, path)) ?? one(describeUnion(issue));
    case 'custom':
      return one(issue.input === undefined ? 'is missing' : issue.message);
    default:
      return one(issue.message);
  }
}

/** Of several forms the one that the value almost has, if there is one. */
function nearest(issue: Extract<Issue, { code: 'invalid_union' }>): readonly Issue[] | undefined {
  const [first, second] = [...issue.errors].sort((a, b) => a.length - b.length);
  return first !== undefined && second !== undefined && first.length < second.length ? first : undefined;
}

function describeUnion(issue: Extract<Issue, { code: 'invalid_union' }>): string {
  const allowed: readonly unknown[] | undefined = 'options' in issue ? issue.options : undefined;
  const options = allowed?.map((option) => JSON.stringify(option)).join(', ');
  return options === undefined ? issue.message : `must be one of ${options}`;
}

function limit(word: string, bound: number | bigint, origin: string, inclusive: boolean | undefined): string {
  const unit = { string: ' characters long', array: ' elements long' }[origin] ?? '';
  return `${inclusive === false ? word.replace('at ', 'strictly ') : word} ${bound}${unit}`;
}

function aOrAn(expected: string): string {
  const name = { object: 'map', record: 'map', int: 'integer', string: 'text' }[expected] ?? expected;
  if (name === 'text') return name;
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}
