import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { csvStringify, jsonStringify, ndjsonStringify } from 'tidegate';
import { csv, json, ndjson } from 'tidegate/codecs';
import { failure, through } from '../codecs/codec-support.mjs';

const text = async (stage, chunks) => (await through(stage, chunks)).join('');

test('ndjsonStringify writes a line for each chunk, or for each item of a batch', async () => {
  assert.equal(await text(ndjsonStringify(), [{ a: 1 }, [1, 2], 'x\n', null]), '{"a":1}\n[1,2]\n"x\\n"\nnull\n');
  assert.equal(await text(ndjsonStringify({ batch: true }), [[{ a: 1 }, 2], [], [[3]]]), '{"a":1}\n2\n[3]\n');
});

test('ndjsonStringify takes a replacer as JSON.stringify() does', async () => {
  assert.equal(await text(ndjsonStringify({ replacer: ['a'] }), [{ a: 1, b: 2 }]), '{"a":1}\n');
  const double = (key, value) => (typeof value === 'number' ? value * 2 : value);
  assert.equal(await text(ndjsonStringify({ replacer: double }), [{ a: 1 }]), '{"a":2}\n');
});

test('a value without JSON text is an error that says so', async () => {
  for (const value of [undefined, () => 1, Symbol('s')])
    assert.match((await failure(ndjsonStringify(), [value])).message, /^ndjsonStringify\(\): JSON has no text for /);
  assert.match((await failure(ndjsonStringify(), [1n])).message, /BigInt/);
  assert.match((await failure(ndjsonStringify({ batch: true }), [{}])).message, /chunks must be arrays; got /);
});

test('csvStringify writes arrays as rows, and objects under a header of the first one’s keys', async () => {
  assert.equal(
    await text(csvStringify(), [
      ['a', 1],
      [null, true],
    ]),
    'a,1\n,true\n',
  );
  assert.equal(
    await text(csvStringify(), [
      { a: 1, b: 'x' },
      { b: 'y', a: 2, c: 3 },
    ]),
    'a,b\n1,x\n2,y\n',
  );
  assert.equal(await text(csvStringify({ header: false }), [{ a: 1 }]), '1\n');
  assert.equal(await text(csvStringify({ header: true, columns: ['x'] }), [[1]]), 'x\n1\n');
  assert.equal(await text(csvStringify({ columns: ['b', 'a'] }), [{ a: 1, b: 2 }]), 'b,a\n2,1\n');
});

test('fields with a delimiter, a quote or a line end are quoted, others only where asked for', async () => {
  const rows = [['a,b', 'say "hi"', 'x\ny', 'x\ry', 'plain']];
  assert.equal(await text(csvStringify(), rows), '"a,b","say ""hi""","x\ny","x\ry",plain\n');
  assert.equal(
    await text(csvStringify({ delimiter: ';', quote: "'" }), [['a;b', "it's", 'a,b']]),
    "'a;b';'it''s';a,b\n",
  );
  assert.equal(await text(csvStringify({ quotes: 'all', newline: '\r\n' }), [['a', null]]), '"a",""\r\n');
  assert.equal(await text(csvStringify({ delimiter: '||' }), [['ab', 'a||b', 'a|', 'b']]), 'ab||"a||b"||"a|"||b\n');
});

test('a row of one empty field is no empty line', async () => {
  const written = await text(csvStringify(), [[''], ['a'], [null]]);
  assert.equal(written, '""\na\n""\n');
  assert.deepEqual(await through(csv(), [written]), [[''], ['a'], ['']]);
});

test('a byte order mark comes first, and a header even if there is no row', async () => {
  assert.equal(await text(csvStringify({ bom: true }), [['a']]), '\ufeffa\n');
  assert.equal(await text(csvStringify({ bom: true, columns: ['a', 'b'] }), []), '\ufeffa,b\n');
  assert.equal(await text(csvStringify(), []), '');
});

test('formulas can be made harmless, and numbers stay numbers', async () => {
  const rows = [['=1+1', '@x', '-2', -2, 'a=b']];
  assert.equal(await text(csvStringify(), rows), '=1+1,@x,-2,-2,a=b\n');
  assert.equal(await text(csvStringify({ formulas: 'escape' }), rows), "'=1+1,'@x,'-2,-2,a=b\n");
});

test('dates are ISO text, and what is no field is refused with its place', async () => {
  assert.equal(await text(csvStringify(), [[new Date(0), 1n]]), '1970-01-01T00:00:00.000Z,1\n');
  assert.match((await failure(csvStringify(), [['a'], [{}]])).message, /row 2, field 1: cannot write /);
  assert.match((await failure(csvStringify(), ['a'])).message, /row 1 must be an array or an object/);
  assert.match((await failure(csvStringify(), [['a'], ['a', 'b']])).message, /row 2 has 2 fields, .* has 1/);
  assert.match((await failure(csvStringify({ header: true }), [['a']])).message, /header: true needs columns/);
});

test('options that csvStringify cannot use are refused', () => {
  assert.throws(() => csvStringify({ headers: true }), /there is no option 'headers'/);
  assert.throws(() => csvStringify({ delimiter: '\n' }), /delimiter must be text without CR and LF/);
  assert.throws(() => csvStringify({ quote: ',' }), /quote must be one character that is not in the delimiter/);
  assert.throws(() => csvStringify({ columns: 'a' }), /columns must be an array of one or more names/);
  assert.throws(() => csvStringify({ newline: '\r' }), /newline must be/);
});

/** A seeded generator, so that a failure can be repeated. */
function generator(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('a quote that means something to replaceAll() is doubled as any', async () => {
  assert.equal(await text(csvStringify({ quote: '$' }), [['a,b$c']]), '$a,b$$c$\n');
});

test('a field that begins with U+FEFF is quoted, and no way around formulas', async () => {
  const written = await text(csvStringify(), [['\ufeffx', 'y']]);
  assert.deepEqual(await through(csv(), [written]), [['\ufeffx', 'y']]);
  assert.equal(await text(csvStringify({ formulas: 'escape' }), [['\ufeff=1+1']]), "'\ufeff=1+1\n");
});

test('only fields of a row are written, not what every object inherits', async () => {
  assert.equal(await text(csvStringify({ columns: ['constructor', 'a'] }), [{ a: 1 }]), 'constructor,a\n,1\n');
  class Point {
    get x() {
      return 1;
    }
  }
  assert.equal(await text(csvStringify({ columns: ['x'] }), [new Point()]), 'x\n1\n');
});

test('rows that do not fit the columns, and rows without fields, are refused by number', async () => {
  assert.match(
    (await failure(csvStringify({ columns: ['a', 'b'] }), [[1, 2, 3]])).message,
    /row 1 has 3 fields, .* has 2/,
  );
  assert.match(
    (await failure(csvStringify(), [['a'], { x: 1 }])).message,
    /row 2 is an object, and the first was an array/,
  );
  for (const row of [[], {}, new Map([[1, 2]]), new Date()])
    assert.match((await failure(csvStringify(), [row])).message, /row 1 has no fields/);
  for (const columns of [[], ['a', 'a'], Object.assign([], { 1: 'a' })])
    assert.throws(() => csvStringify({ columns }), /columns must be an array of one or more names, which differ/);
});

test('a date of another realm is ISO text, and an invalid one is refused with its place', async () => {
  const foreign = runInNewContext('new Date(0)');
  assert.equal(await text(csvStringify(), [[foreign]]), '1970-01-01T00:00:00.000Z\n');
  assert.match((await failure(csvStringify(), [['a'], [new Date(NaN)]])).message, /row 2, field 1: cannot write /);
  const own = Object.assign(new Date(0), { toISOString: () => '=1' });
  assert.equal(await text(csvStringify(), [[own]]), '1970-01-01T00:00:00.000Z\n');
});

test('what must be true or false is checked', () => {
  for (const options of [{ header: 'no' }, { bom: 'false' }, { batch: 5 }])
    assert.throws(() => csvStringify(options), /must be true or false/);
  assert.throws(() => ndjsonStringify({ batch: 1 }), /must be true or false/);
});

test('csv() reads from csvStringify() the same fields, and ndjson() from ndjsonStringify() the same values', async () => {
  const random = generator(20);
  const alphabet = ['a', 'é', '🌊', ',', ';', '"', "'", '\n', '\r', '\r\n', ' ', '\t', '\u2028', '0', ''];
  const word = () => Array.from({ length: random(5) }, () => alphabet[random(alphabet.length)]).join('');
  for (let turn = 0; turn < 300; turn++) {
    const width = 1 + random(4);
    const rows = Array.from({ length: random(6) }, () => Array.from({ length: width }, word));
    const [delimiter, quote] = [',', ';', '\t'].flatMap((d) => ['"', "'"].map((q) => [d, q]))[random(6)];
    const newline = ['\n', '\r\n'][random(2)];
    const options = { delimiter, quote, newline, quotes: ['needed', 'all'][random(2)] };
    const written = await through(csvStringify(options), rows);
    assert.deepEqual(await through(csv({ delimiter, quote }), written), rows, JSON.stringify({ rows, options }));
    const lines = await through(ndjsonStringify({ batch: true }), [rows]);
    assert.deepEqual(await through(ndjson(), lines), rows);
  }
});

test('jsonStringify writes all chunks as one array, as JSON.stringify() does', async () => {
  const values = [{ a: 1 }, [1, 2], 'x\n', null, -0];
  assert.equal(await text(jsonStringify(), values), JSON.stringify(values));
  assert.equal(
    await text(jsonStringify({ batch: true }), [values.slice(0, 2), [], values.slice(2)]),
    JSON.stringify(values),
  );
  assert.equal(await text(jsonStringify(), []), '[]');
  assert.equal(await text(jsonStringify({ batch: true }), [[]]), '[]');
  assert.equal(await text(jsonStringify({ replacer: ['a'] }), [{ a: 1, b: 2 }]), '[{"a":1}]');
});

test('jsonStringify writes an object of entries', async () => {
  const entries = [
    { key: 'a"', value: [1] },
    { key: 7, value: { b: null } },
  ];
  assert.equal(await text(jsonStringify({ entries: true }), entries), '{"a\\"":[1],"7":{"b":null}}');
  assert.equal(await text(jsonStringify({ entries: true, batch: true }), [entries]), '{"a\\"":[1],"7":{"b":null}}');
  assert.equal(await text(jsonStringify({ entries: true }), []), '{}');
  for (const chunk of [null, 1, {}, { key: Symbol('s'), value: 1 }])
    assert.match((await failure(jsonStringify({ entries: true }), [chunk])).message, /chunks must be \{ key, value \}/);
});

test('jsonStringify writes text before the items and behind them, which must be JSON without any', async () => {
  const around = { before: '{"type":"all","items":', after: ',"end":1}' };
  assert.equal(await text(jsonStringify(around), [1, 2]), '{"type":"all","items":[1,2],"end":1}');
  assert.equal(await text(jsonStringify({ ...around, entries: true }), []), '{"type":"all","items":{},"end":1}');
  const wrong = [{ before: '{' }, { after: ']' }, { before: '[', after: ',]' }, { before: 1 }, { close: ']' }];
  for (const options of /** @type {any[]} */ (wrong))
    assert.throws(() => jsonStringify(options), { name: 'TypeError', message: /^jsonStringify\(\)/ });
});

test('jsonStringify refuses what JSON has no text for', async () => {
  for (const value of [undefined, () => 1, Symbol('s')])
    assert.match((await failure(jsonStringify(), [value])).message, /^jsonStringify\(\): JSON has no text for /);
});

test('json reads back what jsonStringify has written', async () => {
  const values = [{ a: 'é🌊"\\' }, [], 1e300, ''];
  const around = { before: '{"meta":{"items":[0]},"items":', after: '}' };
  assert.deepEqual(await through(json('$.items[*]'), await through(jsonStringify(around), values)), values);
  const entries = values.map((value, at) => ({ key: `k${at}`, value }));
  const written = await through(jsonStringify({ entries: true }), entries);
  assert.deepEqual(await through(json('$.*', { entries: true }), written), entries);
});
