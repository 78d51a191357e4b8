/**
 * Rows of fields, as arrays or objects, made from a batch's text. In all of these `ends` are the ends of the fields in
 * `text`, each followed by one separator; `rows[i]` is the number of fields up to the end of row i; rows before `from`
 * are left out.
 */

/**
 * A row as an object. Its properties are in the order of the header, except that JavaScript puts integer names first.
 */
export type CsvObject = Record<string, string>;

/** Rows that all have `width` fields, as arrays. */
export function readEven(text: string, ends: Uint32Array, rows: Uint32Array, from: number, width: number): string[][] {
  const count = rows.length - from;
  const all = new Array(count);
  let field = from * width;
  let start = field === 0 ? 0 : ends[field - 1]! + 1;
  for (let row = 0; row < count; row++) {
    const fields = new Array(width);
    for (let column = 0; column < width; column++) {
      const end = ends[field++]!;
      fields[column] = text.substring(start, end);
      start = end + 1;
    }
    all[row] = fields;
  }
  return all;
}

/** Rows of any width, as arrays. */
export function readUneven(text: string, ends: Uint32Array, rows: Uint32Array, from: number): string[][] {
  const all: string[][] = [];
  for (let row = from; row < rows.length; row++) {
    const fields: string[] = [];
    for (let field = row === 0 ? 0 : rows[row - 1]!; field < rows[row]!; field++) {
      fields.push(text.substring(field === 0 ? 0 : ends[field - 1]! + 1, ends[field]));
    }
    all.push(fields);
  }
  return all;
}

/** Gives an array of fields `width` of them: empty ones added, those beyond cut off. */
export function pad(fields: string[], width: number): string[] {
  const { length } = fields;
  fields.length = width;
  return length < width ? fields.fill('', length) : fields;
}

/** The fields of these columns, which ascend, as far as there are so many. */
export function pick(fields: readonly string[], columns: readonly number[]): string[] {
  const picked: string[] = [];
  for (const column of columns) {
    if (column >= fields.length) break; // a row may have far fewer than a header claims
    picked.push(fields[column]!);
  }
  return picked;
}

/**
 * Objects of more properties than so many are hash tables in V8, where a copy of a template costs up to ten times what
 * setting each property does.
 */
const WIDE = 200;

/**
 * An object whose properties are `names` with the `fields`, as far as there are both. It gets its prototype last, so
 * none of the names is looked up in that, `__proto__` included.
 */
function wideObject(fields: readonly string[], names: readonly string[]): CsvObject {
  const object = Object.create(null) as CsvObject;
  for (let column = 0; column < names.length && column < fields.length; column++)
    object[names[column]!] = fields[column]!;
  return Object.setPrototypeOf(object, Object.prototype) as CsvObject;
}

/**
 * Rows that all have as many fields as there are `names`, as objects. A copy of a template has all properties as its
 * own from the start, so none is looked up in a prototype, `__proto__` included.
 */
export function readObjects(
  text: string,
  ends: Uint32Array,
  rows: Uint32Array,
  from: number,
  names: readonly string[],
): CsvObject[] {
  if (names.length > WIDE)
    return readEven(text, ends, rows, from, names.length).map((fields) => wideObject(fields, names));
  const template: CsvObject = Object.fromEntries(names.map((name) => [name, '']));
  const width = names.length;
  const count = rows.length - from;
  const all = new Array(count);
  let field = from * width;
  let start = field === 0 ? 0 : ends[field - 1]! + 1;
  for (let row = 0; row < count; row++) {
    const fields = { ...template };
    for (let column = 0; column < width; column++) {
      const end = ends[field++]!;
      fields[names[column]!] = text.substring(start, end);
      start = end + 1;
    }
    all[row] = fields;
  }
  return all;
}

/** An object of an array of fields: fields without a name are left out, and names without a field. */
export function toObject(fields: readonly string[], names: readonly string[]): CsvObject {
  if (names.length > WIDE) return wideObject(fields, names);
  return Object.fromEntries(names.slice(0, fields.length).map((name, column) => [name, fields[column]!]));
}
