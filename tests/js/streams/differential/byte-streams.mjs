/** Programs over one byte stream. */
import { makeCall, makeScripts, pick } from './program.mjs';

const CALLS = [
  'getReader',
  'getReader byob',
  'getReader byob',
  'read',
  'read',
  'read into',
  'read into',
  'read into',
  'enqueue',
  'enqueue',
  'enqueue',
  'respond',
  'respond',
  'respond',
  'respondWithNewView',
  'old request',
  'settle',
  'settle',
];
const ENDS = ['releaseLock', 'releaseLock', 'close', 'close', 'error', 'reader.cancel', 'cancel'];
const VIEWS = [Uint8Array, Uint16Array, Uint32Array, DataView];

export function makeProgram(next) {
  const call = () => makeCall(next, pick(next, next(24) === 0 ? ENDS : CALLS));
  return {
    highWaterMark: pick(next, [0, 0, 1, 8, Infinity]),
    autoAllocateChunkSize: next(3) === 0 ? 1 + next(6) : undefined,
    pull: next(5) > 0,
    scripts: makeScripts(next, call, { throws: 30 }),
    calls: Array.from({ length: 4 + next(40) }, call),
  };
}

export function create({ ReadableStream }, program, environment, observer) {
  const { autoAllocateChunkSize, highWaterMark } = program;
  const source = {
    type: 'bytes',
    autoAllocateChunkSize,
    start(controller) {
      environment.controller = controller;
    },
    cancel: (reason) => observer.called('cancel', reason),
  };
  if (program.pull) source.pull = () => observer.called('pull');
  environment.byte = 0;
  environment.readable = new ReadableStream(source, { highWaterMark });
}

/** The next `length` bytes, within a buffer that is longer than they are. */
function fresh(environment, length) {
  const bytes = new Uint8Array(length + 2).subarray(1, length + 1);
  for (let i = 0; i < length; i++) bytes[i] = ++environment.byte;
  return bytes;
}

function readInto(reader, length, min, kind) {
  const View = VIEWS[kind];
  const view = new View(new ArrayBuffer(9 + length * (View.BYTES_PER_ELEMENT ?? 1)), 8, length);
  return min === undefined ? reader.read(view) : reader.read(view, { min });
}

export function perform(environment, observer, [name, a, b, c]) {
  const { readable, controller, reader, isByob } = environment;
  const lock = (options) => {
    environment.reader = readable.getReader(options);
    environment.isByob = options !== undefined;
    observer.watch('closed', environment.reader.closed);
  };
  const act = {
    settle: () => observer.settle(a),
    getReader: () => lock(undefined),
    'getReader byob': () => lock({ mode: 'byob' }),
    releaseLock() {
      reader?.releaseLock();
      environment.reader = undefined;
    },
    read: () => reader && !isByob && observer.watch('read', reader.read()),
    'read into'() {
      const length = 1 + (a % 4);
      if (reader && isByob) observer.watch('read', readInto(reader, length, b > 2 ? 1 + (b % length) : undefined, c));
    },
    enqueue: () => controller.enqueue(fresh(environment, 1 + a)),
    respond() {
      const request = controller.byobRequest;
      if (request === null) return;
      const { view } = request;
      observer.note(`request of ${view.byteLength} at ${view.byteOffset}`);
      // Now and then one byte more than there is room for.
      const length = Math.min(a, view.byteLength + (b === 0 ? 1 : 0));
      const written = Math.min(length, view.byteLength);
      new Uint8Array(view.buffer, view.byteOffset, written).set(fresh(environment, written));
      request.respond(length);
    },
    respondWithNewView() {
      const view = controller.byobRequest?.view;
      if (!view) return;
      // Now and then one that begins elsewhere.
      const offset = b === 0 ? 1 : 0;
      const length = Math.max(0, Math.min(a, view.byteLength - offset));
      controller.byobRequest.respondWithNewView(
        new Uint8Array(view.buffer, Math.min(view.byteOffset + offset, view.buffer.byteLength - length), length),
      );
    },
    'old request'() {
      if (environment.request && b < 2) {
        observer.note(`old request is over: ${environment.request.view === null}`);
        environment.request.respond(1);
      } else {
        environment.request = controller.byobRequest;
      }
    },
    close: () => controller.close(),
    error: () => controller.error('error'),
    'reader.cancel': () => reader && observer.watch('cancel', reader.cancel('reason')),
    cancel: () => observer.watch('cancel', readable.cancel('reason')),
  };
  observer.attempt(name, act[name]);
  observer.note(`desiredSize ${controller.desiredSize}, a request: ${controller.byobRequest !== null}`);
}
