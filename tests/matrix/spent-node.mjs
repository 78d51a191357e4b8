/** Parts of Node's for spent.js: streams that have ended, failed or been destroyed, and connections whose other side has left. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import http2 from 'node:http2';
import { connect, createServer as createNetServer } from 'node:net';
import { PassThrough, Readable, Writable } from 'node:stream';
import * as streamx from 'streamx';
import { turn } from './support.js';

const ignore = () => {};
const failure = new Error('the failure of before');
const isFailure = (error) => error === failure || error?.message === failure.message;
const isOver = (error) => error?.code === 'ERR_STREAM_PREMATURE_CLOSE' || isFailure(error);
const isBroken = (error) => isOver(error) || error?.code === 'ECONNRESET';

const taker = (Class = Writable) => new Class({ write: (...all) => all.at(-1)() });
const giver = () => Readable.from(['x']);

/** `make()` after `act(stream)`, and its 'close'. */
const after = (make, act) => async () => {
  const stream = make().on('error', ignore);
  act(stream);
  if (!stream.closed) await once(stream, 'close').catch(ignore);
  await turn();
  return stream;
};

const destroy = (stream) => stream.destroy();
const fail = (stream) => stream.destroy(failure);
const end = (stream) => stream.end();
const read = (stream) => stream.resume();

/** What `choose(request, response)` of a server is once the client has left. */
const leftBy = (server, ask, choose) => async () => {
  const made = server();
  const asked = once(made, 'request');
  made.listen(0, '127.0.0.1');
  await once(made, 'listening');
  const leave = ask(made.address().port);
  const [incoming, response] = await asked;
  incoming.on('error', ignore);
  response.on('error', ignore);
  const closed = once(response, 'close');
  leave();
  await closed;
  await turn();
  made.closeAllConnections?.();
  made.close();
  return choose(incoming, response);
};

function askHttp1(port) {
  const client = request({ port, host: '127.0.0.1', method: 'POST' }).on('error', ignore);
  client.write('half');
  return () => client.destroy();
}

function askHttp2(port) {
  const session = http2.connect(`http://127.0.0.1:${port}`).on('error', ignore);
  const stream = session.request({ ':path': '/', ':method': 'POST' }).on('error', ignore);
  stream.write('half');
  return () => {
    stream.on('close', () => session.destroy());
    stream.close(http2.constants.NGHTTP2_CANCEL);
  };
}

const http1 = (choose) => leftBy(createServer, askHttp1, choose);
const http2Of = (choose) => leftBy(http2.createServer, askHttp2, choose);

async function brokenSocket() {
  const server = createNetServer((connection) => connection.resetAndDestroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect(server.address().port, '127.0.0.1').on('error', ignore);
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  server.close();
  await turn();
  return socket;
}

async function endedChild() {
  const child = spawn(process.execPath, ['-e', ''], { stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.on('error', ignore);
  const closed = child.stdin.closed ? undefined : once(child.stdin, 'close');
  await once(child, 'exit');
  await closed;
  await turn();
  return child.stdin;
}

export const spentNode = {
  sources: {
    "Node's Readable that was destroyed": { isRight: isOver, make: after(giver, destroy) },
    "Node's Readable that has failed": { isRight: isFailure, make: after(giver, fail) },
    "Node's Readable that was read to its end": { isRight: isOver, make: after(giver, read) },
    "streamx's Readable that was destroyed": { isRight: isOver, make: after(() => new streamx.Readable(), destroy) },
    "streamx's Readable that was read to its end": {
      isRight: isOver,
      make: after(() => streamx.Readable.from(['x']), read),
    },
    'a request whose client of HTTP/1.1 has left': { isRight: isBroken, make: http1((incoming) => incoming) },
    'a request whose client of HTTP/2 has left': { isRight: isBroken, make: http2Of((incoming) => incoming) },
    'a socket that the other side has reset': { isRight: isBroken, make: brokenSocket },
  },
  stages: {
    "Node's PassThrough that was destroyed": { isRight: isOver, make: after(() => new PassThrough(), destroy) },
    "Node's PassThrough that has failed": { isRight: isFailure, make: after(() => new PassThrough(), fail) },
    "Node's PassThrough that was ended": { isRight: isOver, make: async () => new PassThrough().end() },
    "streamx's PassThrough that was destroyed": {
      isRight: isOver,
      make: after(() => new streamx.PassThrough(), destroy),
    },
  },
  sinks: {
    "Node's Writable that was destroyed": { isRight: isOver, make: after(taker, destroy) },
    "Node's Writable that has failed": { isRight: isFailure, make: after(taker, fail) },
    "Node's Writable that has ended": { isRight: isOver, make: after(taker, end) },
    "Node's Writable that is ending": { isRight: isOver, make: async () => taker().end('x') },
    "streamx's Writable that was destroyed": { isRight: isOver, make: after(() => taker(streamx.Writable), destroy) },
    "streamx's Writable that has ended": { isRight: isOver, make: after(() => taker(streamx.Writable), end) },
    'a response whose client of HTTP/1.1 has left': {
      isRight: isBroken,
      make: http1((incoming, response) => response),
    },
    'a response whose client of HTTP/2 has left': {
      isRight: isBroken,
      make: http2Of((incoming, response) => response),
    },
    'a stream of HTTP/2 whose client has left': {
      isRight: isBroken,
      make: http2Of((incoming, response) => response.stream),
    },
    'a socket that the other side has reset': { isRight: isBroken, make: brokenSocket },
    'the input of a child process that has ended': { isRight: isOver, make: endedChild },
  },
};
