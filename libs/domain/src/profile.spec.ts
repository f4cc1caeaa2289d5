import { codeOf, unwrap } from './brane.spec-support';
import { changeProfile, type Profile, type ProfileChange } from './profile';

const ada: Profile = {
  name: 'Ada',
  avatar: 'https://x.test/a.png',
  locale: 'en',
  settings: { theme: 'dark', zoom: 2 },
};

describe('a profile (USER-1)', () => {
  it('changes field by field; null takes a field or a setting away', () => {
    expect(unwrap(changeProfile(ada, { name: 'Grace' }))).toEqual({ ...ada, name: 'Grace' });
    expect(unwrap(changeProfile(ada, { avatar: null, locale: null, settings: null }))).toEqual({
      name: 'Ada',
    });
    expect(
      unwrap(changeProfile(ada, { settings: { theme: null, sound: { music: [1, 2] } } })).settings,
    ).toEqual({
      zoom: 2,
      sound: { music: [1, 2] },
    });
    expect(unwrap(changeProfile(ada, { settings: { theme: null, zoom: null } }))).not.toHaveProperty(
      'settings',
    );
  });

  it('keeps a locale in its canonical form', () => {
    expect(unwrap(changeProfile(ada, { locale: 'DE-ch' })).locale).toBe('de-CH');
    expect(unwrap(changeProfile(ada, { locale: 'zh-hant-tw' })).locale).toBe('zh-Hant-TW');
  });

  it.each<[ProfileChange, string, string]>([
    [{ name: ' ' }, '/name', 'field.invalid'],
    [{ name: '\udc00' }, '/name', 'field.invalid'],
    [{ name: '😀'.repeat(101) }, '/name', 'field.too_large'],
    [{ avatar: 'http://x.test/a.png' }, '/avatar', 'field.invalid'],
    [{ avatar: 'not-an-id' }, '/avatar', 'field.invalid'],
    [{ locale: 'de_CH' }, '/locale', 'field.invalid'],
    [{ locale: '' }, '/locale', 'field.invalid'],
    [{ locale: 'x-'.repeat(20) }, '/locale', 'field.too_large'],
    [{ settings: { ['k'.repeat(65)]: 1 } }, '/settings', 'field.too_large'],
    [{ settings: { '': 1 } }, '/settings', 'field.too_large'],
    [{ settings: JSON.parse('{"__proto__": 1}') as never }, '/settings', 'field.invalid'],
    [{ settings: { deep: { a: { b: { c: { d: 1 } } } } } }, '/settings', 'field.invalid'],
    [{ settings: { long: 'x'.repeat(17_000) } }, '/settings', 'field.too_large'],
    [
      { settings: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, 1])) },
      '/settings',
      'field.too_large',
    ],
  ])('refuses %j at %s', (change, pointer, code) => {
    const result = changeProfile({ name: 'Ada' }, change);
    expect(codeOf(result)).toBe(code);
    expect(result.ok ? undefined : result.refusal.details).toMatchObject({ pointer });
  });
});
