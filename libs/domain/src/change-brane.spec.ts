import { codeOf, unwrap } from './brane.spec-support';
import { BRANE_LIMITS, changeBrane } from './change-brane';
import type { BraneMeta } from './entities';
import type { SettingsChange } from './ops';
import { isPicture } from './picture';

const AT = '2026-02-01T00:00:00.000Z';
type Before = Pick<BraneMeta, 'settings' | 'archived_at'>;

describe('a wanted change of a brane', () => {
  const settings = (change: SettingsChange, before: Before = {}) =>
    changeBrane(before, { op: 'set_brane', settings: change }, AT);

  it('names the whole of the settings: what it does not name stays, null goes (BRANE-4)', () => {
    const before = { settings: { description: 'old', tags: ['a'], history_days: 30 } };
    expect(unwrap(settings({ description: 'new', tags: null }, before))).toEqual({
      op: 'set_brane',
      settings: { description: 'new', history_days: 30 },
    });
    expect(unwrap(settings({ history_days: 0 }))).toEqual({ op: 'set_brane', settings: { history_days: 0 } });
  });

  it('archives from now on, or since when it was, and takes that back (BRANE-5)', () => {
    const archive = (archived: boolean, before: Before) =>
      unwrap(changeBrane(before, { op: 'set_brane', archived }, AT));
    expect(archive(true, {})).toEqual({ op: 'set_brane', archived_at: AT });
    expect(archive(true, { archived_at: null })).toEqual({ op: 'set_brane', archived_at: AT });
    expect(archive(true, { archived_at: 'before' })).toEqual({ op: 'set_brane', archived_at: 'before' });
    expect(archive(false, { archived_at: 'before' })).toEqual({ op: 'set_brane', archived_at: null });
  });

  it('holds nothing that was not asked for by name', () => {
    const sly = { op: 'set_brane', name: 'x', status: 'purged', members: {} } as const;
    expect(unwrap(changeBrane({}, sly, AT))).toEqual({ op: 'set_brane', name: 'x' });
  });

  it.each<[string, SettingsChange, string]>([
    ['/settings/description', { description: 'x'.repeat(2_001) }, 'field.too_large'],
    ['/settings/description', { description: '\ud800' }, 'field.invalid'],
    ['/settings/tags', { tags: Array.from({ length: 21 }, (_, i) => `t${i}`) }, 'field.too_large'],
    ['/settings/tags', { tags: ['a', 'a'] }, 'field.invalid'],
    ['/settings/tags/1', { tags: ['a', ' '] }, 'field.invalid'],
    ['/settings/tags/0', { tags: ['x'.repeat(41)] }, 'field.too_large'],
    ['/settings/thumbnail', { thumbnail: 'http://x.test/a.png' }, 'field.invalid'],
    ['/settings/history_days', { history_days: -1 }, 'field.invalid'],
    ['/settings/history_days', { history_days: 1.5 }, 'field.invalid'],
    ['/settings/history_days', { history_days: BRANE_LIMITS.history_days + 1 }, 'field.too_large'],
  ])('is refused at %s (BRANE-4)', (pointer, change, code) => {
    const result = settings(change);
    expect(codeOf(result)).toBe(code);
    expect(result.ok ? undefined : result.refusal.details).toMatchObject({ pointer });
  });

  it.each([
    ['https://x.test/a.png?w=1#f', true],
    ['https://x.test', true],
    ['00000000-0000-4000-8000-000000000001', true],
    ['http://x.test/a.png', false],
    ['javascript:alert(1)', false],
    ['data:image/png;base64,AAAA', false],
    ['https://user:secret@x.test/', false],
    ['https:///a', false],
    ['https://x.test/a b', false],
    ['//x.test/a', false],
    ['', false],
    [`https://x.test/${'a'.repeat(2_048)}`, false],
  ])('%.60s is a picture: %s', (text, expected) => {
    expect(isPicture(text)).toBe(expected);
  });
});
