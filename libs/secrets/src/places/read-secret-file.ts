import { open } from 'node:fs/promises';

/** No secret is that long. */
const MAX_BYTES = 256 * 1024;

/** The text of a secret's file without the line breaks that editors and `echo` put at its end. */
export async function readSecretFile(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > MAX_BYTES) throw new Error('the file is too large for a secret');
    return (await file.readFile('utf8')).replace(/[\r\n]+$/, '');
  } finally {
    await file.close();
  }
}
