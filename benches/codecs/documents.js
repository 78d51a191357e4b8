/** JSON documents of the rows of NDJSON, as bytes. */

const OPEN = 0x5b;
const CLOSE = 0x5d;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;

/** Rows of a large item. */
const GROUP = 5000;
/** Rows behind what is left out. */
const NEEDLE = 10;

const bytes = (text) => new TextEncoder().encode(text);

/** Parts one behind the other. */
function concat(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The rows as elements: a comma for each line feed but the last, and brackets around every `group` rows. */
function elements(json, group) {
  const parts = [];
  let start = 0;
  let rows = 0;
  for (let at = json.indexOf(LINE_FEED); at !== -1; at = json.indexOf(LINE_FEED, at + 1)) {
    rows++;
    const last = at + 1 === json.length;
    if (rows % group !== 0 && !last) continue;
    const part = Uint8Array.from(json.subarray(start, at));
    for (let found = part.indexOf(LINE_FEED); found !== -1; found = part.indexOf(LINE_FEED, found)) part[found] = COMMA;
    parts.push(Uint8Array.of(OPEN), part, Uint8Array.of(CLOSE));
    if (!last) parts.push(Uint8Array.of(COMMA));
    start = at + 1;
  }
  return concat(parts);
}

/** The first rows. */
function head(json, rows) {
  let end = 0;
  for (let row = 0; row < rows; row++) end = json.indexOf(LINE_FEED, end) + 1;
  return json.subarray(0, end);
}

/** By name: a document whose items are at `$.items`: rows, arrays of many rows, or a few rows behind many that are left out. */
export function documentsOf(json) {
  const all = elements(json, Infinity);
  const close = bytes('}');
  return {
    small: concat([bytes('{"items":'), all, close]),
    large: concat([bytes('{"items":['), elements(json, GROUP), bytes(']}')]),
    needle: concat([bytes('{"rest":'), all, bytes(',"items":'), elements(head(json, NEEDLE), Infinity), close]),
  };
}
