/** Makes the rest of the package report to the instruments. */
import { watch } from '../runtime/watch.js';
import { watching } from '../pipeline/watching.js';
import { diagnose } from './diagnose.js';
import { placeHere } from './places.js';
import { RunWatch } from './runs.js';
import { noteBridge, noteLock, noteMachine } from './streams.js';

/** Whether the page is built for development: bundlers put a text in the place of `process.env.NODE_ENV`. */
function isDevelopment(): boolean {
  try {
    return process.env.NODE_ENV === 'development';
  } catch {
    return false;
  }
}

export function install(): void {
  watch.created = noteMachine;
  watch.locked = noteLock;
  watch.bridged = noteBridge;
  watching.begin = (options, stages) => new RunWatch(options, stages, placeHere());
  watching.promised = (promise, watcher) => (watcher as RunWatch).promised(promise);
  if (isDevelopment()) diagnose();
}
