import type { PrototypeRules } from '../draft';
import { ok } from '../refusal';
import { resolveInstantiate } from './instantiate';
import { checkProperties } from './property-schema';
import type { PrototypeReader } from './prototype';
import { resolveUpgrade } from './upgrade';

/** The rules about instances over what this reader knows of prototypes. */
export function prototypeRules(reader: PrototypeReader): PrototypeRules {
  return {
    instantiate: (draft, op, environment) => resolveInstantiate(reader, draft, op, environment),
    upgrade: (draft, object, version, environment) =>
      resolveUpgrade(reader, draft, { object, version }, environment),
    check: ({ prototype, properties }) => {
      // Parts are free; what is no version that is known here (an import) says nothing about properties.
      if (prototype === null || prototype.node !== undefined) return ok(undefined);
      const schema = reader.version(prototype.id, prototype.version)?.schema;
      return schema === undefined ? ok(undefined) : checkProperties(schema, properties);
    },
  };
}
