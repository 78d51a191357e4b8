/** Zstd: the options of both codecs. */
import { zstdCompress, zstdDecompress } from 'tidegate/codecs';
import type { Bytes } from 'tidegate';
import type { CodecStage, FlushStage, ZstdCompressOptions, ZstdDecompressOptions } from 'tidegate/codecs';

export async function both(): Promise<void> {
  const unpacking: ZstdDecompressOptions = {
    maxWindowBytes: 2 ** 27,
    dictionary: new ArrayBuffer(8),
    trailing: 'ignore',
  };
  const packing: ZstdCompressOptions = { level: 1, checksum: false, contentSize: 5, flushEach: true };
  const unpack: CodecStage<Bytes> = zstdDecompress(unpacking);
  const pack: FlushStage<Bytes> = zstdCompress(packing);
  await pack.flush();
  void unpack;
}
