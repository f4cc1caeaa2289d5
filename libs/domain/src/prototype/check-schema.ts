import { LIMITS } from '../limits';
import { ok, refuse, type Result } from '../refusal';
import { checkValue, isForbiddenKey, isText } from '../values';
import { PROTOTYPE_LIMITS } from './limits';
import type { Migration } from './migrate';
import { fits, type PropertyRule, type PropertySchema } from './property-schema';

/** Whether a schema and the migrations to it make sense in themselves. Refuses with `prototype.invalid` and a pointer. */
export function checkSchema(
  schema: PropertySchema | undefined,
  migrations: readonly Migration[],
): Result<void> {
  const rules = Object.entries(schema?.properties ?? {});
  if (rules.length > PROTOTYPE_LIMITS.properties_per_schema) {
    return invalid(
      '/schema/properties',
      `has more than ${PROTOTYPE_LIMITS.properties_per_schema} properties`,
    );
  }
  for (const [name, rule] of rules) {
    const at = `/schema/properties/${name}`;
    const problem = isName(name) ? problemOf(rule) : 'is no name that a property may have';
    if (problem !== undefined) return invalid(at, problem);
  }
  if (migrations.length > PROTOTYPE_LIMITS.migrations_per_version) {
    return invalid('/migrations', `has more than ${PROTOTYPE_LIMITS.migrations_per_version} steps`);
  }
  const wrong = migrations.findIndex((step) => !namesOf(step).every(isName) || !isSound(step));
  return wrong < 0 ? ok(undefined) : invalid(`/migrations/${wrong}`, 'names or sets what no property may be');
}

function invalid(pointer: string, message: string): Result<never> {
  return refuse('prototype.invalid', `${pointer} ${message}`, { pointer });
}

function isName(name: string): boolean {
  return name !== '' && name.length <= LIMITS.property_key_chars && isText(name) && !isForbiddenKey(name);
}

function namesOf(step: Migration): readonly string[] {
  return step.migrate === 'rename' ? [step.from, step.to] : [step.name];
}

function isSound(step: Migration): boolean {
  switch (step.migrate) {
    case 'convert':
      return Number.isFinite(step.factor) && step.factor !== 0 && Number.isFinite(step.offset ?? 0);
    case 'default':
      return checkValue(step.value, LIMITS.property_depth_levels - 1).ok;
    case 'map':
      return Object.entries(step.values).every(
        ([from, to]) => isText(from) && isText(to) && !isForbiddenKey(from),
      );
    default:
      return true;
  }
}

function problemOf(rule: PropertyRule): string | undefined {
  const max = PROTOTYPE_LIMITS.schema_text_chars;
  if ((rule.description?.length ?? 0) > max) return `has a description of more than ${max} characters`;
  const own = ownProblemOf(rule);
  if (own !== undefined || rule.default === undefined) return own;
  if (!checkValue(rule.default, LIMITS.property_depth_levels - 1).ok) return 'has a default that is no value';
  return fits(rule, rule.default) ? undefined : 'has a default that does not fit';
}

function ownProblemOf(rule: PropertyRule): string | undefined {
  switch (rule.type) {
    case 'number':
    case 'integer':
      return rangeProblem(rule);
    case 'text': {
      const { min_chars: min = 0, max_chars: max = Number.POSITIVE_INFINITY } = rule;
      return min <= max ? undefined : 'has a min_chars above its max_chars';
    }
    case 'enum': {
      const { values } = rule;
      const isSet = new Set(values).size === values.length && values.every(isText);
      const hasSize = values.length > 0 && values.length <= PROTOTYPE_LIMITS.values_per_enum;
      return isSet && hasSize
        ? undefined
        : `must have 1 to ${PROTOTYPE_LIMITS.values_per_enum} values, each once`;
    }
    default:
      return undefined;
  }
}

function rangeProblem({
  type,
  min,
  max,
  step,
}: Extract<PropertyRule, { readonly type: 'number' | 'integer' }>): string | undefined {
  const bounds = [min, max, step].filter((bound) => bound !== undefined);
  if (!bounds.every(Number.isFinite)) return 'has a bound that is not finite';
  if (type === 'integer' && !bounds.every(Number.isSafeInteger)) return 'has a bound that is no integer';
  if (step !== undefined && step <= 0) return 'has a step that is not above 0';
  return min !== undefined && max !== undefined && min > max ? 'has a min above its max' : undefined;
}
