/** The frames of tests/codec_support/zstd.txt, which the zstd command has made, and what they unpack to. */
import { readFileSync } from 'node:fs';

/** Lines of text, which begin anew after `period` lines. */
export function rows(count, period = count) {
  const lines = Array.from({ length: count }, (_, number) => {
    const row = number % period;
    return `${row},${row * row},tide ${row % 7}\n`;
  });
  return Buffer.from(lines.join(''));
}

/** Bytes that do not compress. */
export function noise(count) {
  let state = 1;
  return Buffer.from(
    Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    }),
  );
}

const json = () => Buffer.from('{"id":5,"city":"Paris","amount":77,"note":"tide 1"}\n');
const PLAIN = { rows, noise, json, zeros: (count) => Buffer.alloc(count) };

const file = new URL('../../codec_support/zstd.txt', import.meta.url);

/** By name: `packed`, and `plain` where that is known. */
export const fixtures = new Map(
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [name, description, packed] = line.split(' ');
      const [kind, ...numbers] = description.split(':');
      return [name, { plain: PLAIN[kind]?.(...numbers.map(Number)), packed: Buffer.from(packed, 'base64') }];
    }),
);
