import fc from 'fast-check';
import { buildWorld, seededIds, seededRandom } from '@state-server/testing';
import type { Value } from './entities';
import { firstMissing, getPointer, setPointers } from './fields';
import { covers, formatPointer, parsePointer, PointerSet } from './pointer';
import { codeOf, unwrap } from './brane.spec-support';
import { checkValue, isForbiddenKey } from './values';

const ids = seededIds(seededRandom(2));
const world = buildWorld(ids);
const prototypeId = ids.uuid();
const key = fc
  .oneof(fc.string({ maxLength: 6 }), fc.constantFrom('', '/', '~', '~0', '~1', 'a/b'))
  .filter((text) => !isForbiddenKey(text));

describe('pointers', () => {
  it('escapes as RFC 6901 says', () => {
    expect(unwrap(parsePointer('/properties/a~1b/~01'))).toEqual(['properties', 'a/b', '~1']);
    expect(formatPointer(['properties', 'a/b', '~1'])).toBe('/properties/a~1b/~01');
  });

  it('comes back from its text, whatever the keys', () => {
    fc.assert(
      fc.property(fc.array(key, { minLength: 1 }), (keys) => {
        expect(unwrap(parsePointer(formatPointer(keys)))).toEqual(keys);
      }),
    );
  });

  it.each(['', 'name', '/a~2', '/a~', '/\ud800', undefined, 7])('refuses %p', (pointer) => {
    expect(codeOf(parsePointer(pointer))).toBe('field.invalid');
  });

  it.each(['__proto__', 'constructor', 'prototype'])('refuses the key %s anywhere (S4)', (forbidden) => {
    expect(codeOf(parsePointer(`/properties/${forbidden}`))).toBe('field.not_settable');
    expect(codeOf(parsePointer(`/${forbidden}/a`))).toBe('field.not_settable');
  });

  it.each(['$int', '$bytes'])(
    'refuses the key %s anywhere: a map of it alone is something else in JSON (S5)',
    (key) => {
      expect(codeOf(parsePointer(`/properties/${key}`))).toBe('field.not_settable');
      expect(codeOf(checkValue({ [key]: 'x', b: 1 }))).toBe('field.invalid');
    },
  );

  it('finds every overlap, and nothing else (S4)', () => {
    const path = fc.array(fc.constantFrom('a', 'b', 'a-b', ''), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(path, path, (one, other) => {
        const set = new PointerSet();
        set.add(one);
        const [left, right] = [formatPointer(one), formatPointer(other)];
        expect(set.add(other)).toBe(!covers(left, right) && !covers(right, left));
      }),
    );
  });
});

describe('settable fields (S4)', () => {
  const group = world.group({ gallery: { [prototypeId]: 'a0' } });
  const block = world.block({ properties: { a: { b: 1 }, list: [1, 2], none: null } });

  it.each([
    ['/parent_id', 'field.not_settable'],
    ['/transform', 'field.not_settable'],
    ['/order', 'field.not_settable'],
    ['/is_brane', 'field.not_settable'],
    ['/kind', 'field.not_settable'],
    ['/version', 'field.not_settable'],
    ['/co_edited', 'field.not_settable'],
    ['/toString', 'field.not_settable'],
    ['/name/first', 'field.not_settable'],
    ['/gallery', 'field.not_settable'],
    [`/gallery/${prototypeId}`, 'field.not_settable'],
    ['/model/radius', 'field.not_settable'],
    ['/properties/list/0', 'field.invalid'],
    ['/properties/a/b/c', 'field.invalid'],
    ['/properties/none/x', 'field.invalid'],
  ])('refuses %s of a block with %s', (pointer, code) => {
    expect(codeOf(setPointers(block, { [pointer]: 1 }, []))).toBe(code);
    expect(codeOf(setPointers(block, {}, [pointer]))).toBe(code);
  });

  it.each<[string, Value]>([
    ['/name', 7],
    ['/properties', [1]],
    ['/properties', null],
    ['/properties/x', Number.NaN],
    ['/model', {}],
    ['/model', 'm'],
  ])('refuses %s = %p', (pointer, value) => {
    expect(codeOf(setPointers(block, { [pointer]: value }, []))).toBe('field.invalid');
  });

  it('refuses a gallery key that is no id, and a model on a group', () => {
    expect(codeOf(setPointers(group, { '/gallery/door': 'a0' }, []))).toBe('field.not_settable');
    expect(codeOf(setPointers(group, { [`/gallery/${prototypeId}`]: 1 }, []))).toBe('field.invalid');
    expect(codeOf(setPointers(group, { '/model': null }, []))).toBe('field.not_settable');
  });

  it('refuses pointers that overlap, in set, in unset, and between them', () => {
    expect(codeOf(setPointers(block, { '/properties': {}, '/properties/a': 1 }, []))).toBe('field.overlap');
    expect(codeOf(setPointers(block, {}, ['/name', '/name']))).toBeDefined();
    expect(codeOf(setPointers(block, {}, ['/properties/a', '/properties/a']))).toBe('field.overlap');
    expect(codeOf(setPointers(block, { '/properties/a/b': 1 }, ['/properties/a']))).toBe('field.overlap');
    expect(codeOf(setPointers(block, { '/properties/a': 1, '/properties/ab': 1 }, []))).toBeUndefined();
  });

  it('makes the maps that are missing on the way, and keeps what is beside', () => {
    const next = unwrap(setPointers(block, { '/properties/x/y/z': 1, '/properties/a/c': 2 }, []));
    expect(next.properties).toEqual({ a: { b: 1, c: 2 }, x: { y: { z: 1 } }, list: [1, 2], none: null });
    expect(block.properties).toEqual({ a: { b: 1 }, list: [1, 2], none: null });
    expect(firstMissing(block, '/properties/x/y/z')).toBe('/properties/x');
    expect(firstMissing(block, '/properties/a/c')).toBeUndefined();
  });

  it('unsets what is there, and takes what is not for done', () => {
    expect(unwrap(setPointers(block, {}, ['/properties/a/b', '/properties/x/y'])).properties).toEqual({
      a: {},
      list: [1, 2],
      none: null,
    });
    expect(unwrap(setPointers(block, {}, ['/properties'])).properties).toEqual({});
    expect(unwrap(setPointers(group, {}, [`/gallery/${prototypeId}`]))).toMatchObject({ gallery: {} });
  });

  it('keeps of a model what a model has, and null where there is none', () => {
    const model = { id: 'm', digest: 'd', bytes: 10, bounds: [0, 0, 0, 1, 1, 1], radius: 2, previews: ['p'] };
    const next = unwrap(setPointers(block, { '/model': { ...model, script: 'x' } }, []));
    expect(next).toMatchObject({ model });
    expect(getPointer(next, '/model')).toEqual(model);
    expect(getPointer(unwrap(setPointers(next, {}, ['/model'])), '/model')).toBeNull();
    for (const wrong of [{ bytes: -1 }, { bounds: [1] }, { radius: -1 }, { previews: [1] }, { id: 1 }]) {
      expect(codeOf(setPointers(block, { '/model': { ...model, ...wrong } }, []))).toBe('field.invalid');
    }
  });

  it('reads back what it has set', () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 3 }), fc.oneof(fc.string(), fc.integer()), (keys, value) => {
        const pointer = formatPointer(['properties', 'deep', ...keys]);
        const next = unwrap(setPointers(block, { [pointer]: value }, []));
        expect(getPointer(next, pointer)).toBe(value);
        expect(getPointer(unwrap(setPointers(next, {}, [pointer])), pointer)).toBeUndefined();
      }),
    );
  });

  it('does not find what maps inherit', () => {
    expect(getPointer(block, '/properties/toString')).toBeUndefined();
    expect(getPointer(block, '/properties/a/valueOf')).toBeUndefined();
    expect(getPointer(block, '/version')).toBeUndefined();
  });
});
