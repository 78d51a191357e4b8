/** Parts of Node's for mute.js: streams whose destroy() never answers, and connections and processes whose other side does nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, get, request } from 'node:http';
import http2 from 'node:http2';
import { connect, createServer as createNetServer } from 'node:net';
import { Duplex, Readable, Writable } from 'node:stream';
import * as streamx from 'streamx';
import { turn } from './support.js';

const ignore = () => {};

/** `destroy` never calls back, and `asked()` is how often it was called. */
function silent() {
  let calls = 0;
  return { destroy: () => void (calls += 1), asked: () => calls };
}

const text = (n) => `${n}\n`;
const before = () => [text];
const push = async (stream) => {
  await turn();
  stream.push(text(1));
};

function readable(Class) {
  const { destroy, asked } = silent();
  const value = new Class({
    read(callback) {
      push(this);
      if (typeof callback === 'function') callback();
    },
    destroy,
  });
  value.on('error', ignore);
  return { value, asked };
}

function writable(Class) {
  const { destroy, asked } = silent();
  const value = new Class({ write: (...all) => all.at(-1)(), destroy });
  value.on('error', ignore);
  return { value, asked, encode: text };
}

/** One whose write never calls back. */
const stuck = (Class) => () => ({
  value: new Class({ highWaterMark: 1, write() {} }).on('error', ignore),
  encode: text,
});

function duplex(Class) {
  const { destroy, asked } = silent();
  const value = new Class({
    read: (callback) => void (typeof callback === 'function' && callback()),
    write(chunk, ...more) {
      this.push(chunk);
      more.at(-1)();
    },
    destroy,
  });
  value.on('error', ignore);
  return { value, asked };
}

/** A server on a port of its own; `clean()` ends it with all its connections. */
async function serve(server) {
  const open = new Set();
  server.on('connection', (socket) => {
    socket.on('error', ignore);
    open.add(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    clean() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

/** `server` gives what is asked for and never ends. */
function giveFor(stream) {
  const timer = setInterval(() => stream.destroyed || stream.write(text(1)), 2);
  stream.on('close', () => clearInterval(timer)).on('error', ignore);
}

async function incoming() {
  const { port, clean } = await serve(createServer((asked, response) => giveFor(response)));
  const [value] = await once(get({ port, host: '127.0.0.1' }).on('error', ignore), 'response');
  return { value, clean };
}

async function socket() {
  const { port, clean } = await serve(createNetServer({ allowHalfOpen: true }, giveFor));
  return { value: connect(port, '127.0.0.1'), clean };
}

/** The response to a client that reads nothing and never leaves. */
async function response(server, ask) {
  const answer = once(server, 'request');
  const { port, clean } = await serve(server);
  const leave = ask(port);
  const [asked, value] = await answer;
  asked.on('error', ignore);
  return { value: value.on('error', ignore), encode: () => 'x'.repeat(100_000), clean: () => (leave(), clean()) };
}

const http1Response = () =>
  response(createServer(), (port) => {
    const client = get({ port, host: '127.0.0.1' }, ignore).on('error', ignore);
    return () => client.destroy();
  });

const http2Response = () =>
  response(http2.createServer(), (port) => {
    const session = http2.connect(`http://127.0.0.1:${port}`).on('error', ignore);
    session.request().on('error', ignore).pause();
    return () => session.destroy();
  });

/** A request whose server reads nothing and answers nothing. */
async function outgoing() {
  const { port, clean } = await serve(createNetServer((connection) => void connection.pause()));
  return {
    value: request({ port, host: '127.0.0.1', method: 'POST' }).on('error', ignore),
    encode: () => 'x'.repeat(100_000),
    clean,
  };
}

/** A process that neither reads nor ends; or gives on and on, and hears no signal but the last. */
function child(give) {
  const program = `process.on('SIGTERM', () => {}); process.on('SIGPIPE', () => {}); setInterval(() => ${give ? "process.stdout.write('1\\\\n')" : '{}'}, 2); process.stdout.on('error', () => {});`;
  const running = spawn(process.execPath, ['-e', program.replaceAll('\\\\', '\\')], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  running.stdin.on('error', ignore);
  running.stdout.on('error', ignore);
  return { running, clean: () => void running.kill('SIGKILL') };
}

const output = async () => {
  const { running, clean } = child(true);
  await once(running.stdout, 'readable');
  return { value: running.stdout, clean };
};

const input = () => {
  const { running, clean } = child(false);
  return { value: running.stdin, encode: () => 'x'.repeat(100_000), clean };
};

export const muteNode = {
  sources: {
    "Node's Readable": { make: () => readable(Readable) },
    "streamx's Readable": { make: () => readable(streamx.Readable) },
    "a response of Node's http": { make: incoming },
    "a socket of Node's": { make: socket },
    "a child process's output": { make: output },
  },
  stages: {
    "Node's Duplex": { make: () => duplex(Duplex), before },
    "Node's Duplex by its write": {
      stalls: true,
      before,
      make: () => ({ value: new Duplex({ highWaterMark: 1, read() {}, write() {} }).on('error', ignore) }),
    },
    "streamx's Duplex": { make: () => duplex(streamx.Duplex), before },
  },
  sinks: {
    "Node's Writable": { make: () => writable(Writable) },
    "Node's Writable by its write": { stalls: true, make: stuck(Writable) },
    "Node's Writable by its final": {
      only: ['an abort'],
      closes: true,
      make: () => ({
        value: new Writable({ write: (chunk, encoding, done) => done(), final() {} }).on('error', ignore),
        encode: text,
      }),
    },
    "streamx's Writable": { make: () => writable(streamx.Writable) },
    'a response over HTTP/1.1': { make: http1Response },
    'a response over HTTP/2': { stalls: true, make: http2Response },
    "a request of Node's http": { make: outgoing },
    "a child process's input": { make: input },
  },
};
