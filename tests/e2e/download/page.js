/** Downloads a file in each way, as a user would get it, and posts what became of it on the disk, which the server looks at. */
import { pipeline, toDownload } from '/dist/index.js';

const MB = 1 << 20;
const ways = new URLSearchParams(location.search).get('ways').split(',');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** `count` megabytes, each different. */
function* megabytes(count) {
  for (let n = 0; n < count; n += 1) yield new Uint8Array(MB).fill(n + 1);
}

/** What the server says of the file `name` once it is whole, or is gone; undefined after ten seconds. */
async function onDisk(name, size) {
  for (let n = 0; n < 200; n += 1) {
    const file = await (await fetch(`/disk?name=${name}`)).json();
    if (file.size === size) return file;
    await pause(50);
  }
  return (await fetch(`/disk?name=${name}`)).json();
}

const seen = {};
const unhandled = [];
addEventListener('unhandledrejection', (event) => unhandled.push(String(event.reason)));
try {
  if (ways.includes('service-worker')) {
    // A module where the engine takes one, else a classic script: Firefox takes modules from 147 on.
    await navigator.serviceWorker
      .register('/worker.js', { type: 'module' })
      .catch(() => navigator.serviceWorker.register('/worker.classic.js'));
    await navigator.serviceWorker.ready;
  }
  for (const way of ways) {
    const count = way === 'service-worker' ? 200 : 20;
    const sink = toDownload(`${way}.bin`, { ways: [way], size: count * MB });
    await pipeline(megabytes(count), sink);
    seen[way] = { via: await sink.via, ...(await onDisk(`${way}.bin`, count * MB)) };
  }
  if (ways.includes('service-worker')) {
    const failing = (function* () {
      yield* megabytes(3);
      throw new Error('broken');
    })();
    seen.broken = {
      error: await pipeline(failing, toDownload('broken.bin', { ways: ['service-worker'], size: 5 * MB })).catch(
        ({ message }) => message,
      ),
    };
    await pause(1000);
    seen.broken.file = await (await fetch('/disk?name=broken.bin')).json();
  }
} catch (error) {
  seen.error = `${error}\n${error?.stack}`; // Firefox leaves `stack` empty on a DOMException
}
fetch(new URLSearchParams(location.search).get('result'), {
  method: 'POST',
  body: JSON.stringify({ seen, unhandled }),
});
