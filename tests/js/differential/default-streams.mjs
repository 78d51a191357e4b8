/** Programs over one readable stream with a default controller and one writable stream. */
import { pick } from './program.mjs';

const CALLS = [
  'getReader', 'read', 'read', 'read', 'enqueue', 'enqueue', 'enqueue', 'reader.closed',
  'getWriter', 'write', 'write', 'write', 'writer.ready', 'writer.closed',
];
const ENDS = ['reader.releaseLock', 'reader.cancel', 'cancel', 'close', 'error', 'writer.releaseLock', 'writer.close', 'writer.abort', 'abort', 'sink.error'];
const MARKS = [1, 0, 2, 0.5, 5, 1, 1, Infinity];
const SIZES = [1, 1, 0, 2, 0.1, NaN, -1, Infinity];

export function makeProgram(next) {
  const call = () => [pick(next, next(6) === 0 ? ENDS : CALLS), next(4)];
  const list = (length) => Array.from({ length }, call);
  return {
    readable: { highWaterMark: pick(next, MARKS), size: next(3) === 0 },
    writable: { highWaterMark: pick(next, MARKS), size: next(3) === 0 },
    pull: next(5) > 0,
    scripts: Array.from({ length: 1 + next(7) }, () => ({ calls: list(next(4)), throws: next(6) === 0, size: pick(next, SIZES) })),
    calls: list(5 + next(40)),
  };
}

export function create({ ReadableStream, WritableStream }, program, environment, observer) {
  const strategy = ({ highWaterMark, size }, name) => (size ? { highWaterMark, size: (chunk) => observer.called(name, chunk) } : { highWaterMark });
  const source = {
    start(controller) { environment.source = controller; },
    cancel: (reason) => observer.called('cancel', reason),
  };
  if (program.pull) source.pull = () => observer.called('pull');
  environment.readable = new ReadableStream(source, strategy(program.readable, 'readable size'));
  environment.writable = new WritableStream({
    start(controller) {
      environment.sink = controller;
      controller.signal.addEventListener('abort', () => observer.attempt('signal', () => observer.called('signal')));
    },
    write: (chunk) => observer.called('write', chunk),
    close: () => observer.called('close'),
    abort: (reason) => observer.called('abort', reason),
  }, strategy(program.writable, 'writable size'));
}

export function perform(environment, observer, [name, argument]) {
  const { readable, writable, source, sink, reader, writer } = environment;
  const act = {
    getReader() {
      environment.reader = readable.getReader();
      observer.watch('reader.closed', environment.reader.closed);
    },
    read: () => reader && observer.watch('read', reader.read()),
    'reader.closed': () => reader && observer.watch('reader.closed', reader.closed),
    'reader.releaseLock'() {
      reader?.releaseLock();
      environment.reader = undefined;
    },
    'reader.cancel': () => reader && observer.watch('cancel', reader.cancel(argument)),
    cancel: () => observer.watch('cancel', readable.cancel(argument)),
    enqueue: () => source.enqueue(argument),
    close: () => source.close(),
    error: () => source.error(argument),
    getWriter() {
      environment.writer = writable.getWriter();
      observer.watch('writer.closed', environment.writer.closed);
      observer.watch('writer.ready', environment.writer.ready);
    },
    write: () => writer && observer.watch('write', writer.write(argument)),
    'writer.ready': () => writer && observer.watch('writer.ready', writer.ready),
    'writer.closed': () => writer && observer.watch('writer.closed', writer.closed),
    'writer.releaseLock'() {
      writer?.releaseLock();
      environment.writer = undefined;
    },
    'writer.close': () => writer && observer.watch('close', writer.close()),
    'writer.abort': () => writer && observer.watch('abort', writer.abort(argument)),
    abort: () => observer.watch('abort', writable.abort(argument)),
    'sink.error': () => sink.error(argument),
  };
  // Callbacks may come before the constructors have returned.
  if (writable === undefined) return;
  observer.attempt(name, act[name]);
  observer.note(`desiredSize ${source.desiredSize}`);
  observer.attempt('writer.desiredSize', () => environment.writer && observer.note(`writer.desiredSize ${environment.writer.desiredSize}`));
}
