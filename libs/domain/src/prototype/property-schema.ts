import type { Value, ValueMap } from '../entities';
import { isUuid } from '../ids';
import { formatPointer } from '../pointer';
import { ok, refuse, type Result } from '../refusal';
import { isText } from '../values';

interface RuleBase {
  /** The property must be there at any time. */
  readonly required?: boolean;
  readonly description?: string;
}

interface NumericRule extends RuleBase {
  /** For people and generated types: `m`, `kg`, `°C`. */
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  /** Values are `min` (or 0) plus a multiple of it, to within a billionth of a step. */
  readonly step?: number;
  readonly default?: number;
}

export interface NumberRule extends NumericRule {
  readonly type: 'number';
}

/** Integers of 64 bits; bounds and default are within ±2^53. */
export interface IntegerRule extends NumericRule {
  readonly type: 'integer';
}

export interface TextRule extends RuleBase {
  readonly type: 'text';
  /** Unicode code points. */
  readonly min_chars?: number;
  readonly max_chars?: number;
  readonly default?: string;
}

export interface BooleanRule extends RuleBase {
  readonly type: 'boolean';
  readonly default?: boolean;
}

export interface EnumRule extends RuleBase {
  readonly type: 'enum';
  readonly values: readonly string[];
  readonly default?: string;
}

/** `#rrggbb` or `#rrggbbaa`, lower or upper case. */
export interface ColorRule extends RuleBase {
  readonly type: 'color';
  readonly default?: string;
}

/** The id of an object or of a prototype. That it is there is not asked: it may go at any time. */
export interface ReferenceRule extends RuleBase {
  readonly type: 'reference';
  readonly to: 'object' | 'prototype';
  readonly default?: string;
}

/** Any value. */
export interface AnyRule extends RuleBase {
  readonly type: 'any';
  readonly default?: Value;
}

export type PropertyRule =
  NumberRule | IntegerRule | TextRule | BooleanRule | EnumRule | ColorRule | ReferenceRule | AnyRule;

/** What the properties of an instance may be. */
export interface PropertySchema {
  readonly properties: Readonly<Record<string, PropertyRule>>;
  /** Other names than those of `properties` may be set too. */
  readonly open?: boolean;
}

const COLOR = /^#(?:[0-9a-f]{6}|[0-9a-f]{8})$/i;
/** Of a step: what decimal steps lose in binary. */
const STEP_TOLERANCE = 1e-9;

/** Whether the properties as a whole fit. Refuses with `property.invalid`, `property.required` or `property.unknown`. */
export function checkProperties(schema: PropertySchema, properties: ValueMap): Result<void> {
  for (const [name, rule] of Object.entries(schema.properties)) {
    const value = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const checked = checkProperty(name, rule, value);
    if (!checked.ok) return checked;
  }
  if (schema.open === true) return ok(undefined);
  const unknown = Object.keys(properties).find((name) => !Object.hasOwn(schema.properties, name));
  if (unknown === undefined) return ok(undefined);
  const pointer = pointerOf(unknown);
  return refuse('property.unknown', `${pointer} is not in the schema of the prototype`, { pointer });
}

/** Whether one property fits; `undefined` when it is not there. */
export function checkProperty(name: string, rule: PropertyRule, value: Value | undefined): Result<void> {
  const pointer = pointerOf(name);
  if (value === undefined) {
    if (rule.required !== true) return ok(undefined);
    return refuse('property.required', `${pointer} must be there`, { pointer, expected: expectation(rule) });
  }
  if (fits(rule, value)) return ok(undefined);
  const expected = expectation(rule);
  return refuse('property.invalid', `${pointer} must be ${expected}`, { pointer, expected });
}

/** The properties with the defaults of those that are not there. */
export function withDefaults(schema: PropertySchema, properties: ValueMap): ValueMap {
  const added: Record<string, Value> = {};
  for (const [name, rule] of Object.entries(schema.properties)) {
    if (rule.default !== undefined && !Object.hasOwn(properties, name)) added[name] = rule.default;
  }
  return Object.keys(added).length === 0 ? properties : { ...properties, ...added };
}

export function pointerOf(name: string): string {
  return formatPointer(['properties', name]);
}

/** Whether a value that is there fits its rule. */
export function fits(rule: PropertyRule, value: Value): boolean {
  switch (rule.type) {
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) && inRange(rule, value);
    case 'integer':
      return isInteger(value) && inRange(rule, value);
    case 'text':
      return isText(value) && hasLength(rule, value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'enum':
      return typeof value === 'string' && rule.values.includes(value);
    case 'color':
      return typeof value === 'string' && COLOR.test(value);
    case 'reference':
      return isUuid(value);
    case 'any':
      return true;
    default:
      return rule satisfies never;
  }
}

function isInteger(value: Value): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

function inRange({ min, max, step }: NumericRule, value: number | bigint): boolean {
  if (min !== undefined && value < min) return false;
  if (max !== undefined && value > max) return false;
  if (step === undefined) return true;
  const steps = (Number(value) - (min ?? 0)) / step;
  return Math.abs(steps - Math.round(steps)) <= STEP_TOLERANCE * Math.max(1, Math.abs(steps));
}

function hasLength({ min_chars: min = 0, max_chars: max }: TextRule, value: string): boolean {
  const chars = Array.from(value).length;
  return chars >= min && (max === undefined || chars <= max);
}

/** What would be right, in words. */
function expectation(rule: PropertyRule): string {
  switch (rule.type) {
    case 'number':
    case 'integer':
      return `${rule.type === 'number' ? 'a number' : 'an integer'}${rangeOf(rule)}`;
    case 'text':
      return `text${lengthOf(rule)}`;
    case 'boolean':
      return 'true or false';
    case 'enum':
      return `one of ${rule.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'color':
      return 'a color, #rrggbb or #rrggbbaa';
    case 'reference':
      return rule.to === 'object' ? 'the id of an object' : 'the id of a prototype';
    case 'any':
      return 'there';
    default:
      return rule satisfies never;
  }
}

function rangeOf({ min, max, step, unit }: NumericRule): string {
  return [
    min === undefined ? '' : ` from ${min}`,
    max === undefined ? '' : ` up to ${max}`,
    step === undefined ? '' : ` in steps of ${step}`,
    unit === undefined ? '' : ` (${unit})`,
  ].join('');
}

function lengthOf({ min_chars: min, max_chars: max }: TextRule): string {
  const least = min === undefined ? '' : ` of at least ${min}`;
  const most = max === undefined ? '' : `${min === undefined ? ' of' : ' and'} at most ${max}`;
  return least === '' && most === '' ? '' : `${least}${most} characters`;
}
