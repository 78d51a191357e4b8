/** Programs over the branches of a tee, of a default stream or a byte stream. */
import { makeCall, makeScripts, pick } from './program.mjs';

const CALLS = ['read', 'read', 'read', 'read', 'enqueue', 'enqueue', 'enqueue', 'settle', 'settle', 'respond', 'byob'];
const ENDS = ['close', 'error', 'cancel', 'cancel', 'releaseLock'];

export function makeProgram(next) {
  const call = () => makeCall(next, pick(next, next(8) === 0 ? ENDS : CALLS));
  return {
    bytes: next(2) === 0,
    mark: pick(next, [0, 0, 1, 2, Infinity]),
    pull: next(4) > 0,
    early: Array.from({ length: next(3) }, call),
    scripts: makeScripts(next, call),
    calls: Array.from({ length: 4 + next(30) }, call),
  };
}

export function create({ ReadableStream }, program, environment, observer) {
  environment.bytes = program.bytes;
  environment.byte = 0;
  environment.readers = [];
  const source = {
    type: program.bytes ? 'bytes' : undefined,
    start(controller) {
      environment.source = controller;
    },
    cancel: (reason) => observer.called('cancel', Array.isArray(reason) ? reason.join() : reason),
  };
  if (program.pull) source.pull = () => observer.called('pull');
  const readable = new ReadableStream(source, { highWaterMark: program.mark });
  for (const call of program.early) perform(environment, observer, call);
  environment.branches = readable.tee();
}

const fresh = (environment, length) => Uint8Array.from({ length }, () => ++environment.byte);

export function perform(environment, observer, [name, a, b]) {
  const { source, branches, readers, bytes } = environment;
  if (source === undefined) return;
  const n = b % 2;
  const act = {
    settle: () => observer.settle(a),
    enqueue: () => source.enqueue(bytes ? fresh(environment, 1 + (a % 3)) : a),
    respond() {
      const request = bytes ? source.byobRequest : null;
      if (request === null) return;
      observer.note(`request of ${request.view.byteLength}`);
      const length = Math.min(1 + (a % 3), request.view.byteLength);
      new Uint8Array(request.view.buffer, request.view.byteOffset, length).set(fresh(environment, length));
      request.respond(length);
    },
    close() {
      source.close();
      if (bytes) source.byobRequest?.respond(0);
    },
    error: () => source.error(a),
    read() {
      if (branches === undefined) return;
      readers[n] ??= branches[n].getReader();
      observer.watch(
        `read ${n}`,
        readers[n].mode === 'byob' ? readers[n].read(new Uint8Array(1 + (a % 4))) : readers[n].read(),
      );
    },
    byob() {
      if (branches === undefined || !bytes || readers[n] !== undefined) return;
      readers[n] = branches[n].getReader({ mode: 'byob' });
      readers[n].mode = 'byob';
    },
    releaseLock() {
      readers[n]?.releaseLock();
      readers[n] = undefined;
    },
    cancel: () => branches && observer.watch(`cancel ${n}`, readers[n] ? readers[n].cancel(a) : branches[n].cancel(a)),
  };
  observer.attempt(name, act[name]);
  observer.note(`desiredSize ${source.desiredSize}`);
}
