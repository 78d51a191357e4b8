/**
 * `tidegate/archives`: zip and tar archives as streams, of any size: entries are read and written one chunk at a time.
 *
 * @module
 */
export { ArchiveError, type ArchiveErrorCode } from './archives/error.js';
export type { ArchiveInput, ForwardOptions, ReadOptions } from './archives/forward.js';
export type { ArchiveContent, ArchiveEntries, ArchiveEntryInput, WriteOptions } from './archives/writer.js';
export {
  openZip,
  type OpenZipOptions,
  type RandomAccess,
  type ZipArchive,
  type ZipEntry,
  type ZipSource,
} from './archives/zip/open.js';
export { fromUrl, type FromUrlOptions } from './archives/zip/url.js';
export { zipEntries, type ZipEntriesOptions, type ZipLimits, type ZipStreamEntry } from './archives/zip/entries.js';
export { zip, type ZipCompression, type ZipEntryInput, type ZipOptions } from './archives/zip/write.js';
export { tarEntries, type TarEntriesOptions, type TarEntry, type TarEntryType } from './archives/tar/entries.js';
export { tar, type TarEntryInput, type TarOptions } from './archives/tar/write.js';
