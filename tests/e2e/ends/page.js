/** Runs the checks of every group, one after another, and posts what became of them: 'ok', 'skip: why', or the error. */
import { Skip, within } from '/support.js';

const LIMIT = 20_000;

const unhandled = [];
addEventListener('unhandledrejection', (event) => unhandled.push(String(event.reason?.stack ?? event.reason)));

const only = new URLSearchParams(location.search).get('only');
const seen = {};
for (const group of await (await fetch('/groups.json')).json()) {
  seen[group] = {};
  if (only && group !== only) continue;
  const { default: checks } = await import(`/${group}.checks.js`).catch((error) => ({
    default: { 'can be imported': () => Promise.reject(error) },
  }));
  for (const [name, check] of Object.entries(checks)) {
    try {
      await within(LIMIT, Promise.resolve().then(check));
      seen[group][name] = 'ok';
    } catch (error) {
      seen[group][name] =
        error instanceof Skip
          ? `skip: ${error.message}`
          : String(error?.stack?.includes(error?.message) ? error.stack : `${error}\n${error?.stack}`);
    }
  }
}
await new Promise((resolve) => setTimeout(resolve, 50));
fetch(new URLSearchParams(location.search).get('result'), {
  method: 'POST',
  body: JSON.stringify({ seen, unhandled }),
});
