import { serveDownloads } from '/dist/index.js';

addEventListener('install', () => globalThis.skipWaiting());
addEventListener('activate', (event) => event.waitUntil(globalThis.clients.claim()));
serveDownloads();
