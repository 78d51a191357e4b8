/** A BullMQ worker on Redis that feeds a pipeline: killed in the middle, again and again, and no job is lost. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { WritableStream } from 'tidegate';
import { exampleModule } from '../examples/example.mjs';
import { hasRedis, startRedis } from './servers.mjs';

const JOBS = 10_000;
const KILLS = 5;

describe('BullMQ with Redis', { skip: hasRedis() ? false : 'there is no Redis server' }, () => {
  let server;
  let redis;
  const children = new Set();

  before(async () => {
    server = await startRedis();
    redis = new Redis({ ...server.connection, maxRetriesPerRequest: null });
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await redis?.quit();
    await server?.stop();
  });

  async function startWorker(name) {
    const child = fork(fileURLToPath(new URL('bullmq.worker.mjs', import.meta.url)), [
      name,
      String(server.connection.port),
    ]);
    children.add(child);
    child.once('exit', () => children.delete(child));
    await once(child, 'message');
    return child;
  }

  async function until(condition, ms = 1000) {
    const end = performance.now() + ms;
    while (!(await condition())) {
      if (performance.now() > end) assert.fail(`it did not come to pass within ${ms} ms`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function withQueue(name, count, options, work) {
    const queue = new Queue(name, { connection: server.connection });
    try {
      const jobs = Array.from({ length: count }, (_, n) => ({
        name: 'job',
        data: { n },
        opts: { removeOnComplete: true, ...options },
      }));
      for (let from = 0; from < count; from += 1000) await queue.addBulk(jobs.slice(from, from + 1000));
      return await work(queue);
    } finally {
      await queue.close();
    }
  }

  test(
    `none of ${JOBS} jobs is lost by a process that is killed ${KILLS} times in the middle`,
    { timeout: 110_000 },
    async (t) => {
      await withQueue('many', JOBS, {}, async (queue) => {
        const done = async () => redis.hlen('done');
        for (let kill = 1; kill <= KILLS; kill += 1) {
          const worker = await startWorker('many');
          await until(async () => (await done()) >= (JOBS * kill) / (KILLS + 2), 30_000);
          const exited = once(worker, 'exit');
          worker.kill('SIGKILL');
          await exited;
        }
        const active = await queue.getActiveCount();
        assert.ok(active > 0, 'a process was killed with no job under way');
        const worker = await startWorker('many');
        await until(async () => (await done()) === JOBS, 40_000);
        await until(async () => (await queue.getActiveCount()) + (await queue.getWaitingCount()) === 0, 10_000);
        worker.kill('SIGKILL');
        const counts = Object.values(await redis.hgetall('done')).map(Number);
        const delivered = Number(await redis.get('delivered'));
        assert.equal(counts.length, JOBS);
        assert.equal(await queue.getFailedCount(), 0);
        assert.ok(delivered > JOBS, 'no job was delivered again');
        t.diagnostic(
          `${delivered - JOBS} of ${JOBS} jobs were delivered again, ${counts.filter((n) => n > 1).length} of them had been stored; ${active} were under way at the last kill`,
        );
      });
    },
  );

  test('a sink that stands still stops the worker, which takes no more jobs than are bounded', async (t) => {
    await withQueue('standing', 500, {}, async (queue) => {
      const { work } = await exampleModule('from-queue');
      const controller = new AbortController();
      const store = new WritableStream({ write: () => new Promise(() => {}) });
      const running = work('standing', server.connection, ({ n }) => n, store, { signal: controller.signal });
      running.catch(() => {});
      await until(async () => (await queue.getActiveCount()) > 0, 5000);
      let taken = -1;
      await until(async () => {
        const before = taken;
        await new Promise((resolve) => setTimeout(resolve, 300));
        taken = await queue.getActiveCount();
        return before === taken;
      }, 10_000);
      t.diagnostic(`${taken} jobs were taken`);
      assert.ok(taken <= 64, `${taken} jobs were taken`);
      controller.abort(new Error('enough'));
      await assert.rejects(running, { message: 'enough' });
    });
  });

  test('a pipeline that fails gives its jobs back, and the next one does them', { timeout: 60_000 }, async () => {
    await withQueue('failing', 50, { attempts: 5 }, async (queue) => {
      const { work } = await exampleModule('from-queue');
      const broken = new Error('broken');
      const stored = new Set();
      const sink = (limit) =>
        new WritableStream({
          write(n) {
            if (stored.size === limit) throw broken;
            stored.add(n);
          },
        });
      await assert.rejects(
        work('failing', server.connection, ({ n }) => n, sink(20)),
        (error) => error === broken,
      );
      assert.equal(stored.size, 20);
      const controller = new AbortController();
      const running = work('failing', server.connection, ({ n }) => n, sink(Infinity), { signal: controller.signal });
      await until(() => stored.size === 50, 20_000);
      controller.abort(broken);
      await assert.rejects(running, (error) => error === broken);
      assert.equal(await queue.getFailedCount(), 0);
    });
  });
});
