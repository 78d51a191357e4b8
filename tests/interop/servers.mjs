/**
 * Real servers for the tests, each on the loopback interface with a free port and a folder of its own, which is removed with it. Where
 * the programs come from: tools/setup/servers.mjs.
 */
import { spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { findPostgres, findRedis } from '../../tools/setup/servers.mjs';

const READY = 20_000;

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Starts `program`; resolves when `isReady(output)` is true of what it has printed. `stop()` ends it and waits for that. */
async function start(program, args, isReady, options) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const onExit = () => child.kill('SIGKILL');
  process.once('exit', onExit);
  const stop = async (signal) => {
    process.removeListener('exit', onExit);
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
    child.kill(signal);
    await exited;
    clearTimeout(timer);
  };
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${program} was not ready after ${READY} ms:\n${output}`)), READY);
    const look = (text) => {
      output += text;
      if (!isReady(output)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('error', reject);
    exited.then((code) => reject(new Error(`${program} ended with ${code}:\n${output}`)));
  }).catch(async (error) => {
    await stop('SIGKILL');
    throw error;
  });
  return stop;
}

/** Whether there is a PostgreSQL server to start. */
export const hasPostgres = () => findPostgres() !== undefined;

/** Whether there is a Redis server to start. */
export const hasRedis = () => findRedis() !== undefined;

/** The user to run a server as that refuses to be run by root: the one its package has made. */
function otherUser() {
  if (process.getuid?.() !== 0) return {};
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Starts PostgreSQL; resolves with `{ connection, stop() }`, `connection` for `new pg.Client()`. */
export async function startPostgres() {
  const bin = findPostgres();
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-postgres-'));
  const user = otherUser();
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const data = join(folder, 'data');
    execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'tide', '--auth=trust', '-E', 'UTF8', '--no-sync'], {
      ...user,
      stdio: 'pipe',
      cwd: folder,
    });
    const port = await freePort();
    const settings = [
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${folder}`,
      'fsync=off',
      'max_connections=20',
    ].flatMap((setting) => ['-c', setting]);
    const stop = await start(
      join(bin, 'postgres'),
      ['-D', data, '-p', String(port), ...settings],
      (output) => /ready to accept connections/.test(output),
      { ...user, cwd: folder },
    );
    return {
      connection: { host: '127.0.0.1', port, user: 'tide', database: 'postgres' },
      async stop() {
        await stop('SIGINT');
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Starts Redis; resolves with `{ connection, stop() }`, `connection` as BullMQ takes it. */
export async function startRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-redis-'));
  const port = await freePort();
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const args = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'no',
      '--maxmemory-policy',
      'noeviction',
    ];
    const stop = await start(findRedis(), args, (output) => /Ready to accept connections/.test(output), {
      cwd: folder,
    });
    return {
      connection: { host: '127.0.0.1', port },
      async stop() {
        await stop('SIGTERM');
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
