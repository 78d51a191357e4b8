/**
 * Counts what `diagnose()` says of programs that make no mistake. Preload it, and name a file for the alarms:
 *
 *     TIDEGATE_ALARMS=alarms.ndjson NODE_OPTIONS="--import $PWD/tools/test/alarms.mjs" node --test tests/examples/*.test.mjs
 *
 * Each alarm becomes a line, with the program that it is of. Streams are collected as garbage all the time, because some mistakes show only then.
 */
import { appendFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const file = process.env.TIDEGATE_ALARMS;
if (file !== undefined) {
  const { diagnose } = await import('../../dist/inspect.js');
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  setInterval(gc, 500).unref();
  diagnose({
    warn: false,
    onMistake: (mistake) => appendFileSync(file, `${JSON.stringify({ program: process.argv[1], ...mistake })}\n`),
  });
}
