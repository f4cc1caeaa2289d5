import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { builtSdk, SDK_GZIP_BYTES, SDK_GZIP_LEVEL, sdkBundle } from './build/sdk-bundle';
import { runMain, UserError } from './user-error';

runMain(async () => {
  await build(sdkBundle());
  const bytes = gzipSync(readFileSync(builtSdk), { level: SDK_GZIP_LEVEL }).length;
  console.log(`${builtSdk}: ${bytes} bytes after gzip, ${SDK_GZIP_BYTES} at the most`);
  if (bytes > SDK_GZIP_BYTES) throw new UserError(`the SDK has grown to ${bytes} bytes after gzip`);
  return 0;
});
