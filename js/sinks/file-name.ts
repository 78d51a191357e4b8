/** Turns the name that a page or a server gave into one that every system accepts as the name of a single file. */

const MOST_BYTES = 200; // file systems allow 255, and browsers append a number to a name that exists
/** The names that Windows reserves, whatever the extension. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?= *(?:\.|$))/i;
/**
 * Control characters, and marks that change the direction of text: with one, `gpj.exe` can be displayed as `exe.jpg`.
 */
// eslint-disable-next-line no-control-regex -- the pattern is meant to match control characters
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/**
 * `name` without invisible characters, and with `_` or U+FFFD for characters that a file's name cannot contain. Spaces
 * and dots around it are removed, a device name of Windows gets a `_` before it, and a long name is shortened before
 * its extension. `download` if nothing is left.
 */
export function fileName(name: string): string {
  const text = name
    .replace(/[\ud800-\udfff]/gu, '\ufffd')
    .replace(INVISIBLE, '')
    .replace(/[/\\:*?"<>|]/g, '_');
  const all = trimmed(text);
  const extension = /\.[^.\s]{1,20}$/.exec(all)?.[0] ?? '';
  const stem = shortened(all.slice(0, all.length - extension.length), MOST_BYTES - 3 * extension.length);
  // Trimmed first: Windows ignores trailing dots and spaces when it compares a name with its device names.
  return trimmed(stem + extension).replace(RESERVED, '_$&') || 'download';
}

/**
 * `text` without spaces and dots around it. Not by a pattern: one for the end of a text takes time quadratic in its
 * length.
 */
function trimmed(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && /[\s.]/.test(text[from]!)) from += 1;
  while (to > from && /[\s.]/.test(text[to - 1]!)) to -= 1;
  return text.slice(from, to);
}

/** As many characters from the start of `text` as fit into `most` bytes of UTF-8. */
function shortened(text: string, most: number): string {
  if (3 * text.length <= most) return text;
  let bytes = 0;
  let kept = '';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes > most) break;
    kept += character;
  }
  return kept;
}
