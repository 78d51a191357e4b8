/** Programs over one readable stream with a default controller, its iterator, and one writable stream. */
import { makeCall, makeScripts, pick } from './program.mjs';

const CALLS = [
  'getReader',
  'read',
  'read',
  'read',
  'enqueue',
  'enqueue',
  'enqueue',
  'reader.closed',
  'settle',
  'settle',
  'getWriter',
  'write',
  'write',
  'write',
  'writer.ready',
  'writer.closed',
  'values',
  'next',
  'next',
];
const ENDS = [
  'reader.releaseLock',
  'reader.cancel',
  'cancel',
  'close',
  'error',
  'writer.releaseLock',
  'writer.close',
  'writer.abort',
  'abort',
  'sink.error',
  'return',
];
const MARKS = [1, 0, 2, 0.5, 5, 1, 1, Infinity];

export function makeProgram(next) {
  const call = () => makeCall(next, pick(next, next(6) === 0 ? ENDS : CALLS));
  return {
    readable: { highWaterMark: pick(next, MARKS), size: next(3) === 0 },
    writable: { highWaterMark: pick(next, MARKS), size: next(3) === 0 },
    pull: next(5) > 0,
    scripts: makeScripts(next, call),
    calls: Array.from({ length: 5 + next(40) }, call),
  };
}

export function create({ ReadableStream, WritableStream }, program, environment, observer) {
  const strategy = ({ highWaterMark, size }, name) =>
    size ? { highWaterMark, size: (chunk) => observer.called(name, chunk) } : { highWaterMark };
  const source = {
    start(controller) {
      environment.source = controller;
    },
    cancel: (reason) => observer.called('cancel', reason),
  };
  if (program.pull) source.pull = () => observer.called('pull');
  environment.readable = new ReadableStream(source, strategy(program.readable, 'readable size'));
  environment.writable = new WritableStream(
    {
      start(controller) {
        environment.sink = controller;
        controller.signal.addEventListener('abort', () =>
          observer.attempt('signal', () => void observer.called('signal')),
        );
      },
      write: (chunk) => observer.called('write', chunk),
      close: () => observer.called('close'),
      abort: (reason) => observer.called('abort', reason),
    },
    strategy(program.writable, 'writable size'),
  );
}

/** Whether a slot still holds the promise that it held when this was asked last. */
function noteIdentity(environment, observer, name, promise) {
  const before = environment[`last ${name}`];
  environment[`last ${name}`] = promise;
  if (before !== undefined) observer.note(`${name} is the same: ${before === promise}`);
}

export function perform(environment, observer, [name, argument]) {
  const { readable, writable, source, sink, reader, writer, iterator } = environment;
  const act = {
    settle: () => observer.settle(argument),
    getReader() {
      environment.reader = readable.getReader();
      environment['last reader.closed'] = undefined;
      observer.watch('reader.closed', environment.reader.closed);
    },
    read: () => reader && observer.watch('read', reader.read()),
    'reader.closed'() {
      if (reader === undefined) return;
      noteIdentity(environment, observer, 'reader.closed', reader.closed);
      observer.watch('reader.closed', reader.closed);
    },
    'reader.releaseLock'() {
      reader?.releaseLock();
      environment.reader = undefined;
    },
    'reader.cancel': () => reader && observer.watch('cancel', reader.cancel(argument)),
    values: () => void (environment.iterator = readable.values({ preventCancel: argument === 0 })),
    next: () => iterator && observer.watch('next', iterator.next()),
    return: () => iterator && observer.watch('return', iterator.return(argument)),
    cancel: () => observer.watch('cancel', readable.cancel(argument)),
    enqueue: () => source.enqueue(argument),
    close: () => source.close(),
    error: () => source.error(argument),
    getWriter() {
      environment.writer = writable.getWriter();
      environment['last writer.closed'] = environment['last writer.ready'] = undefined;
      observer.watch('writer.closed', environment.writer.closed);
      observer.watch('writer.ready', environment.writer.ready);
    },
    write: () => writer && observer.watch('write', writer.write(argument)),
    'writer.ready'() {
      if (writer === undefined) return;
      noteIdentity(environment, observer, 'writer.ready', writer.ready);
      observer.watch('writer.ready', writer.ready);
    },
    'writer.closed'() {
      if (writer === undefined) return;
      noteIdentity(environment, observer, 'writer.closed', writer.closed);
      observer.watch('writer.closed', writer.closed);
    },
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
  observer.note(`desiredSize ${source.desiredSize}, locked ${readable.locked}`);
  observer.attempt(
    'writer.desiredSize',
    () => environment.writer && observer.note(`writer.desiredSize ${environment.writer.desiredSize}`),
  );
}
