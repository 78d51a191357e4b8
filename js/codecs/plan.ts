/**
 * What the Wasm module is to make of the rows of a CSV text, besides rows of all their fields: which fields, which rows, or which columns
 * of which types. It is written in bytes, which `Plan::read` of src/codec/table/plan.rs reads.
 */
import { describe } from '../values/describe.js';
import { shown } from '../values/require.js';
import { utf8 } from '../runtime/text.js';
import type { ColumnType } from './columns.js';

/** Compares the field of a column with a value. */
export type CsvCondition =
  | { readonly column: string | number; readonly op: '==' | '!='; readonly value: CsvComparable | null }
  | { readonly column: string | number; readonly op: '<' | '<=' | '>' | '>='; readonly value: CsvComparable }
  | {
      readonly column: string | number;
      readonly op: 'in';
      readonly value: readonly string[] | readonly number[] | readonly bigint[] | readonly Date[];
    }
  | { readonly column: string | number; readonly op: 'startsWith'; readonly value: string };

/** What a field is compared with: its type says whether the field is compared as text, as a number, or as a point in time. */
export type CsvComparable = string | number | bigint | Date;

/** A column, by its number from 0 or by its name. Where the number is known, the name is for messages. */
export interface ColumnRef {
  readonly index: number | undefined;
  readonly name: string;
}

export interface Plan {
  /** The first row has names. */
  readonly header: boolean;
  /** The columns that rows become; undefined if they stay rows. */
  readonly columns: readonly (readonly [ColumnRef, ColumnType])[] | undefined;
  /** The fields that rows keep; undefined for all of them. */
  readonly select: readonly ColumnRef[] | undefined;
  readonly where: readonly Condition[];
  readonly nulls: readonly string[];
  /** Values that are none of their column's type are null. */
  readonly invalidIsNull: boolean;
}

export interface Condition {
  readonly column: ColumnRef;
  readonly op: number;
  readonly kind: number;
  readonly values: readonly (string | number | bigint)[];
}

/** In the order of the enums in src/codec/table. */
const TYPES: readonly ColumnType[] = ['f64', 'i64', 'i32', 'bool', 'timestamp', 'timestamp-us', 'utf8', 'dictionary'];
const OPERATORS = ['==', '!=', '<', '<=', '>', '>=', 'in', 'startsWith'];

/** What values are compared as; the numbers are those of src/codec/table/plan.rs. */
const NULL = 0;
const TEXT = 1;
const FLOAT = 2;
const INTEGER = 3;
const TIMESTAMP = 4;

const HEADER = 1;
const INVALID_IS_NULL = 2;
const COLUMNS = 4;
const NONE = 2 ** 32 - 1;

export const isType = (value: unknown): value is ColumnType => TYPES.includes(value as ColumnType);

export const typeNames = (): string => TYPES.map((type) => `'${type}'`).join(', ');

/**
 * The conditions of the option `where`.
 *
 * @param find finds a column
 */
export function readConditions(where: unknown, find: (column: unknown, what: string) => ColumnRef): Condition[] {
  if (where === undefined) return [];
  if (!Array.isArray(where)) throw new TypeError(`csv: where must be an array of conditions; got ${describe(where)}`);
  return Array.from(where as unknown[], (given, at) => {
    const what = `where[${at}]`;
    if (typeof given !== 'object' || given === null)
      throw new TypeError(
        `csv: ${what} must be a condition, as { column: 'id', op: '==', value: 1 }; got ${describe(given)}`,
      );
    const { column, op, value } = given as Record<string, unknown>;
    const unknown = Object.keys(given).find((key) => key !== 'column' && key !== 'op' && key !== 'value');
    if (unknown !== undefined)
      throw new TypeError(`csv: ${what} has no property ${shown(unknown)}; it has column, op and value`);
    const operator = OPERATORS.indexOf(op as string);
    if (operator === -1)
      throw new TypeError(
        `csv: ${what}.op must be one of ${OPERATORS.map((name) => `'${name}'`).join(', ')}; got ${shown(op)}`,
      );
    return {
      column: find(column, `${what}.column`),
      op: operator,
      ...readValues(op as string, value, `${what}.value`),
    };
  });
}

function readValues(op: string, value: unknown, what: string): Pick<Condition, 'kind' | 'values'> {
  if (op === 'in') {
    if (!Array.isArray(value)) throw new TypeError(`csv: ${what} must be an array for 'in'; got ${describe(value)}`);
    const read = Array.from(value as unknown[], (item) => readValue(item, `an item of ${what}`));
    const kind = read[0]?.kind ?? TEXT;
    if (read.some((item) => item.kind !== kind)) throw new TypeError(`csv: all items of ${what} must be of one type`);
    return { kind, values: read.map((item) => item.value) };
  }
  if (value === null && (op === '==' || op === '!=')) return { kind: NULL, values: [] };
  const read = readValue(value, what);
  if (op === 'startsWith' && read.kind !== TEXT)
    throw new TypeError(`csv: ${what} must be a string for 'startsWith'; got ${describe(value)}`);
  return { kind: read.kind, values: [read.value] };
}

function readValue(value: unknown, what: string): { kind: number; value: string | number | bigint } {
  switch (typeof value) {
    case 'string':
      return { kind: TEXT, value };
    case 'number':
      return { kind: FLOAT, value };
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value) throw new RangeError(`csv: ${what} must fit into 64 bits`);
      return { kind: INTEGER, value };
    default: {
      if (!(value instanceof Date))
        throw new TypeError(`csv: ${what} must be a string, a number, a bigint or a Date; got ${describe(value)}`);
      const year = value.getUTCFullYear();
      if (!(year >= 0 && year <= 9999))
        throw new RangeError(`csv: ${what} must be a valid Date in the years 0 to 9999`);
      return { kind: TIMESTAMP, value: value.toISOString() };
    }
  }
}

/** Writes numbers and texts one behind the other. */
class Writer {
  #pieces: Uint8Array[] = [];

  number(value: number): void {
    this.#pieces.push(new Uint8Array([value, value >>> 8, value >>> 16, value >>> 24]));
  }

  byte(value: number): void {
    this.#pieces.push(new Uint8Array([value]));
  }

  eight(value: number | bigint): void {
    const view = new DataView(new ArrayBuffer(8));
    if (typeof value === 'bigint') view.setBigInt64(0, value, true);
    else view.setFloat64(0, value, true);
    this.#pieces.push(new Uint8Array(view.buffer));
  }

  text(text: string): void {
    const bytes = utf8(text);
    this.number(bytes.length);
    this.#pieces.push(bytes);
  }

  list<T>(items: readonly T[], write: (item: T) => void): void {
    this.number(items.length);
    items.forEach(write);
  }

  column({ index, name }: ColumnRef): void {
    this.number(index ?? NONE);
    this.text(name);
  }

  bytes(): Uint8Array {
    const whole = new Uint8Array(this.#pieces.reduce((length, piece) => length + piece.length, 0));
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }
}

/** The plan in bytes. */
export function writePlan(plan: Plan): Uint8Array {
  const writer = new Writer();
  writer.byte(
    (plan.header ? HEADER : 0) |
      (plan.invalidIsNull ? INVALID_IS_NULL : 0) |
      (plan.columns === undefined ? 0 : COLUMNS),
  );
  writer.list(plan.nulls, (text) => writer.text(text));
  if (plan.columns !== undefined) {
    writer.list(plan.columns, ([column, type]) => {
      writer.column(column);
      writer.byte(TYPES.indexOf(type));
    });
  } else if (plan.select === undefined) {
    writer.number(NONE);
  } else {
    writer.list(plan.select, (column) => writer.column(column));
  }
  writer.list(plan.where, ({ column, op, kind, values }) => {
    writer.column(column);
    writer.byte(op);
    writer.byte(kind);
    if (kind === NULL) return;
    writer.list(values, (value) => {
      if (kind === FLOAT || kind === INTEGER) writer.eight(value as number | bigint);
      else writer.text(value as string);
    });
  });
  return writer.bytes();
}
