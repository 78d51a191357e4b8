import { fromFetch, pipeline, toDownload } from 'tidegate';

/**
 * Downloads `url` and saves it as the file `name`. Call it in the handler of a click, before any `await`: only then may the browser
 * open its file picker.
 */
export async function download(url, name, { onProgress, signal, ...options } = {}) {
  const sink = toDownload(name, options);
  await pipeline(fromFetch(url), sink, { onProgress, signal });
  return sink.via; // 'picker', 'service-worker', 'opfs' or 'blob'
}

/** Connects a button that saves, a button that stops, a `<progress>` element and an element for messages. */
export function connect({ save, stop, bar, message }, url, name, options) {
  save.addEventListener('click', async () => {
    const controller = new AbortController();
    const abort = () => controller.abort();
    stop.addEventListener('click', abort);
    save.disabled = true;
    try {
      await download(url, name, {
        ...options,
        signal: controller.signal,
        onProgress({ fraction, bytes }) {
          if (fraction !== undefined) bar.value = fraction; // undefined where the server does not tell the size
          message.textContent = `${Math.round(bytes / 1e6)} MB`;
        },
      });
      message.textContent = 'Saved';
    } catch (error) {
      message.textContent = error.name === 'AbortError' ? 'Stopped' : `Not saved: ${error.message}`;
    } finally {
      save.disabled = false;
      stop.removeEventListener('click', abort);
    }
  });
}
