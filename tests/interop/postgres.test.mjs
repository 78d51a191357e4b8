/** An Express app whose CSV export streams a PostgreSQL cursor into the response: what a client does to the cursor. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import express from 'express';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { fromCursor, pipeline } from 'tidegate';
import { hasPostgres, startPostgres } from './servers.mjs';

const ROWS = 200_000;
const BATCH = 100;
/** What Node and the kernel hold of an answer that is not read, at most; measured 2.5 to 6 MB on Linux. */
const BUFFERED = 16 * 1024 * 1024;

describe('Express with PostgreSQL', { skip: hasPostgres() ? false : 'there is no PostgreSQL server' }, () => {
  let postgres;
  let pool;
  let admin;
  let http;
  let origin;
  let state;
  let ending = false;

  before(async () => {
    postgres = await startPostgres();
    pool = new pg.Pool({ ...postgres.connection, max: 4 });
    admin = new pg.Client(postgres.connection);
    // A connection that is being closed is told of the server's end, too.
    const unlessEnding = (error) => {
      if (!ending) throw error;
    };
    admin.on('error', unlessEnding);
    pool.on('error', unlessEnding);
    pool.on('connect', (client) => client.on('error', unlessEnding));
    await admin.connect();
    await admin.query(
      `create table tides as select n as id, repeat('x', 90) as filler from generate_series(1, ${ROWS}) n`,
    );
    const app = express();
    app.get('/export.csv', async (request, response) => {
      const client = await pool.connect();
      const cursor = client.query(new Cursor('select id, filler from tides order by id'));
      state = { fetched: 0, closed: 0, outcome: undefined };
      const current = state;
      const counted = {
        async read(count) {
          const rows = await cursor.read(count);
          current.fetched += rows.length;
          return rows;
        },
        async close() {
          await cursor.close();
          current.closed += 1;
        },
      };
      response.type('text/csv');
      async function* csv(batches) {
        for await (const rows of batches) yield rows.map(({ id, filler }) => `${id},${filler}\n`).join('');
      }
      current.outcome = await pipeline(fromCursor(counted, { batch: BATCH, as: 'batches' }), csv, response).then(
        () => 'sent',
        (error) => error,
      );
      client.release();
    });
    http = app.listen(0, '127.0.0.1');
    await once(http, 'listening');
    origin = `http://127.0.0.1:${http.address().port}`;
  });

  after(async () => {
    ending = true;
    http?.closeAllConnections();
    http?.close();
    await admin?.end();
    await pool?.end();
    await postgres?.stop();
  });

  /** Queries under way, cursors among them, as PostgreSQL itself knows them. */
  const busy = async () => {
    const { rows } = await admin.query(
      `select count(*)::int as n from pg_stat_activity where pid <> pg_backend_pid() and state <> 'idle' and backend_type = 'client backend'`,
    );
    return rows[0].n;
  };

  async function until(condition) {
    for (let n = 0; n < 100 && !(await condition()); n += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(await condition(), 'it did not come to pass within a second');
  }

  test('the whole table arrives, in order', async () => {
    const text = await (await fetch(`${origin}/export.csv`)).text();
    const ids = text
      .split('\n')
      .slice(0, -1)
      .map((line) => Number(line.slice(0, line.indexOf(','))));
    assert.equal(ids.length, ROWS);
    assert.ok(ids.every((id, n) => id === n + 1));
    await until(() => state.outcome === 'sent');
    assert.deepEqual([state.closed, await busy()], [1, 0]);
  });

  /** A client that asks and then reads only when it is told to. */
  function slowClient() {
    const socket = connect(http.address().port, '127.0.0.1');
    socket.pause();
    socket.write('GET /export.csv HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    return socket;
  }

  async function standing() {
    let stood = -1;
    for (let n = 0; n < 100 && (stood !== state?.fetched || stood <= 0); n += 1) {
      stood = state?.fetched ?? -1;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return stood;
  }

  test('a client that stops reading stops the cursor within the buffers, and gets the rest when it goes on', async (t) => {
    state = undefined;
    const socket = slowClient();
    const stood = await standing();
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(state.fetched, stood);
    t.diagnostic(`${stood} of ${ROWS} rows were fetched, ${((stood * 97) / 1e6).toFixed(1)} MB`);
    assert.ok(stood * 97 < BUFFERED, `${stood} rows were fetched for a client that reads nothing`);
    assert.equal(stood % BATCH, 0);
    const chunks = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.resume();
    await once(socket, 'end');
    await until(() => state.outcome === 'sent');
    const lines = Buffer.concat(chunks)
      .toString()
      .split('\n')
      .filter((line) => /^\d+,x+/.test(line));
    assert.equal(new Set(lines).size, ROWS);
    assert.equal(lines.length, ROWS);
    assert.deepEqual([state.fetched, state.closed, await busy()], [ROWS, 1, 0]);
  });

  test('a client that goes away closes the cursor, and its connection serves again', async () => {
    for (let n = 0; n < 6; n += 1) {
      state = undefined;
      const socket = slowClient();
      await standing();
      socket.destroy();
      await until(() => state.outcome !== undefined);
      assert.notEqual(state.outcome, 'sent');
      assert.ok(state.fetched < ROWS);
      assert.equal(state.closed, 1);
    }
    await until(async () => (await busy()) === 0);
    assert.equal(pool.idleCount, pool.totalCount, 'a connection is still taken');
  });

  test('an error of the database breaks the answer off and is the error of the pipeline', async () => {
    const client = await pool.connect();
    const cursor = client.query(new Cursor('select 1 / (5 - id) as x from tides order by id'));
    const running = pipeline(fromCursor(cursor, { batch: 2 }), async (rows) => {
      for await (const { x } of rows) assert.equal(typeof x, 'number');
    });
    await assert.rejects(running, { message: 'division by zero', code: '22012' });
    await client.query('select 1');
    client.release();
  });
});
