import { addressKey } from './address-key';

describe('limits by address (LIMIT-3)', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
    ['2001:DB8::5', '2001:db8:0:0::/64'],
    ['2001:db8:0:0001::9', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('file the address %s under %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});
