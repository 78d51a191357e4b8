/** The file that is unpacked as zstd. */
import { spawnSync } from 'node:child_process';
import * as zlib from 'node:zlib';
import { pipeline, toBytes } from 'tidegate';
import { zstdCompress } from 'tidegate/codecs';

/** The text packed as zstd at level 3: by Node or the zstd command where there is one, else by this package. */
export async function zstdOf(text) {
  if (zlib.zstdCompressSync) return zlib.zstdCompressSync(text);
  const { status, stdout } = spawnSync('zstd', ['-3', '-c', '-q'], { input: text, maxBuffer: 2 ** 31 });
  if (status === 0) return stdout;
  return Buffer.from(await pipeline([text], zstdCompress(), toBytes()));
}
