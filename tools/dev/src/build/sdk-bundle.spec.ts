import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { SDK_GZIP_BYTES, SDK_GZIP_LEVEL, sdkBundle } from './sdk-bundle';

describe('the SDK as one file', () => {
  it('costs a page at most 40,000 bytes after gzip (SDK-11)', async () => {
    const { outputFiles } = await build({ ...sdkBundle(), sourcemap: false, write: false });
    expect(SDK_GZIP_BYTES).toBe(40_000);
    expect(outputFiles).toHaveLength(1);
    const { length } = gzipSync(outputFiles[0]?.contents ?? '', { level: SDK_GZIP_LEVEL });
    expect(length).toBeLessThanOrEqual(SDK_GZIP_BYTES);
  });
});
