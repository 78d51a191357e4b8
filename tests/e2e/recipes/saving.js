/** Saving as a user does, and a look at what was saved: on the disk, or, where the test browser asks for each download, on its way there. */
import { isWebKit, pause, until } from '/support.js';

/** Registers the service worker of the recipe: a module where the engine takes one, else a classic script. */
export async function registerWorker() {
  const container = navigator.serviceWorker;
  await container
    .register('/service-worker.js', { type: 'module' })
    .catch(() => container.register('/service-worker.classic.js'));
  await container.ready;
}

/** `options` for the recipe, the `ways` that may be taken with them, and `saved()`: a promise of the bytes that were saved. */
export function saving(name) {
  if (!isWebKit) return { options: {}, ways: ['service-worker'], saved: () => onDisk(name) };
  let response;
  const begin = (url) => void (response = fetch(url));
  const saved = async () => {
    await until(() => response !== undefined, 5000);
    return new Uint8Array(await (await response).arrayBuffer());
  };
  return { options: { ways: ['opfs', 'blob'], begin }, ways: ['opfs', 'blob'], saved };
}

async function onDisk(name) {
  for (let n = 0; n < 200; n += 1) {
    const response = await fetch(`/disk?name=${name}`);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    await pause(50);
  }
  throw new Error(`there is no file ${name} in the folder for downloads`);
}

export const state = async () => (await fetch('/state')).json();
