/** One job in one mode, in a page of its own: asks the server which, tells it the result, and goes on to the next. */
import { enter } from './modes.mjs';

const unhandled = [];
addEventListener('unhandledrejection', (event) => unhandled.push(String(event.reason?.stack ?? event.reason)));

const { job, mode } = await (await fetch('/next')).json();
if (job === undefined) {
  await fetch(new URLSearchParams(location.search).get('result'), { method: 'POST', body: '{}' });
} else {
  const told = await (async () => {
    const { fetch } = window; // before the polyfill has its own
    try {
      const env = { ...(await enter(mode, '/dist')), place: 'page', url: `${location.origin}/`, base: location.href };
      const { run } = await import(`./jobs/${job}.js`);
      const result = await run(env);
      return { fetch, body: JSON.stringify({ result, unhandled }) };
    } catch (error) {
      return { fetch, body: JSON.stringify({ failed: String(error?.stack ?? error) }) };
    }
  })();
  await told.fetch.call(window, '/seen', { method: 'POST', body: told.body });
  location.reload();
}
