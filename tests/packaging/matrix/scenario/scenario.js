/** What each project of the matrix does with the package. */
import { ReadableStream, pipeline, receive, toDownload, transfer } from 'tidegate';
import { csv, gunzip } from 'tidegate/codecs';

async function sums(rows) {
  const totals = {};
  for await (const { city, amount } of rows) totals[city] = (totals[city] ?? 0) + Number(amount);
  return totals;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function aborted({ open }) {
  const controller = new AbortController();
  const reason = new Error('the user left');
  setTimeout(() => controller.abort(reason), 50);
  const { signal } = controller;
  const work = pipeline(open('endless', signal), gunzip(), csv({ header: true }), sums, { signal });
  return (await work.catch((error) => error)) === reason;
}

async function thrown({ open }) {
  const reason = new Error('no such city');
  const fails = () => {
    throw reason;
  };
  return (
    (await pipeline(open('sales.csv.gz'), gunzip(), csv({ header: true }), fails, sums).catch((error) => error)) ===
    reason
  );
}

/** Numbers go to the other side as a stream; what it made of them comes back as another. */
async function transferred({ connect }) {
  const { port, close } = connect();
  try {
    const numbers = (async function* () {
      for (let n = 1; n <= 100; n++) yield n;
    })();
    const sent = transfer(ReadableStream.from(numbers));
    const back = new Promise((resolve) =>
      port.addEventListener('message', ({ data }) => resolve(data), { once: true }),
    );
    port.start?.();
    port.postMessage(sent.handle, sent.transfer);
    let total = 0;
    for await (const n of receive(await back)) total += n;
    return total;
  } finally {
    close();
  }
}

/** What a page under the service worker gets for the download. */
async function download({ serviceWorker: url }) {
  const serviceWorker = await navigator.serviceWorker.register(url);
  const worker = serviceWorker.installing ?? serviceWorker.waiting ?? serviceWorker.active;
  while (worker.state !== 'activated') await pause(20);
  const frame = document.createElement('iframe');
  frame.src = '/frame.html';
  const loaded = new Promise((resolve) => (frame.onload = resolve));
  document.body.append(frame);
  await loaded;
  let response;
  const begin = (address) => void (response = frame.contentWindow.fetch(address));
  const encoder = new TextEncoder();
  const sink = toDownload('tide.txt', { ways: ['service-worker'], serviceWorker, begin });
  const done = pipeline([encoder.encode('high '), encoder.encode('tide')], sink);
  while (response === undefined) await pause(20);
  const text = await (await response).text();
  await done;
  frame.remove();
  await serviceWorker.unregister();
  return text;
}

const failure = (error) => `failed: ${error?.stack ?? error}`;

/**
 * `open(name, signal)` gives the source of a name, `connect()` a port to where worker.js runs, `serviceWorker` is the address of the package's file. What
 * is not given is left out. Resolves with what each part came to.
 */
export async function scenario(host) {
  const results = {};
  const part = async (name, work) => {
    results[name] = await work().catch(failure);
  };
  await part('totals', () => pipeline(host.open('sales.csv.gz'), gunzip(), csv({ header: true }), sums));
  await part('abort', () => aborted(host));
  await part('throw', () => thrown(host));
  if (host.connect) await part('transfer', () => transferred(host));
  if (host.serviceWorker) await part('download', () => download(host));
  return results;
}
