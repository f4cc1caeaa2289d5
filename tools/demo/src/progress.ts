/** One line that is written over while something runs; plain lines where nobody watches. */
export function createProgress(out: NodeJS.WriteStream) {
  let last = 0;
  return {
    show(text: string): void {
      if (out.isTTY) {
        out.write(`\r\x1b[2K${text}`);
        return;
      }
      if (performance.now() - last < 2_000) return;
      last = performance.now();
      out.write(`${text}\n`);
    },
    done(text: string): void {
      out.write(out.isTTY ? `\r\x1b[2K${text}\n` : `${text}\n`);
    },
  };
}

export type Progress = ReturnType<typeof createProgress>;
