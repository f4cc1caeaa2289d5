import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { SDK_GZIP_BYTES, sdkBundle } from './sdk-bundle';

describe('the SDK as one file', () => {
  it('costs a page at most 40,000 bytes after gzip (SDK-11)', async () => {
    const { outputFiles } = await build({ ...sdkBundle(), sourcemap: false, write: false });
    expect(SDK_GZIP_BYTES).toBe(40_000);
    expect(outputFiles).toHaveLength(1);
    expect(gzipSync(outputFiles[0]?.contents ?? '').length).toBeLessThanOrEqual(SDK_GZIP_BYTES);
  });
});
