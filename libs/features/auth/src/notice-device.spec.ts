import { createWorld, type World } from './auth.spec-support';
import { signInDev } from './dev/sign-in-dev';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const NEWER = FIREFOX.replaceAll('128.0', '129.0');
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';

const mails = ({ deps }: World) =>
  deps.store.read({ label: 'test' }, (tx) => tx.range('mails', { prefix: [], limit: 10 }));

describe('a sign-in from a new device (ID22)', () => {
  const signIn = (world: World, user_agent: string, email?: string) =>
    signInDev(world.deps, {
      ...{ name: 'Ada', origin: { user_agent, address: '192.0.2.1' } },
      ...(email === undefined ? {} : { email }),
    });

  it('is told to the user by mail, once for each device, and not for his first', async () => {
    const world = await createWorld();
    for (const agent of [FIREFOX, FIREFOX, NEWER]) await signIn(world, agent, 'ada@x.test');
    expect(await mails(world)).toEqual([]);
    for (const agent of [CHROME, FIREFOX, CHROME, 'curl/8.5']) await signIn(world, agent, 'ada@x.test');
    const sent = await mails(world);
    expect(sent.map(({ data }) => data?.['device']).sort()).toEqual(['Chrome on Windows', 'curl']);
    expect(sent[0]).toMatchObject({
      template: 'sign_in.new_device',
      to: 'ada@x.test',
      data: { name: 'Ada', address: '192.0.2.1' },
    });
  });

  it('of somebody without an address is remembered and told to nobody', async () => {
    const world = await createWorld();
    for (const agent of [FIREFOX, CHROME]) await signIn(world, agent);
    expect(await mails(world)).toEqual([]);
  });
});
