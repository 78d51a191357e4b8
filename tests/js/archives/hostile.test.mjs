/** Archives that were damaged at random: each is read, or fails with an ArchiveError, in a bounded time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBytes } from 'tidegate';
import { ArchiveError, openZip, tar, tarEntries, zip, zipEntries } from 'tidegate/archives';
import { codecMemory } from 'tidegate/codecs';
import { noise, read } from './archive-support.mjs';
import { zipOf } from './zip-support.mjs';

/** How many of each kind; ARCHIVE_PROGRAMS=n makes more. */
const PROGRAMS = Number(process.env.ARCHIVE_PROGRAMS ?? 300);

function randomOf(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Values that headers take for lengths, counts and signatures. */
const WORDS = [0, 1, 8, 0x7f, 0x80, 0xff, 0xfe, 0x50, 0x4b];

function damaged(archive, random) {
  const bytes = Buffer.from(archive);
  for (let left = 1 + random(4); left > 0; left--) {
    const at = random(bytes.length);
    for (let end = at + 1 + random(4); at < bytes.length && end > at; end--)
      bytes[Math.min(end - 1, bytes.length - 1)] = WORDS[random(WORDS.length)];
  }
  const kind = random(8);
  if (kind === 0) return bytes.subarray(0, random(bytes.length));
  if (kind === 1) return Buffer.concat([bytes.subarray(0, random(bytes.length)), bytes.subarray(random(bytes.length))]);
  return bytes;
}

const contents = [
  { name: 'möwe', content: 'gull '.repeat(20) },
  { name: 'folder/' },
  { name: 'noise', content: noise(300) },
];
const zips = [
  await toBytes(zip(contents)),
  zipOf(
    [
      { name: 'a', content: 'abc', descriptor: '64', sizesIn64: true },
      { name: 'b', method: 0, content: 'b' },
      { name: 'link', content: 'b', mode: 0o120777 },
    ],
    { zip64: true },
  ),
];
const tars = [
  await toBytes(
    tar([...contents, { name: 'l', type: 'symlink', linkName: 'möwe' }, { name: 'n'.repeat(200), content: 'n' }]),
  ),
];
const options = { maxEntryBytes: 100_000 };

const KINDS = {
  zipEntries: [zips, (bytes) => read(zipEntries(options), [bytes])],
  openZip: [
    zips,
    async (bytes) => {
      const { entries } = await openZip(new Blob([bytes]), options);
      for (const entry of entries) await toBytes(entry.stream());
    },
  ],
  tarEntries: [tars, (bytes) => read(tarEntries(options), [bytes])],
};

for (const [name, [archives, run]] of Object.entries(KINDS)) {
  test(`${name}() reads damaged archives, or fails with an ArchiveError`, async () => {
    let failed = 0;
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const random = randomOf(seed * 7919);
      const bytes = damaged(archives[seed % archives.length], random);
      try {
        await run(bytes);
      } catch (error) {
        failed += 1;
        assert.ok(error instanceof ArchiveError, `seed ${seed}: ${error.stack}`);
      }
    }
    assert.ok(failed > PROGRAMS / 4, `${failed} failed`);
    assert.equal(codecMemory().chains, 0);
  });
}
