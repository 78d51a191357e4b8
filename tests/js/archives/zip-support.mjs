/** Zip archives made record by record, as other programs and other systems make them. */
import * as zlib from 'node:zlib';

/** CRC-32; Node 20.15 has none in zlib. */
export function crc32(bytes) {
  if (zlib.crc32 !== undefined) return zlib.crc32(bytes);
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

const u16 = (value) => Buffer.from([value & 255, (value >>> 8) & 255]);
const u32 = (value) => Buffer.concat([u16(value & 0xffff), u16(Math.floor(value / 65536))]);
const u64 = (value) => Buffer.concat([u32(value % 2 ** 32), u32(Math.floor(value / 2 ** 32))]);
export const extra = (id, data) => Buffer.concat([u16(id), u16(data.length), data]);
export { u32 };

/**
 * A zip archive of entries `{ name, content, method, flags, descriptor, local, central, extra, host, mode, data, time }`.
 *
 * - `descriptor`: `'sig32'`, `'32'`, `'sig64'` or `'64'`: the sizes stand behind the content.
 * - `local` and `central`: extra fields. `sizesIn64`: the sizes of the local header are in the field of zip64.
 */
export function zipOf(entries, { prefix = Buffer.alloc(0), comment = Buffer.alloc(0), zip64 = false } = {}) {
  const parts = [prefix];
  const directory = [];
  let at = prefix.length;
  const add = (part) => {
    parts.push(part);
    at += part.length;
  };
  for (const entry of entries) {
    const { content = Buffer.alloc(0), method = 8, descriptor, sizesIn64 = false, host = 3, mode = 0o100644 } = entry;
    const name = Buffer.from(entry.name);
    const bytes = Buffer.from(content);
    const data = entry.data ?? (method === 8 ? zlib.deflateRawSync(bytes) : bytes);
    const crc = entry.crc ?? crc32(bytes);
    const size = entry.size ?? bytes.length;
    const flags = (entry.flags ?? 0) | (descriptor ? 8 : 0);
    const offset = entry.offset ?? at - prefix.length;
    const known = descriptor && !entry.sizesBefore ? [0, 0, 0] : [crc, data.length, size];
    const local = Buffer.concat([
      entry.local ?? Buffer.alloc(0),
      sizesIn64 ? extra(1, Buffer.concat([u64(known[2]), u64(known[1])])) : Buffer.alloc(0),
    ]);
    const common = (values, in64) =>
      Buffer.concat([
        u16(flags),
        u16(method),
        entry.time ?? u32(0x58214000),
        u32(values[0]),
        ...[values[1], values[2]].map((value) => u32(in64 ? 0xffffffff : value)),
      ]);
    if (entry.offset === undefined) {
      add(
        Buffer.concat([
          u32(0x04034b50),
          u16(20),
          common(known, sizesIn64),
          u16(name.length),
          u16(local.length),
          name,
          local,
        ]),
      );
      add(data);
      if (descriptor) {
        const width = descriptor.endsWith('64') ? u64 : u32;
        const signature = descriptor.startsWith('sig') ? u32(0x08074b50) : Buffer.alloc(0);
        add(Buffer.concat([signature, u32(crc), width(data.length), width(size)]));
      }
    }
    const central = entry.central ?? Buffer.alloc(0);
    const note = Buffer.from(entry.comment ?? '');
    directory.push(
      Buffer.concat([
        ...[u32(0x02014b50), Buffer.from([20, host]), u16(20), common([crc, data.length, size], false)],
        ...[u16(name.length), u16(central.length), u16(note.length), u16(0), u16(0), u32(mode * 65536), u32(offset)],
        ...[name, central, note],
      ]),
    );
  }
  const start = at - prefix.length;
  const size = Buffer.concat(directory).length;
  parts.push(...directory);
  const count = entries.length;
  if (zip64) {
    parts.push(
      Buffer.concat([
        u32(0x06064b50),
        u64(44),
        u16(45),
        u16(45),
        u32(0),
        u32(0),
        u64(count),
        u64(count),
        u64(size),
        u64(start),
      ]),
    );
    parts.push(Buffer.concat([u32(0x07064b50), u32(0), u64(start + size), u32(1)]));
  }
  const [counted, length, where] = zip64 ? [0xffff, 0xffffffff, 0xffffffff] : [count, size, start];
  parts.push(
    Buffer.concat([
      u32(0x06054b50),
      u16(0),
      u16(0),
      u16(counted),
      u16(counted),
      u32(length),
      u32(where),
      u16(comment.length),
      comment,
    ]),
  );
  return Buffer.concat(parts);
}
