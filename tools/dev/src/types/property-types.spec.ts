import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { interfaceName, propertyTypes, type TypedVersion } from './property-types';

const LAMP: TypedVersion = {
  name: 'old lamp',
  prototype_id: '0b8f1f2e-0f0e-4c5e-8d1a-9d8f3d6a7b10',
  version: 3,
  schema: {
    properties: {
      height: { type: 'number', unit: 'm', min: 0, max: 3, step: 0.25, default: 1, required: true },
      bulbs: { type: 'integer', min: 1, max: 9 },
      serial: { type: 'integer' },
      mood: { type: 'enum', values: ['warm', 'it\'s "cold"'], default: 'warm' },
      shade: { type: 'color', description: 'ends the comment: */ export const evil = 1; /*' },
      'hangs-from': { type: 'reference', to: 'object' },
      label: { type: 'text', max_chars: 40 },
      on: { type: 'boolean' },
      notes: { type: 'any' },
    },
  },
};

/** What the compiler has against the files. */
function problemsOf(files: Readonly<Record<string, string>>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'types-'));
  try {
    const paths = Object.entries(files).map(([name, text]) => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    });
    const options = {
      strict: true,
      noEmit: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      lib: ['lib.es2022.d.ts'],
      target: ts.ScriptTarget.ES2022,
      types: [],
    };
    const program = ts.createProgram(paths, { ...options, module: ts.ModuleKind.ESNext });
    return ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('types from a property schema', () => {
  it('compile, and let pass what the schema lets pass and nothing else (PROTO-21)', () => {
    const good = `import type { OldLampProperties } from './lamp';
export const lamp: OldLampProperties = { height: 1.5, bulbs: 2, serial: 5n, mood: 'it\\'s "cold"', shade: '#a0b0c0', 'hangs-from': 'x', label: 'l', on: true, notes: [1] };
export const bare: OldLampProperties = { height: 1 };
`;
    const types = propertyTypes(LAMP);
    expect(problemsOf({ 'lamp.ts': types, 'good.ts': good })).toEqual([]);
    const wrong = [
      `{}`,
      `{ height: '1' }`,
      `{ height: 1, mood: 'hot' }`,
      `{ height: 1, wings: 2 }`,
      `{ height: 1, shade: 'red' }`,
    ];
    const bad = wrong
      .map((value, index) => `export const bad${index}: OldLampProperties = ${value};`)
      .join('\n');
    const found = problemsOf({
      'lamp.ts': types,
      'bad.ts': `import type { OldLampProperties } from './lamp';\n${bad}\n`,
    });
    expect(found).toHaveLength(wrong.length);
    expect(types).toContain('in m; 0 … 3; steps of 0.25; default 1');
  }, 60_000);

  it('of a version without a schema, or an open one, take any name (PROTO-21)', () => {
    const { schema: _, ...free } = LAMP;
    expect(propertyTypes(free)).toContain('readonly [name: string]: unknown;');
  });

  it.each([
    ['old lamp!', 'OldLampProperties'],
    ['3 chairs', 'Prototype3ChairsProperties'],
    ['椅子', 'PrototypeProperties'],
  ])('of %s are called %s (PROTO-21)', (name, expected) => {
    expect(interfaceName(name)).toBe(expected);
  });
});
