/**
 * Header fields with parameters, as `Content-Disposition` and `Content-Type` are.
 *
 * 1. A quoted value ends at the first quote that is not escaped. A backslash escapes a quote unless the value can end there, before a `;` or
 *    the end: browsers do not escape the backslash at the end of a name.
 * 2. What can be read in two ways is refused: text behind a closing quote, a quote that is not closed, a parameter that is there twice.
 *
 * A quoted value has the escapes of its sender: browsers write `%22`, `%0D` and `%0A`
 * (https://html.spec.whatwg.org/#multipart-form-data), others a backslash, as in RFC 9110, 5.6.4.
 */

/** The value of a field, in lower case, and its parameters by their names in lower case. */
export interface Fields {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const MOST_PARAMETERS = 32;
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;

/**
 * Reads a field, each character once. A name without a value is left out.
 *
 * @param fail makes the error of a field that cannot be read, which says why
 */
export function parseFields(text: string, fail: (why: string) => Error): Fields {
  const before = (mark: string, from: number) => {
    const at = text.indexOf(mark, from);
    return at === -1 ? text.length : at;
  };
  const parameters = new Map<string, string>();
  let at = before(';', 0);
  const value = text.slice(0, at).trim().toLowerCase();
  for (let count = 1; at < text.length; count++) {
    if (count > MOST_PARAMETERS) throw fail(`has more than ${MOST_PARAMETERS} parameters`);
    const end = before(';', at + 1);
    const equals = before('=', at + 1);
    const hasValue = equals < end;
    const name = text
      .slice(at + 1, hasValue ? equals : end)
      .trim()
      .toLowerCase();
    if (!TOKEN.test(name) && (hasValue || name !== '')) throw fail('has a parameter without a name, or a stray quote');
    at = end;
    if (!hasValue) continue;
    if (parameters.has(name)) throw fail(`has the parameter '${name}' twice`);
    const start = pastSpaces(text, equals + 1);
    if (text[start] === '"') {
      const quoted = readQuoted(text, start + 1);
      if (quoted === undefined) throw fail(`has a quote in '${name}' that is not closed`);
      at = pastSpaces(text, quoted.end);
      if (!isOver(text, at)) throw fail(`has text behind the quoted value of '${name}'`);
      parameters.set(name, quoted.value);
    } else {
      const plain = text.slice(start, end).trim();
      if (plain.includes('"')) throw fail(`has a quote within '${name}'`);
      parameters.set(name, plain);
    }
  }
  return { value, parameters };
}

function pastSpaces(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return at;
}

const isOver = (text: string, at: number): boolean => at >= text.length || text[at] === ';';

/**
 * The quoted value that begins at `start`, and where what follows its quote begins; undefined if it does not end. Backslashes escape only where
 * a quote is escaped so: those of a browser are themselves.
 */
function readQuoted(text: string, start: number): { readonly value: string; readonly end: number } | undefined {
  let hasEscape = false;
  let isEscaped = false;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '"') {
      if (!isEscaped || isOver(text, pastSpaces(text, at + 1))) {
        const value = text.slice(start, at);
        return { value: hasEscape ? value.replace(/\\(["\\])/g, '$1') : value, end: at + 1 };
      }
      hasEscape = true;
    }
    isEscaped = text[at] === '\\' && !isEscaped;
  }
  return undefined;
}

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
