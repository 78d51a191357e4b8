/**
 * Rows of fields, as arrays or objects, made from a batch's text. In all of these `ends` are the ends of the fields in
 * `text`, each followed by one separator; `rows[i]` is the number of fields up to the end of row i; rows before `from` are
 * left out.
 */

/** Rows that all have `width` fields, as arrays. */
export function readEven(text, ends, rows, from, width) {
  const count = rows.length - from;
  const all = new Array(count);
  let field = from * width;
  let start = field === 0 ? 0 : ends[field - 1] + 1;
  for (let row = 0; row < count; row++) {
    const fields = new Array(width);
    for (let column = 0; column < width; column++) {
      const end = ends[field++];
      fields[column] = text.substring(start, end);
      start = end + 1;
    }
    all[row] = fields;
  }
  return all;
}

/** Rows of any width, as arrays. */
export function readUneven(text, ends, rows, from) {
  const all = [];
  for (let row = from; row < rows.length; row++) {
    const fields = [];
    for (let field = row === 0 ? 0 : rows[row - 1]; field < rows[row]; field++) {
      fields.push(text.substring(field === 0 ? 0 : ends[field - 1] + 1, ends[field]));
    }
    all.push(fields);
  }
  return all;
}

/** Gives an array of fields `width` of them: empty ones added, those beyond cut off. */
export function pad(fields, width) {
  const { length } = fields;
  fields.length = width;
  return length < width ? fields.fill('', length) : fields;
}

/**
 * @type {((names: string[], fields: string[]) => Record<string, string>)[]}
 *
 * Literals, since an engine makes an object of one several times as fast as by setting its properties in a loop. A name
 * in a literal is an own property even when it is `__proto__`.
 */
const literals = [
  () => ({}),
  (n, f) => ({ [n[0]]: f[0] }),
  (n, f) => ({ [n[0]]: f[0], [n[1]]: f[1] }),
  (n, f) => ({ [n[0]]: f[0], [n[1]]: f[1], [n[2]]: f[2] }),
  (n, f) => ({ [n[0]]: f[0], [n[1]]: f[1], [n[2]]: f[2], [n[3]]: f[3] }),
  (n, f) => ({ [n[0]]: f[0], [n[1]]: f[1], [n[2]]: f[2], [n[3]]: f[3], [n[4]]: f[4] }),
  (n, f) => ({ [n[0]]: f[0], [n[1]]: f[1], [n[2]]: f[2], [n[3]]: f[3], [n[4]]: f[4], [n[5]]: f[5] }),
  (n, f) => ({ [n[0]]: f[0], [n[1]]: f[1], [n[2]]: f[2], [n[3]]: f[3], [n[4]]: f[4], [n[5]]: f[5], [n[6]]: f[6] }),
  (n, f) => ({ [n[0]]: f[0], [n[1]]: f[1], [n[2]]: f[2], [n[3]]: f[3], [n[4]]: f[4], [n[5]]: f[5], [n[6]]: f[6], [n[7]]: f[7] }),
];

/** A function that makes an object with the properties `names` of an array of as many fields. */
export function objectMaker(names) {
  const literal = literals[names.length];
  if (literal !== undefined) return (fields) => literal(names, fields);
  const template = Object.fromEntries(names.map((name) => [name, '']));
  return (fields) => {
    const row = { ...template };
    for (let column = 0; column < names.length; column++) row[names[column]] = fields[column];
    return row;
  };
}

/** As `objectMaker`, of an array of any length: fields without a name are left out, and names without a field. */
export function looseObjectMaker(names) {
  return (fields) => Object.fromEntries(names.slice(0, fields.length).map((name, column) => [name, fields[column]]));
}
