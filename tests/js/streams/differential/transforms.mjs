/** Programs over one transform stream. */
import { makeCall, makeScripts, pick } from './program.mjs';

const CALLS = [
  'read',
  'read',
  'read',
  'write',
  'write',
  'write',
  'enqueue',
  'settle',
  'settle',
  'writer.ready',
  'writer.closed',
  'getReader',
  'getWriter',
];
const ENDS = ['cancel', 'reader.releaseLock', 'writer.releaseLock', 'close', 'abort', 'error', 'terminate'];
const MARKS = [undefined, 0, 1, 2, 5, Infinity];
const CALLBACKS = ['transform', 'flush', 'cancel'];

export function makeProgram(next) {
  const call = () => makeCall(next, pick(next, next(8) === 0 ? ENDS : CALLS));
  return {
    callbacks: CALLBACKS.filter(() => next(4) > 0),
    marks: [pick(next, MARKS), pick(next, MARKS)],
    scripts: makeScripts(next, call),
    calls: [
      ['getReader', 0, 0, 0, true],
      ['getWriter', 0, 0, 0, next(2) === 0],
      ...Array.from({ length: 4 + next(30) }, call),
    ],
  };
}

export function create({ TransformStream }, program, environment, observer) {
  const [writableMark, readableMark] = program.marks;
  const transformer = {
    start(controller) {
      environment.controller = controller;
    },
  };
  for (const name of program.callbacks) {
    transformer[name] = (argument) => {
      const result = observer.called(name, name === 'flush' ? undefined : argument);
      if (name === 'transform' && result === undefined)
        observer.attempt('enqueue', () => environment.controller.enqueue(argument));
      return result;
    };
  }
  environment.stream = new TransformStream(
    transformer,
    { highWaterMark: writableMark ?? 1 },
    { highWaterMark: readableMark ?? 0 },
  );
}

export function perform(environment, observer, [name, argument]) {
  const { stream, controller, reader, writer } = environment;
  if (stream === undefined) return;
  const act = {
    settle: () => observer.settle(argument),
    getReader() {
      environment.reader = stream.readable.getReader();
      observer.watch('reader.closed', environment.reader.closed);
    },
    getWriter() {
      environment.writer = stream.writable.getWriter();
      observer.watch('writer.closed', environment.writer.closed);
      observer.watch('writer.ready', environment.writer.ready);
    },
    read: () => reader && observer.watch('read', reader.read()),
    write: () => writer && observer.watch('write', writer.write(argument)),
    'writer.ready': () => writer && observer.watch('writer.ready', writer.ready),
    'writer.closed': () => writer && observer.watch('writer.closed', writer.closed),
    'reader.releaseLock'() {
      reader?.releaseLock();
      environment.reader = undefined;
    },
    'writer.releaseLock'() {
      writer?.releaseLock();
      environment.writer = undefined;
    },
    cancel: () => observer.watch('cancelled', reader ? reader.cancel(argument) : stream.readable.cancel(argument)),
    close: () => writer && observer.watch('close', writer.close()),
    abort: () => observer.watch('abort', writer ? writer.abort(argument) : stream.writable.abort(argument)),
    enqueue: () => controller.enqueue(argument),
    error: () => controller.error(argument),
    terminate: () => controller.terminate(),
  };
  observer.attempt(name, act[name]);
  observer.note(`desiredSize ${controller.desiredSize}`);
  observer.attempt(
    'writer.desiredSize',
    () => environment.writer && observer.note(`writer.desiredSize ${environment.writer.desiredSize}`),
  );
}
