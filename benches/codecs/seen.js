/** What a consumer does with what it gets: it counts and checks, the same for each contender. */

/** Bytes: their number, and a sum of every 512th. */
export class BytesSeen {
  length = 0;
  sum = 0;

  chunk(bytes) {
    for (let at = (512 - (this.length % 512)) % 512; at < bytes.length; at += 512)
      this.sum = (Math.imul(this.sum, 31) + bytes[at]) | 0;
    this.length += bytes.length;
  }

  result() {
    return `${this.length} bytes, ${this.sum}`;
  }
}

/** Text: its length, and a sum of every 512th code unit. */
export class TextSeen {
  length = 0;
  sum = 0;

  chunk(text) {
    for (let at = (512 - (this.length % 512)) % 512; at < text.length; at += 512)
      this.sum = (Math.imul(this.sum, 31) + text.charCodeAt(at)) | 0;
    this.length += text.length;
  }

  result() {
    return `${this.length} characters, ${this.sum}`;
  }
}

/** Lines: their number and their length. */
export class LinesSeen {
  count = 0;
  length = 0;

  line(line) {
    this.count += 1;
    this.length += line.length;
  }

  result() {
    return `${this.count} lines, ${this.length}`;
  }
}

/** Rows of id, time, city, amount, email, note: their number, the sum of the amounts, and the length of two columns. */
export class RowsSeen {
  count = 0;
  amount = 0;
  length = 0;

  /** A row as an array of texts, or of values. */
  row(row) {
    this.count += 1;
    this.amount += Number(row[3]);
    this.length += row[2].length + row[5].length;
  }

  /** A row as an object. */
  object({ amount, city, note }) {
    this.count += 1;
    this.amount += amount;
    this.length += city.length + note.length;
  }

  result() {
    return `${this.count} rows, ${this.amount}, ${this.length}`;
  }
}

/** Columns id, city and amount: the number of rows, the sums of ids and amounts, and how many rows have each city. */
export class ColumnsSeen {
  count = 0;
  ids = 0;
  amount = 0;
  cities = {};

  /** `eachCity(see)` calls `see(name, rows)` so often that each row is counted once. */
  columns(length, ids, amounts, eachCity) {
    this.count += length;
    for (let row = 0; row < length; row++) {
      this.ids += Number(ids[row]);
      this.amount += amounts[row];
    }
    eachCity((name, rows) => this.city(name, rows));
  }

  city(name, rows) {
    this.cities[name] = (this.cities[name] ?? 0) + rows;
  }

  result() {
    const cities = Object.entries(this.cities).sort(([a], [b]) => (a < b ? -1 : 1));
    return `${this.count} rows, ${this.ids}, ${this.amount}, ${cities.map(([name, rows]) => `${name} ${rows}`).join()}`;
  }
}
