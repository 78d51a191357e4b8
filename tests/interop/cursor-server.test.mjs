/** examples/cursor-server, a Rust server that streams a PostgreSQL cursor through a channel: what a client does to the cursor. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { run } from '../../tools/steps.mjs';
import { hasPostgres, startPostgres } from './servers.mjs';

const root = new URL('../..', import.meta.url).pathname;
const ROWS = 200_000;

describe('The example cursor-server', { skip: hasPostgres() ? false : 'there is no PostgreSQL server' }, () => {
  let postgres;
  let admin;
  let server;
  let origin;
  let said = '';

  before(
    async () => {
      postgres = await startPostgres();
      admin = new pg.Client(postgres.connection);
      await admin.connect();
      await admin.query(
        `create table tides as select n as id, repeat('x', 90) as filler from generate_series(1, ${ROWS}) n`,
      );
      const home = join(root, 'examples/cursor-server');
      const target = join(root, 'target/cursor-server');
      const { code, output } = await run('cargo', ['build', '--locked', '--target-dir', target], { cwd: home });
      assert.equal(code, 0, output.slice(-3000));
      const { host, port, user, database } = postgres.connection;
      const where = `host=${host} port=${port} user=${user} dbname=${database}`;
      server = spawn(join(target, 'debug/tidegate-cursor-server'), [where, 'tides'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      server.stdout.on('data', (text) => (said += text));
      await once(server.stdout, 'data');
      origin = said.trim();
    },
    { timeout: 600_000 },
  );

  after(async () => {
    server?.kill();
    await admin?.end();
    await postgres?.stop();
  });

  const fetched = async () => Number(await (await fetch(`${origin}/fetched`)).text());

  /** Asks for the table and reads nothing of the answer. */
  async function clientThatDoesNotRead() {
    const { hostname, port } = new URL(origin);
    const socket = connect({ host: hostname, port });
    await once(socket, 'connect');
    socket.pause();
    socket.write(`GET /export HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
    return socket;
  }

  /** The number of fetched rows once it grows no more. */
  async function settled() {
    for (let before = -1; ;) {
      await sleep(300);
      const now = await fetched();
      if (now > 0 && now === before) return now;
      before = now;
    }
  }

  async function until(condition, what) {
    for (const end = Date.now() + 20_000; Date.now() < end; await sleep(20)) if (await condition()) return;
    assert.fail(`not within 20 s: ${what}; the server said:\n${said}`);
  }

  test('a client gets every row', async () => {
    const text = await (await fetch(`${origin}/export`)).text();
    const lines = text.trimEnd().split('\n');
    assert.equal(lines.length, ROWS);
    assert.equal(lines.at(-1), `${ROWS},${'x'.repeat(90)}`);
    await until(() => said.includes(`sent all of ${ROWS} rows`), 'the end of the export');
  });

  test('while a client does not read, no rows are fetched, and none once it has left', async () => {
    const socket = await clientThatDoesNotRead();
    const rows = await settled();
    assert.ok(rows < ROWS, `${rows} of ${ROWS} rows were fetched for a client that reads nothing`);
    socket.destroy();
    const left = () => /the client left after (\d+) rows/.exec(said);
    await until(left, 'the end of the export');
    assert.ok(Number(left()[1]) < ROWS);
    const open = "select count(*)::int as open from pg_stat_activity where query like 'fetch %'";
    await until(async () => (await admin.query(open)).rows[0].open === 0, 'the end of the transaction');
  });

  test('a database that fails breaks the response, which does not look complete', async () => {
    const socket = await clientThatDoesNotRead();
    await settled();
    await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where query like 'fetch %'");
    socket.resume();
    let text = '';
    socket.setEncoding('latin1').on('data', (part) => (text += part));
    await once(socket, 'close');
    assert.match(text, /^HTTP\/1\.1 200 /);
    assert.ok(!text.endsWith('\r\n0\r\n\r\n'), 'the response has the end of a complete one');
    await until(() => /failed after \d+ rows/.test(said), 'the failure');
  });
});
