/** What a test file of Web Platform Tests says about itself in its leading `// META:` lines. */

/**
 * Reads the `// META:` lines at the top of a script.
 * @param {string} source Text of a `*.any.js` or `*.window.js` file.
 * @returns {{ globals: string[] | undefined, scripts: string[], variants: string[], long: boolean, title: string | undefined }}
 *   `globals` is undefined where the file names none; `variants` are query strings, [''] where it names none.
 */
export function parseMeta(source) {
  const meta = { globals: undefined, scripts: [], variants: [], long: false, title: undefined };
  for (const line of source.split('\n')) {
    const match = /^\/\/\s*META:\s*([a-z]+)=(.*?)\s*$/.exec(line);
    if (match === null) {
      // Only comments and blank lines may come before the last META line.
      if (/^\s*(\/\/.*)?$/.test(line)) continue;
      break;
    }
    const [, key, value] = match;
    if (key === 'global') meta.globals = value.split(',').map((name) => name.trim());
    else if (key === 'script') meta.scripts.push(value);
    else if (key === 'variant') meta.variants.push(value);
    else if (key === 'timeout') meta.long = value === 'long';
    else if (key === 'title') meta.title = value;
  }
  if (meta.variants.length === 0) meta.variants.push('');
  return meta;
}

/** Whether a test runs in a window. `*.window.js` always does; `*.any.js` does unless its globals leave windows out. */
export function runsInWindow(path, { globals }) {
  if (path.endsWith('.window.js')) return true;
  return globals === undefined || globals.includes('window');
}
