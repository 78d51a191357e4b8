/** A name that is one file's name on every system, whatever a page or a server called it. */

const MOST_BYTES = 200; // file systems take 255, and browsers add to a name that is taken
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?= *(?:\.|$))/i; // by Windows, with any extension
/** Controls, and marks that change the direction of text, which can make `gpj.exe` read `exe.jpg`. */
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

/** `name` without what is no character, names a path or a device, hides the file or is too long; `download` where nothing is left. */
export function fileName(name) {
  const text = name
    .replace(/[\ud800-\udfff]/gu, '\ufffd')
    .replace(INVISIBLE, '')
    .replace(/[/\\:*?"<>|]/g, '_');
  const all = trimmed(text);
  const extension = /\.[^.\s]{1,20}$/.exec(all)?.[0] ?? '';
  const stem = shortened(all.slice(0, all.length - extension.length), MOST_BYTES - 3 * extension.length);
  // Only what is left can be found to be reserved: systems drop what a name ends with.
  return trimmed(stem + extension).replace(RESERVED, '_$&') || 'download';
}

/** `text` without spaces and dots around it. By hand, as a pattern for its end takes time that grows with the square of it. */
function trimmed(text) {
  let [from, to] = [0, text.length];
  while (from < to && /[\s.]/.test(text[from])) from += 1;
  while (to > from && /[\s.]/.test(text[to - 1])) to -= 1;
  return text.slice(from, to);
}

/** The first characters of `text` that are at most `most` bytes of UTF-8. */
function shortened(text, most) {
  if (3 * text.length <= most) return text;
  let bytes = 0;
  let kept = '';
  for (const character of text) {
    const code = character.codePointAt(0);
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (bytes > most) break;
    kept += character;
  }
  return kept;
}
