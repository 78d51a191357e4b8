import { fromIndexedDB, pipeline, take, toArray, toIndexedDB } from '/dist/index.js';
import { equal, ok, rejection, standing, turn, within } from '/support.js';

let count = 0;
async function open() {
  const request = indexedDB.open(`ends-${count++}-${performance.now()}`, 1);
  request.onupgradeneeded = () => {
    const tides = request.result.createObjectStore('tides', { keyPath: 'id' });
    tides.createIndex('height', 'height');
    request.result.createObjectStore('loose');
  };
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

const tides = (n, from = 0) => Array.from({ length: n }, (_, i) => ({ id: from + i, height: (from + i) % 7 }));
async function filled(n) {
  const db = await open();
  await pipeline(tides(n), toIndexedDB(db, 'tides', { batch: 500 }));
  return db;
}
const countOf = (db, store = 'tides') =>
  new Promise((resolve) => {
    db.transaction(store).objectStore(store).count().onsuccess = ({ target }) => resolve(target.result);
  });
const ids = (records) => records.map(({ id }) => id);
const numbers = (n, from = 0) => Array.from({ length: n }, (_, i) => from + i);

/** `db` whose transactions are counted. */
function counting(db) {
  const seen = { transactions: 0, open: 0 };
  const { transaction } = db;
  db.transaction = (...args) => {
    const made = transaction.apply(db, args);
    seen.transactions += 1;
    seen.open += 1;
    for (const event of ['complete', 'abort']) made.addEventListener(event, () => void (seen.open -= 1));
    return made;
  };
  return seen;
}

export default {
  async 'brings ten thousand records in and out again'() {
    const db = await filled(10_000);
    equal(await countOf(db), 10_000);
    equal(ids(await toArray(fromIndexedDB(db, 'tides'))), numbers(10_000));
    db.close();
  },

  async 'reads what is in a range, backwards too, and by an index whose keys are not unique'() {
    const db = await filled(100);
    const read = async (options) => ids(await toArray(fromIndexedDB(db, 'tides', { batch: 3, ...options })));
    equal(await read({ range: IDBKeyRange.bound(10, 20, true, false) }), numbers(10, 11));
    equal(await read({ range: IDBKeyRange.lowerBound(95) }), numbers(5, 95));
    equal(await read({ range: IDBKeyRange.upperBound(4, true) }), numbers(4));
    equal(await read({ range: 5 }), [5]);
    equal(await read({ direction: 'prev' }), numbers(100).reverse());
    equal(await read({ direction: 'prev', range: IDBKeyRange.upperBound(8) }), numbers(9).reverse());
    const byHeight = numbers(100).sort((a, b) => (a % 7) - (b % 7) || a - b);
    equal(await read({ index: 'height' }), byHeight);
    equal(
      await read({ index: 'height', range: 3 }),
      byHeight.filter((n) => n % 7 === 3),
    );
    equal(await read({ index: 'height', direction: 'prev' }), [...byHeight].reverse());
    equal((await toArray(fromIndexedDB(db, 'tides', { entries: true, range: 7 })))[0], {
      key: 7,
      value: { id: 7, height: 0 },
    });
    db.close();
  },

  async 'reads the whole of a range that a frame made, or that is given by its bounds'() {
    const db = await filled(30);
    const frame = document.createElement('iframe');
    document.body.append(frame);
    const { IDBKeyRange: Foreign } = frame.contentWindow;
    const read = async (options) => ids(await toArray(fromIndexedDB(db, 'tides', { batch: 3, ...options })));
    for (const direction of ['next', 'prev']) {
      const ordered = (list) => (direction === 'next' ? list : list.reverse());
      for (const [range, expected] of [
        [Foreign.lowerBound(0), numbers(30)],
        [Foreign.lowerBound(20, true), numbers(9, 21)],
        [Foreign.upperBound(10, true), numbers(10)],
        [Foreign.bound(5, 15, true, false), numbers(10, 6)],
        [Foreign.only(7), [7]],
        [{ lower: 10, upper: 20 }, numbers(11, 10)],
        [{ lower: undefined, upper: 9, upperOpen: true }, numbers(9)],
      ])
        equal(await read({ range, direction }), ordered(expected), `${direction} ${range.lower}..${range.upper}`);
    }
    frame.remove();
    db.close();
  },

  async 'refuses a range that is neither a range nor a key'() {
    const db = await filled(3);
    for (const range of [{}, NaN, true, { lower: 5, upper: 1 }, new Date(NaN)]) {
      let error;
      try {
        fromIndexedDB(db, 'tides', { range });
      } catch (thrown) {
        error = thrown;
      }
      ok(
        error instanceof TypeError &&
          /^fromIndexedDB\(\): range must be an IDBKeyRange or a valid key; got /.test(error.message),
        `${JSON.stringify(range)}: ${error}`,
      );
    }
    db.close();
  },

  async 'reads a batch and no more for a consumer that has stopped, with no transaction open, and goes on after it'() {
    const db = await filled(1000);
    const seen = counting(db);
    const reader = fromIndexedDB(db, 'tides', { batch: 50 }).getReader();
    equal(seen.transactions, 0);
    await reader.read();
    for (let n = 0; n < 10; n += 1) await turn();
    equal(seen, { transactions: 1, open: 0 });
    await pipeline([{ id: 5000, height: 0 }], toIndexedDB(db, 'tides')); // nothing holds a writer up
    const rest = [];
    for (let result = await reader.read(); !result.done; result = await reader.read()) rest.push(result.value.id);
    equal(rest, [...numbers(999, 1), 5000]);
    db.close();
  },

  async 'loses and repeats nothing when records go while it is read'() {
    const db = await filled(30);
    for (const options of [{}, { index: 'height' }, { direction: 'prev' }]) {
      const reader = fromIndexedDB(db, 'tides', { batch: 5, ...options }).getReader();
      const seen = [];
      for (let result = await reader.read(); !result.done; result = await reader.read()) {
        seen.push(result.value.id);
        if (seen.length === 5) {
          const store = db.transaction('tides', 'readwrite').objectStore('tides');
          store.delete(result.value.id); // the very one to go on from
          await new Promise((resolve) => void (store.transaction.oncomplete = resolve));
        }
      }
      equal(new Set(seen).size, seen.length);
      const gone = seen[4];
      await pipeline([{ id: gone, height: gone % 7 }], toIndexedDB(db, 'tides'));
      equal(seen.length, 30);
    }
    db.close();
  },

  async 'stores of a view that is narrower than its buffer what it sees, and nothing else'() {
    const db = await open();
    const { buffer } = new Uint8Array(65_536).fill(7);
    await pipeline(
      [new Uint8Array(buffer, 10, 3), { id: 1, bytes: new Uint8Array(buffer, 20, 4) }],
      toIndexedDB(db, 'loose', { key: ({ id }) => id ?? 0 }),
    );
    const [view, record] = await toArray(fromIndexedDB(db, 'loose'));
    equal([view.buffer.byteLength, record.bytes.buffer.byteLength, [...view]], [3, 4, [7, 7, 7]]);
    equal(buffer.byteLength, 65_536);
  },

  async 'writes a batch in one transaction, and holds its source back until that is committed'() {
    const db = await open();
    const seen = counting(db);
    let made = 0;
    const source = (function* () {
      for (; made < 1000;) yield { id: made++ };
    })();
    await pipeline(source, toIndexedDB(db, 'tides', { batch: 100 }));
    equal([seen.transactions, seen.open, await countOf(db)], [10, 0, 1000]);
    db.close();
  },

  async 'takes no more than a batch while the database does not commit, and loses nothing after'() {
    const db = await open();
    const blocking = db.transaction('tides', 'readwrite');
    let blocked = true;
    const store = blocking.objectStore('tides');
    (function keepOpen() {
      if (blocked) store.count().onsuccess = keepOpen; // a transaction stays open while it has requests
    })();
    let made = 0;
    const source = (function* () {
      for (; made < 5000;) yield { id: made++ };
    })();
    const running = pipeline(source, toIndexedDB(db, 'tides', { batch: 100 }));
    const stood = await standing(() => made);
    ok(stood >= 100 && stood <= 104, `${stood} records were made for a batch of 100`);
    blocked = false;
    await running;
    equal([made, await countOf(db)], [5000, 5000]);
    db.close();
  },

  async 'keeps whole batches and no half one when a record is refused'() {
    const db = await filled(3);
    const records = [...tides(8, 100), { id: 1 }, ...tides(50, 200)];
    const refused = await rejection(pipeline(records, toIndexedDB(db, 'tides', { batch: 4, mode: 'add' })));
    equal(refused.name, 'ConstraintError');
    equal(await countOf(db), 3 + 8);
    const uncloneable = await rejection(
      pipeline([{ id: 300 }, { id: 301, f() {} }], toIndexedDB(db, 'tides', { batch: 2 })),
    );
    equal(uncloneable.name, 'DataCloneError');
    equal(await countOf(db), 11);
    db.close();
  },

  async 'takes the key of a record from a function'() {
    const db = await open();
    await pipeline(['a', 'bb', 'ccc'], toIndexedDB(db, 'loose', { key: (text) => text.length }));
    equal(await toArray(fromIndexedDB(db, 'loose', { entries: true })), [
      { key: 1, value: 'a' },
      { key: 2, value: 'bb' },
      { key: 3, value: 'ccc' },
    ]);
    db.close();
  },

  async 'leaves nothing open when a pipeline fails, is aborted or has had enough'() {
    const db = await filled(500);
    const seen = counting(db);
    const broken = new Error('broken');
    equal(
      (await rejection(
        within(
          1000,
          pipeline(
            fromIndexedDB(db, 'tides'),
            () => {
              throw broken;
            },
            toIndexedDB(db, 'loose', { key: ({ id }) => id }),
          ),
        ),
      )) === broken,
      true,
    );
    equal((await toArray(fromIndexedDB(db, 'tides').pipeThrough(take(3)))).length, 3);
    const controller = new AbortController();
    const endless = (async function* () {
      for (let id = 1000; ; id += 1) {
        yield { id, height: 0 };
        await turn();
      }
    })();
    setTimeout(() => controller.abort(broken), 30);
    equal(
      (await rejection(
        within(1000, pipeline(endless, toIndexedDB(db, 'tides', { batch: 2 }), { signal: controller.signal })),
      )) === broken,
      true,
    );
    await turn();
    equal(seen.open, 0);
    db.close();
    equal((await rejection(toArray(fromIndexedDB(db, 'tides')))).name, 'InvalidStateError');
  },

  async 'fails where the database is closed, or the page aborts the transaction, and keeps what was committed'() {
    for (const what of ['closed', 'aborted']) {
      const db = await open();
      const { transaction } = db;
      let made = 0;
      db.transaction = (...args) => {
        made += 1;
        if (what === 'closed' && made === 3) db.close();
        const begun = transaction.apply(db, args);
        if (what === 'aborted' && made === 3) queueMicrotask(() => begun.abort());
        return begun;
      };
      const refused = await rejection(within(5000, pipeline(tides(50), toIndexedDB(db, 'tides', { batch: 10 }))));
      equal(refused.name, what === 'closed' ? 'InvalidStateError' : 'AbortError', what);
      if (what === 'closed') continue;
      db.transaction = transaction;
      equal(await countOf(db), 20);
      made = -10;
      db.close();
    }
  },

  async 'gives way to a page that deletes the database, and fails there'() {
    const db = await filled(100);
    db.onversionchange = () => db.close();
    const reader = fromIndexedDB(db, 'tides', { batch: 10 }).getReader();
    await reader.read();
    const request = indexedDB.deleteDatabase(db.name);
    await within(5000, new Promise((resolve) => void (request.onsuccess = resolve)));
    const failure = await rejection(
      (async () => {
        for (;;) if ((await within(5000, reader.read())).done) return;
      })(),
    );
    equal(failure.name, 'InvalidStateError');
  },

  async 'can be left while another transaction holds the store'() {
    const db = await filled(10);
    const broken = new Error('broken');
    const other = db.transaction('tides', 'readwrite').objectStore('tides');
    let held = true;
    const hold = () => void (held && (other.get(1).onsuccess = hold));
    hold();
    try {
      const reader = fromIndexedDB(db, 'tides').getReader();
      const reading = reader.read();
      await within(2000, reader.cancel());
      equal((await within(2000, reading)).done, true);
      const controller = new AbortController();
      setTimeout(() => controller.abort(broken), 50);
      const running = pipeline(tides(10, 100), toIndexedDB(db, 'tides', { batch: 5 }), { signal: controller.signal });
      equal((await rejection(within(5000, running))) === broken, true);
    } finally {
      held = false;
    }
    equal(await countOf(db), 10);
    db.close();
  },

  async 'refuses what is no database, and a store there is not'() {
    const db = await open();
    const message = (make) => {
      try {
        make();
      } catch (error) {
        return error.message;
      }
      return undefined;
    };
    ok(
      /^fromIndexedDB\(\): the first argument must be an open IDBDatabase; got string$/.test(
        message(() => fromIndexedDB('db', 'tides')),
      ),
      'a name is no database',
    );
    ok(
      /has no object store 'tide'; create it/.test(message(() => toIndexedDB(db, 'tide'))),
      'a store that is not there',
    );
    db.close();
  },

  async 'the examples run'() {
    const db = await filled(30);
    const { exportRows } = await import('/examples/from-indexed-db.js');
    equal((await exportRows(db, 'tides')).split('\n').length, 31);
    const { importRows } = await import('/examples/to-indexed-db.js');
    await importRows(new Response('{"id":1,"height":9}\n{"id":99,"height":3}\n'), db, 'tides');
    equal(await countOf(db), 31);
    db.close();
  },
};
