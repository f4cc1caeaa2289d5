import { randomBytes } from 'node:crypto';
import { bytesWeakness, placeholderWeakness, secretWeakness, urlPasswordWeakness } from './weakness';

describe('a secret for production (SECRET-6)', () => {
  it.each([
    'secret',
    'Secret!',
    'changeme',
    'change-me',
    'CHANGE_ME',
    'password123',
    'your-secret-here',
    'keyboard cat',
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  ])('is none that anybody would try: %s', (text) => {
    expect(placeholderWeakness(text)).toBeDefined();
    expect(secretWeakness('key', text)).toBeDefined();
    expect(secretWeakness('password', text)).toBeDefined();
  });

  it('is as long and as random as its kind asks for', () => {
    expect(secretWeakness('key', randomBytes(16).toString('base64url'))).toContain('at least 32 characters');
    expect(secretWeakness('key', 'abcdefgh'.repeat(4))).toContain('repeats itself');
    expect(secretWeakness('password', 'Tr0ub4dor&3')).toContain('at least 12 characters');
    expect(bytesWeakness(Buffer.from('change-me-change-me-change-me'))).toContain('placeholder');
    expect(bytesWeakness(Buffer.alloc(32, 7))).toContain('repeats itself');
    expect(bytesWeakness(randomBytes(16))).toContain('24 random bytes');
  });

  it('is what a generator makes', () => {
    for (let round = 0; round < 200; round += 1) {
      const bytes = randomBytes(32);
      expect(secretWeakness('key', bytes.toString('base64url'))).toBeUndefined();
      expect(secretWeakness('key', bytes.toString('hex'))).toBeUndefined();
      expect(secretWeakness('password', randomBytes(12).toString('base64url'))).toBeUndefined();
      expect(bytesWeakness(bytes)).toBeUndefined();
    }
  });

  it('may be missing in a URL, and if it is there it must be one', () => {
    expect(urlPasswordWeakness('redis://redis:6379')).toBeUndefined();
    expect(urlPasswordWeakness('redis://:foobared@redis:6379')).toContain('its password');
    expect(urlPasswordWeakness('mongodb://root:ex%61mple@a:1,b:2/world')).toContain('its password');
    expect(urlPasswordWeakness(`redis://:${randomBytes(18).toString('base64url')}@redis`)).toBeUndefined();
  });

  it('is never repeated in what is said of it', () => {
    for (const text of ['hunter2', 'password1', 'xyzzy']) {
      expect(secretWeakness('key', text)).not.toContain(text);
    }
  });
});
