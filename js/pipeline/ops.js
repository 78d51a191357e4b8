/**
 * What a pipeline does to streams that the standard's public interface cannot: cancel and abort whoever holds the lock,
 * and ask for a state.
 */
const held = new WeakMap();
const ignore = () => {};
const state = new WeakMap();

export async function pipe(source, sink) {
  const reader = source.getReader();
  const writer = sink.getWriter();
  held.set(source, reader);
  held.set(sink, writer);
  let sinkError;
  writer.closed.catch((error) => { sinkError = { error }; });
  reader.closed.catch((error) => { state.set(source, 'errored'); });
  const broken = writer.closed.then(() => new Promise(ignore));
  broken.catch(ignore);
  try {
    for (;;) {
      await writer.ready;
      const { value, done } = await Promise.race([reader.read(), broken]);
      if (done) break;
      writer.write(value).catch(ignore);
    }
    state.set(sink, 'closing');
    await writer.close();
  } finally {
    held.delete(source);
    held.delete(sink);
    reader.releaseLock();
    writer.releaseLock();
  }
}

export const cancelStream = async (stream, reason) => (held.get(stream) ?? (stream.locked ? { cancel: ignore } : stream)).cancel(reason);
export const abortStream = async (stream, reason) => (held.get(stream) ?? stream).abort(reason);
export const isErrored = (stream) => state.get(stream) === 'errored';
export const isClosing = (stream) => state.get(stream) === 'closing' || !held.has(stream);
