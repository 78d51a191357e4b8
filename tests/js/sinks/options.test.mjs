/** What is said of options that name one of a few values. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromCursor, fromIndexedDB, toDownload, toFetch, toFile, toIndexedDB, toText } from 'tidegate';

const handle = { getFile: async () => new Blob() };
const database = { name: 'sea', transaction() {}, objectStoreNames: { contains: () => true } };

const CALLS = {
  'toFile(): access': [(access) => toFile(handle, { access }), "'auto', 'stream' or 'sync'"],
  'toFetch(): as': [(as) => toFetch('http://localhost/', { as }), "'auto', 'stream', 'collect' or 'parts'"],
  'toIndexedDB(): mode': [(mode) => toIndexedDB(database, 'tides', { mode }), "'put' or 'add'"],
  'fromIndexedDB(): direction': [(direction) => fromIndexedDB(database, 'tides', { direction }), "'next' or 'prev'"],
  'fromCursor(): as': [(as) => fromCursor([], { as }), "'rows' or 'batches'"],
};

for (const [option, [call, allowed]] of Object.entries(CALLS)) {
  test(`${option} that is none of the allowed values is refused with those values and its own`, () => {
    assert.throws(() => call('neither'), { name: 'TypeError', message: `${option} must be ${allowed}; got 'neither'` });
    assert.throws(() => call(5), { name: 'TypeError', message: `${option} must be ${allowed}; got 5` });
    assert.throws(() => call(null), { name: 'TypeError', message: `${option} must be ${allowed}; got null` });
  });
}

test('a number that is too small is refused with its value, and a string in its place as it is', async () => {
  assert.throws(() => toFile(handle, { gather: -1 }), {
    message: /gather must be a whole number of at least 0; got -1$/,
  });
  assert.throws(() => toFile(handle, { gather: '64 KiB' }), { name: 'RangeError', message: /; got '64 KiB'$/ });
  await assert.rejects(toText(['a'], { limit: -1 }), {
    name: 'RangeError',
    message: 'toText(): limit must be a number of at least 0; got -1',
  });
});

test('toDownload() where nothing can begin a download fails before the first chunk', async () => {
  const sink = toDownload('a', { ways: ['blob', 'opfs'] });
  await assert.rejects(sink.via, {
    name: 'NotSupportedError',
    message: /blob: a worker cannot start a download; call/,
  });
  await assert.rejects(sink.getWriter().closed, { name: 'NotSupportedError' });
});

test('a begin of toDownload() that is no function is refused at once', () => {
  assert.throws(() => toDownload('a', { begin: 5 }), {
    name: 'TypeError',
    message: 'toDownload(): begin must be a function; got number',
  });
});

test('a way of toDownload() that does not exist is named', () => {
  assert.throws(() => toDownload('a', { ways: ['blob', 'pigeon'] }), {
    name: 'TypeError',
    message: "toDownload(): each of ways must be 'picker', 'service-worker', 'opfs' or 'blob'; got 'pigeon'",
  });
  for (const ways of [[], 'blob'])
    assert.throws(() => toDownload('a', { ways }), {
      name: 'TypeError',
      message: /ways must be an array that is not empty/,
    });
});
