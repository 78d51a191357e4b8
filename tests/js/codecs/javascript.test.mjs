/** tidegate/js-codecs: the codecs as JavaScript give what those in Wasm give, chunk by chunk and error by error. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** What a Node process prints that runs each job below with each way to split its input; `first` runs before them. */
const outcomes = (first) => {
  const code = `
    import { createHash } from 'node:crypto';
    import { gzipSync } from 'node:zlib';
    ${first}
    const { pipeline, toArray } = await import('tidegate');
    const { csv, codecMemory, digest, gunzip, lines } = await import('tidegate/codecs');
    const text = Array.from({ length: 3000 }, (_, n) => \`\${n},"Den ""Haag"", NL \${n % 7}",\${n ** 2}é🌊\\r\\n\`).join('');
    const zipped = gzipSync(text);
    const broken = Uint8Array.from(zipped);
    broken[zipped.length >> 1] ^= 0x55;
    const jobs = {
      gunzip: [zipped, () => [gunzip()]],
      members: [Buffer.concat([zipped, gzipSync(''), zipped]), () => [gunzip()]],
      chain: [zipped, () => [gunzip(), csv()]],
      objects: [Buffer.from(text), () => [csv({ header: ['id', 'city', 'square'] })]],
      lines: [zipped, () => [gunzip(), lines()]],
      digest: [Buffer.from(text), () => [digest('sha-256'), lines()]],
      broken: [broken, () => [gunzip()]],
      cut: [zipped.subarray(0, zipped.length - 9), () => [gunzip()]],
      ragged: [Buffer.from('a,b\\n1,2\\n3\\n'), () => [csv({ header: true })]],
      text: [Buffer.from([0x61, 0xff, 0x62]), () => [lines({ fatal: true })]],
    };
    const split = (bytes, size) => Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
    for (const [name, [bytes, stages]] of Object.entries(jobs))
      for (const size of [1000, 65536, 10 ** 7]) {
        const made = stages();
        const outcome = await pipeline(split(bytes, size), ...made, (all) => toArray(all)).catch((error) =>
          ({ name: error.name, message: error.message, code: error.code, codec: error.codec, offset: error.offset }));
        const hash = createHash('sha256').update(JSON.stringify(outcome, (_, value) => value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value)).digest('hex');
        const sha256 = name === 'digest' ? await made[0].hex : '';
        console.log(name, size, Array.isArray(outcome) ? outcome.length : outcome.message, hash, sha256);
      }
    console.log('chains', codecMemory().chains);`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n');
};

const REFUSE = "WebAssembly.Module = function () { throw new WebAssembly.CompileError('refused'); };";

test('every codec, whole and in pieces, also of input that it refuses', () => {
  const expected = outcomes('');
  const actual = outcomes(`${REFUSE} await import('tidegate/js-codecs');`);
  assert.deepEqual(actual, expected);
  assert.equal(actual.length, 31);
  assert.equal(actual.at(-1), 'chains 0');
});
