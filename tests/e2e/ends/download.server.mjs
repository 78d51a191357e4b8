/** The service worker of the download checks as a classic script, for engines that take no module there. */
import { classicScript } from '../classic-script.mjs';

export async function start() {
  const text = await classicScript('tests/e2e/ends/download.worker.js');
  return {
    routes: {
      '/download.worker.classic.js': (request, response) =>
        response.writeHead(200, { 'content-type': 'text/javascript' }).end(text),
    },
  };
}
