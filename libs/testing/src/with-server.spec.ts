import { describeWithServer } from './with-server';

const server = { name: 'the store on X', variable: 'TEST_X_OF_THIS_SPEC', value: 'the address of an X' };

/** What is declared while the variable has that value. */
function declaredWith(value: string | undefined): {
  skipped: string[];
  described: string[];
  given: string[];
} {
  const declared = { skipped: [] as string[], described: [] as string[], given: [] as string[] };
  const skip = jest.spyOn(it, 'skip').mockImplementation((name) => {
    if (typeof name === 'string') declared.skipped.push(name);
  });
  const { describe: real } = globalThis;
  const described = (name: string, body: () => void): void => {
    declared.described.push(name);
    body();
  };
  globalThis.describe = Object.assign(described, real);
  if (value === undefined) Reflect.deleteProperty(process.env, server.variable);
  else process.env[server.variable] = value;
  try {
    describeWithServer(server, (address) => void declared.given.push(address));
  } finally {
    skip.mockRestore();
    globalThis.describe = real;
    Reflect.deleteProperty(process.env, server.variable);
  }
  return declared;
}

describe('tests that need a server of somebody else', () => {
  it('are one skipped test that says what was not tried and what to set', () => {
    for (const value of [undefined, '', '  ']) {
      expect(declaredWith(value)).toEqual({
        skipped: [
          'the store on X (not tried: TEST_X_OF_THIS_SPEC is not set; it would name the address of an X)',
        ],
        described: [],
        given: [],
      });
    }
  });

  it('run with the address where it is set', () => {
    expect(declaredWith('/etc/x')).toEqual({
      skipped: [],
      described: ['the store on X'],
      given: ['/etc/x'],
    });
  });
});
