/** What floods.js needs of Node: a worker thread, and sources that only Node has. */
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';

/** Writes `count` numbers into `port` in a thread that ends then; resolves with how many it has written. */
export async function flood(port, count) {
  const worker = new Worker(
    `
    const { workerData: { port, count }, parentPort } = require('node:worker_threads');
    import(${JSON.stringify(import.meta.resolve('tidegate'))}).then(async ({ pipeline, toMessagePort }) => {
      let sent = 0;
      await pipeline((function* () { for (; sent < count; sent += 1) yield sent; })(), toMessagePort(port));
      parentPort.postMessage(sent);
      setImmediate(() => process.exit());
    });`,
    { eval: true, workerData: { port, count }, transferList: [port] },
  );
  const [sent] = await once(worker, 'message');
  return sent;
}

function readable(feed) {
  const numbers = new Readable({ objectMode: true, read() {} });
  feed((n) => numbers.push(n));
  numbers.push(null);
  return numbers;
}

function emitter(make, feed) {
  const target = new EventEmitter();
  const numbers = make(target);
  feed((n) => target.emit('number', n));
  target.emit('over');
  return numbers;
}

async function socket(blocks) {
  let sent = 0;
  const server = createServer((client) => {
    for (; sent < blocks.length; sent += 1) client.write(blocks[sent]);
    client.end();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { value: connect(server.address().port, '127.0.0.1'), sent: () => sent };
}

function child(size, count) {
  const program = `
    let sent = 0;
    for (; sent < ${count}; sent += 1) {
      const block = Buffer.alloc(${size});
      block[0] = sent;
      process.stdout.write(block);
    }
    process.stderr.write(String(sent));`;
  const running = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'pipe'] });
  const sent = once(running.stderr.setEncoding('utf8'), 'data').then(([text]) => Number(text));
  return { value: running.stdout, sent: () => sent };
}

export const node = { readable, emitter, socket, child };
