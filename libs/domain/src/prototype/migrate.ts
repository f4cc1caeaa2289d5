import type { Value, ValueMap } from '../entities';

/** What has become of the properties of an instance's root since the version before; the steps run in their order. */
export type Migration =
  | { readonly migrate: 'rename'; readonly from: string; readonly to: string }
  /** For a property that is new: set where it is not there. */
  | { readonly migrate: 'default'; readonly name: string; readonly value: Value }
  /** Another unit: value · factor + offset. What is no number stays. */
  | { readonly migrate: 'convert'; readonly name: string; readonly factor: number; readonly offset?: number }
  /** Other names for the values of an enum; what is not in the map stays. */
  | { readonly migrate: 'map'; readonly name: string; readonly values: Readonly<Record<string, string>> }
  | { readonly migrate: 'drop'; readonly name: string };

/** The properties after the steps. */
export function migrate(properties: ValueMap, steps: readonly Migration[]): ValueMap {
  return steps.reduce<ValueMap>(step, properties);
}

function step(properties: ValueMap, migration: Migration): ValueMap {
  switch (migration.migrate) {
    case 'rename': {
      const value = own(properties, migration.from);
      if (value === undefined) return properties;
      return { ...without(properties, migration.from), [migration.to]: value };
    }
    case 'default':
      if (own(properties, migration.name) !== undefined) return properties;
      return { ...properties, [migration.name]: migration.value };
    case 'convert': {
      const value = own(properties, migration.name);
      if (typeof value !== 'number' && typeof value !== 'bigint') return properties;
      const converted = Number(value) * migration.factor + (migration.offset ?? 0);
      return Number.isFinite(converted) ? { ...properties, [migration.name]: converted } : properties;
    }
    case 'map': {
      const value = own(properties, migration.name);
      const to = typeof value === 'string' ? own(migration.values, value) : undefined;
      return to === undefined ? properties : { ...properties, [migration.name]: to };
    }
    case 'drop':
      return without(properties, migration.name);
    default:
      return migration satisfies never;
  }
}

function own<T>(map: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

function without(map: ValueMap, name: string): ValueMap {
  if (!Object.hasOwn(map, name)) return map;
  const { [name]: _, ...rest } = map;
  return rest;
}
