import { installPlan } from './package-manager';

const system = (
  programs: string[],
  rights: { isRoot?: boolean; maySudo?: boolean } = {},
): Parameters<typeof installPlan>[0] => ({
  has: (program) => programs.includes(program),
  isRoot: false,
  maySudo: false,
  ...rights,
});

describe('installing Redis', () => {
  it('uses the package manager as it is for root', () => {
    expect(installPlan(system(['apk'], { isRoot: true }))).toMatchObject({
      kind: 'run',
      program: 'apk',
      commands: [['apk', 'add', '--quiet', 'redis'], expect.anything()],
    });
  });

  it('uses sudo where it asks for no password', () => {
    expect(installPlan(system(['dnf'], { maySudo: true }))).toMatchObject({
      commands: [expect.arrayContaining(['sudo', '-n', 'dnf']), expect.anything()],
    });
  });

  it('needs no rights for Homebrew', () => {
    expect(installPlan(system(['brew']))).toMatchObject({ kind: 'run', program: 'brew' });
  });

  it.each([
    ['without rights', system(['apt-get']), /sudo apt-get install -y .*redis-server.*REDIS_URL/],
    ['without a package manager', system([]), /install redis-server or valkey.*REDIS_URL/],
  ])('says in one line what to do %s', (_, machine, line) => {
    const plan = installPlan(machine);
    expect(plan).toEqual({ kind: 'ask', line: expect.stringMatching(line) });
    expect(plan).toEqual({ kind: 'ask', line: expect.stringMatching(/^[^\n]+$/) });
  });
});
