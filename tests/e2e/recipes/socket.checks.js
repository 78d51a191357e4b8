import { fromIndexedDB, toArray } from '/dist/index.js';
import { record } from '/examples/socket-to-database.js';
import { equal, ok, rejection, until, within } from '/support.js';
import { state } from '/saving.js';

const openSockets = async (path) => (await state()).sockets[path];

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** The records that are stored; removes the database. */
async function takeRecords() {
  const database = await settled(indexedDB.open('recorded'));
  const records = database.objectStoreNames.contains('messages')
    ? await toArray(fromIndexedDB(database, 'messages'))
    : [];
  database.close();
  await settled(indexedDB.deleteDatabase('recorded'));
  return records;
}

const numbers = (count) => Array.from({ length: count }, (_, n) => ({ n }));

export default {
  async 'every message of a socket is stored, in order'() {
    equal(await within(15_000, record('/thousand')), 1000);
    equal(await takeRecords(), numbers(1000));
  },

  async "a socket that is refused fails with the socket's own error, and what was committed stays"() {
    const error = await rejection(within(15_000, record('/refuse')));
    equal([error.name, error.closeCode, error.reason], ['SocketError', 4001, 'no more room']);
    const records = await takeRecords();
    ok(records.length % 100 === 0 && records.length <= 200, `${records.length} records are stored`);
    equal(records, numbers(records.length));
  },

  async 'a message that is no JSON fails it, and closes the socket'() {
    const error = await rejection(within(15_000, record('/garbled')));
    equal(error.name, 'SyntaxError');
    await until(async () => (await openSockets('/garbled')) === 0, 10_000, 'the socket is open');
    await takeRecords();
  },

  async 'an abort fails it with its reason, and closes the socket'() {
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 300);
    ok((await rejection(within(15_000, record('/ticks', { signal: controller.signal })))) === reason, 'another error');
    await until(async () => (await openSockets('/ticks')) === 0, 10_000, 'the socket is open');
    await takeRecords();
  },
};
