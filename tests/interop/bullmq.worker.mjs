/** A worker process: the example of docs/ends/from-queue.md on the queue `argv[2]` of the Redis at `argv[3]`, storing into it what it has done. */
import { Redis } from 'ioredis';
import { WritableStream } from 'tidegate';
import { exampleModule } from '../examples/example.mjs';

const [name, port] = process.argv.slice(2);
const connection = { host: '127.0.0.1', port: Number(port) };
const redis = new Redis({ ...connection, maxRetriesPerRequest: null });
const { work } = await exampleModule('from-queue');

const store = new WritableStream({
  async write(n) {
    await redis.hincrby('done', String(n), 1);
  },
});
const handle = async ({ n }) => {
  await redis.incr('delivered');
  await new Promise((resolve) => setTimeout(resolve, 1));
  return n;
};
process.send('ready');
await work(name, connection, handle, store);
