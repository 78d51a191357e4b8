/**
 * Node's streams as ends of a pipeline, told by their shape, so that `readable-stream` in a bundle, an Express response
 * and a child process's output all do. The contract kept is Node's: `read()` until null and then 'readable'; `write()`
 * until false and then 'drain'; 'error' and 'close' at any time.
 */
import { TextPieces } from '../runtime/text.js';
import { registerBridge } from '../bridge/bridges.js';
import { ReadableStream } from '../streams/readable-stream.js';
import { WritableStream } from '../streams/writable-stream.js';
import { describe } from '../values/describe.js';
import { isSpentNodeReadable, isSpentNodeWritable } from '../bridge/kinds.js';
import type { NodeReadable, NodeWritable, ReadableControllerLike, WritableControllerLike } from '../bridge/shapes.js';

/** What both kinds have. */
type NodeStream = Pick<NodeReadable, 'on' | 'once' | 'removeListener' | 'destroy' | 'closed' | 'errored' | '_isStdio'>;

const ignore = () => {};

/**
 * An 'error' event without a listener ends the process, and `node`, which has ended, can emit one until it emits
 * 'close'. `closed` is true before that, in the same turn of the event loop. Not for a stream that is released: its
 * errors are its owner's.
 */
function hushUntilClosed(node: NodeStream): void {
  if (node._isStdio) return;
  node.on('error', ignore);
  const unhush = () => void node.removeListener('error', ignore);
  if (node.closed) setTimeout(unhush);
  else node.once('close', unhush);
}

/** Ends `node` for good. Node's own pipeline leaves the process's standard output open too. */
function destroy(node: NodeStream, reason: unknown): Promise<void> | undefined {
  hushUntilClosed(node);
  if (typeof node.destroy !== 'function' || node._isStdio) return undefined;
  const closed = node.closed === false ? new Promise<void>((resolve) => node.once('close', resolve)) : undefined;
  node.destroy(reason instanceof Error ? reason : undefined);
  return closed;
}

/** As Node calls it, so that code which passes over clients that have left knows it too. */
const premature = (message: string): Error => Object.assign(new Error(message), { code: 'ERR_STREAM_PREMATURE_CLOSE' });

/** Why a `node` that was over before cannot take part. */
function overBefore(node: NodeStream, hasEnded: boolean | undefined): unknown {
  hushUntilClosed(node);
  if (node.errored) return node.errored;
  const how = hasEnded
    ? 'had ended before the pipeline started; make a new one'
    : 'had been destroyed before the pipeline started; make a new one';
  return premature(`The Node stream, ${describe(node)}, ${how}`);
}

function listen(node: NodeStream, listeners: Record<string, (error: unknown) => unknown>): () => void {
  const entries = Object.entries(listeners);
  for (const [event, listener] of entries) node.on(event, listener);
  return () => {
    for (const [event, listener] of entries) node.removeListener(event, listener);
  };
}

/**
 * A stream of ours that reads from Node's `node`; cancelling it destroys `node`.
 *
 * @param onError is told of a failure first
 * @param isKept whether cancelling leaves `node` as it is, paused, for its owner to end
 */
export function streamOfNodeReadable(
  node: NodeReadable,
  { onError = ignore, isKept = false }: { onError?: (error: unknown) => void; isKept?: boolean } = {},
): ReadableStream {
  let controller: ReadableControllerLike;
  let stopListening: () => void;
  let wake: (() => void) | undefined; // settles the pull that waits for data
  const settle = (act: () => void): void => {
    stopListening();
    hushUntilClosed(node);
    act();
    wake?.();
  };
  const fail = (error: unknown): void => {
    onError(error);
    settle(() => controller.error(error));
  };
  const deliver = (): boolean => {
    const chunk = node.read();
    if (chunk === null) return false;
    controller.enqueue(chunk);
    return true;
  };
  const stream = new ReadableStream(
    {
      start(given: ReadableControllerLike) {
        controller = given;
        if (isSpentNodeReadable(node)) {
          stopListening = ignore;
          const error = overBefore(node, node.readableEnded && !node.aborted);
          onError(error);
          controller.error(error);
          return;
        }
        stopListening = listen(node, {
          readable: () => wake !== undefined && deliver() && wake?.(), // who gets the chunk may cancel
          end: () => settle(() => controller.close()),
          error: fail,
          close: () => fail(premature('The Node stream closed before it ended')),
        });
      },
      pull() {
        if (deliver()) return undefined;
        return new Promise<void>((resolve) => {
          wake = () => {
            wake = undefined;
            resolve();
          };
        });
      },
      cancel(reason: unknown) {
        stopListening();
        wake?.();
        if (!isKept) return destroy(node, reason);
        hushUntilClosed(node);
        return undefined;
      },
    },
    { highWaterMark: 0 },
  );
  registerBridge(stream, {
    far: node,
    release() {
      stopListening();
      wake?.();
    },
    landed: ignore,
  });
  return stream;
}

/**
 * A stream of ours that writes to Node's `node`; closing it ends `node`, aborting it destroys `node`. A write settles
 * when `node` wants more, or, with `untilWritten`, when the chunk has been written.
 */
export function streamOfNodeWritable(
  node: NodeWritable,
  { untilWritten = false }: { untilWritten?: boolean } = {},
): WritableStream {
  // Over HTTP/2 the response to HEAD is not writable from the start, and yet to be sent: its end() sends the headers.
  const isHead = node.stream?.headRequest === true && !node.stream.destroyed && !node.writableEnded;
  let stopListening: () => void;
  let waiting: { resolve(): void; reject(error: unknown): void } | undefined; // the write that waits for 'drain' or the close that waits for 'finish'
  let failure: { error: unknown } | undefined;
  // One that says it takes bytes encodes each string by itself.
  const text = node.writableObjectMode === false ? new TextPieces() : undefined;
  const wait = (): Promise<void> => new Promise((resolve, reject) => void (waiting = { resolve, reject }));
  const settle = () => {
    waiting?.resolve();
    waiting = undefined;
  };
  const done = () => {
    stopListening();
    hushUntilClosed(node);
  };
  let gone: { closed: Promise<void> | undefined } | undefined; // what destroy() answered
  const letGo = (reason: unknown): Promise<void> | undefined => {
    if (gone !== undefined) return gone.closed;
    stopListening();
    gone = { closed: destroy(node, reason) };
    settle();
    return gone.closed;
  };
  const writeRest = () => {
    const rest = text?.rest();
    if (rest) node.write(rest);
  };
  const stream = new WritableStream({
    start(controller: WritableControllerLike) {
      const fail = (error: unknown): void => {
        failure = { error };
        done();
        waiting?.reject(error);
        controller.error(error);
      };
      if (isSpentNodeWritable(node) && !isHead) {
        stopListening = ignore;
        controller.error(overBefore(node, node.writableEnded));
        return;
      }
      // The stream itself is aborted only after the write under way, which a client that has stopped never lets end.
      controller.signal.addEventListener('abort', () => letGo(controller.signal.reason), { once: true });
      stopListening = listen(node, {
        drain: settle,
        finish: settle,
        error: fail,
        close: () => fail(premature('The Node stream closed before it was ended')),
      });
    },
    write(chunk: unknown) {
      // A write that had begun for a pipe when the abort came is called after it. The node would ask for more no longer.
      if (gone !== undefined || isHead) return undefined;
      if (text !== undefined && typeof chunk === 'string') {
        if (chunk !== '' && (chunk = text.take(chunk)) === '') return undefined;
      } else if ((chunk as { byteLength: number } | undefined)?.byteLength! > 0) writeRest();
      if (untilWritten)
        return new Promise((resolve, reject) =>
          node.write(chunk, (error) => (error ? reject(error) : resolve(undefined))),
        );
      return node.write(chunk) === false && failure === undefined ? wait() : undefined;
    },
    async close() {
      if (gone !== undefined) return;
      writeRest();
      // Node's own pipeline leaves the process's standard output open too: it throws when it is ended.
      if (node._isStdio) await new Promise((resolve) => node.write('', () => resolve(undefined)));
      else {
        const finished = wait();
        node.end();
        await finished;
      }
      done();
    },
    abort: letGo,
  });
  registerBridge(stream, { far: node, release: () => stopListening(), landed: ignore });
  return stream;
}
