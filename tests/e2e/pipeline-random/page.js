/** Runs random pipelines and posts what was wrong with them. */
import { sinks, sources, stages } from '/tests/js/pipeline/pipeline-parts.mjs';
import { runRandom } from '/tests/js/pipeline/pipeline-random.mjs';

const unhandled = [];
addEventListener('unhandledrejection', (event) => unhandled.push(event.reason));

/** The kinds of sources that this engine can make. */
function possible() {
  try {
    new globalThis.ReadableStream({ type: 'bytes' }).getReader({ mode: 'byob' });
    return sources;
  } catch {
    const { "the engine's byte stream": _absent, ...others } = sources;
    return others;
  }
}

const parameters = new URLSearchParams(location.search);
const result = await runRandom({ seed: 3, count: 500, unhandled, sources: possible(), stages, sinks }).catch(
  (error) => ({ error: String(error.stack) }),
);
await fetch(parameters.get('result'), { method: 'POST', body: JSON.stringify(result) });
