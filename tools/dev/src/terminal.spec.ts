import { terminal } from './terminal';

function recorder(isTTY: boolean): { text: string; isTTY: boolean; write(text: string): void } {
  return {
    text: '',
    isTTY,
    write(text) {
      this.text += text;
    },
  };
}

describe('progress', () => {
  it('is plain lines without a terminal', async () => {
    const output = recorder(false);
    await expect(terminal(output).step('Building', () => Promise.resolve(7))).resolves.toBe(7);
    expect(output.text).toMatch(/^… Building\n✔ Building \(\d+\.\d s\)\n$/);
  });

  it('marks what went wrong and passes the error on', async () => {
    const output = recorder(false);
    const failing = terminal(output).step('Building', () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(output.text).toContain('✖ Building');
  });

  it('marks an answer that is no success', async () => {
    const output = recorder(false);
    await terminal(output).step(
      'Building',
      () => Promise.resolve(1),
      (code) => code === 0,
    );
    expect(output.text).toContain('✖ Building');
  });

  it('leaves one line per step on a terminal', async () => {
    const output = recorder(true);
    await terminal(output).step('Building', () => Promise.resolve());
    expect(output.text.split('\n')).toHaveLength(2);
  });
});
