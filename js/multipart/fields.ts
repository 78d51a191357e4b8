/**
 * Header fields with parameters, as `Content-Disposition` and `Content-Type` are.
 *
 * A quoted value has the escapes of its sender: browsers write `%22`, `%0D` and `%0A`
 * (https://html.spec.whatwg.org/#multipart-form-data), others a backslash, as in RFC 9110, 5.6.4.
 */

/** The value of a field, in lower case, and its parameters by their names in lower case. */
export interface Fields {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Reads a field. A parameter that is there twice has its first value; what is no parameter is left out. */
export function parseFields(text: string): Fields {
  const end = text.indexOf(';');
  const value = (end === -1 ? text : text.slice(0, end)).trim().toLowerCase();
  const parameters = new Map<string, string>();
  for (let at = end; at !== -1 && at < text.length;) {
    const equals = text.indexOf('=', at);
    if (equals === -1) break;
    const name = text
      .slice(at + 1, equals)
      .trim()
      .toLowerCase();
    const start = equals + 1 + /^[ \t]*/.exec(text.slice(equals + 1))![0].length;
    const close = text[start] === '"' ? closingQuote(text, start + 1) : -1;
    let parameter;
    if (close === -1) {
      at = text.indexOf(';', start);
      parameter = text.slice(start, at === -1 ? undefined : at).trim();
    } else {
      at = text.indexOf(';', close);
      parameter = unescaped(text.slice(start + 1, close));
    }
    // An earlier name without a value may stand before it.
    const own = name.slice(name.lastIndexOf(';') + 1).trim();
    if (own !== '' && !parameters.has(own)) parameters.set(own, parameter);
  }
  return { value, parameters };
}

/**
 * Where the quoted value that begins at `start` ends; -1 if it does not. A quote behind a backslash ends it only if no other does: a
 * browser does not escape the backslash at the end of a name.
 */
function closingQuote(text: string, start: number): number {
  let found = -1;
  for (let at = text.indexOf('"', start); at !== -1; at = text.indexOf('"', at + 1)) {
    if (!/^[ \t]*(;|$)/.test(text.slice(at + 1))) continue;
    const isEscaped = /(^|[^\\])(\\\\)*\\$/.test(text.slice(start, at));
    if (!isEscaped) return at;
    if (found === -1) found = at;
  }
  return found;
}

/** Backslashes escape only where a quote is escaped so: those of a browser are themselves. */
const unescaped = (text: string): string =>
  /(^|[^\\])(\\\\)*\\"/.test(text) ? text.replace(/\\(["\\])/g, '$1') : text;

/** The form of `name` and `filename` in browsers' forms. */
export const percentDecoded = (text: string): string =>
  text.replace(/%(22|0d|0a)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

/** The same, written. */
export const percentEncoded = (text: string): string =>
  text.replace(/["\r\n]/g, (character) => ({ '"': '%22', '\r': '%0D', '\n': '%0A' })[character]!);

/** The text of `filename*`, RFC 8187 (https://www.rfc-editor.org/rfc/rfc8187); undefined if it has none. */
export function extendedValue(text: string): string | undefined {
  const match = /^(utf-8|iso-8859-1)'[^']*'(.*)$/i.exec(text);
  if (match === null) return undefined;
  try {
    if (match[1]!.toLowerCase() === 'utf-8') return decodeURIComponent(match[2]!);
    return match[2]!.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  } catch {
    return undefined;
  }
}
