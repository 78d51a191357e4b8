/** A page without a bundler: the global of the classic file, the same in a worker, the ES module of one file, and the service worker. */
const inWorker = () =>
  new Promise((resolve, reject) => {
    const worker = new Worker('/tests/e2e/files/worker.js');
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });

/** What a page under the service worker gets for the download. */
async function download(type) {
  const { pipeline, toDownload } = globalThis.tidegate;
  const serviceWorker = await navigator.serviceWorker.register('/service-worker.js', { type });
  const worker = serviceWorker.installing ?? serviceWorker.waiting ?? serviceWorker.active;
  while (worker.state !== 'activated') await new Promise((resolve) => setTimeout(resolve, 20));
  const frame = document.createElement('iframe');
  frame.src = '/frame';
  const loaded = new Promise((resolve) => (frame.onload = resolve));
  document.body.append(frame);
  await loaded;
  let response;
  const begin = (url) => void (response = frame.contentWindow.fetch(url));
  const sink = toDownload('tide.txt', { ways: ['service-worker'], serviceWorker, begin });
  const done = pipeline([new TextEncoder().encode('high '), new TextEncoder().encode('tide')], sink);
  while (response === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  const text = await (await response).text();
  await done;
  frame.remove();
  await serviceWorker.unregister();
  return text;
}

const settled = (promise) => promise.catch((error) => String(error));

addEventListener('load', async () => {
  const result = {
    global: await settled(globalThis.sum(globalThis.tidegate)),
    worker: await settled(inWorker()),
    module: await settled(import('/dist/tidegate.module.js').then(globalThis.sum)),
    classicServiceWorker: await settled(download('classic')),
    moduleServiceWorker: await settled(download('module')),
  };
  await fetch(new URLSearchParams(location.search).get('result'), { method: 'POST', body: JSON.stringify(result) });
});
