/** The three things to try: which one is next, and which have been done. */

import { byId } from '../dom.js';

const STEPS = ['open', 'stop', 'break'];
const done = new Set();

/** @param {'open' | 'stop' | 'break'} [step] that has just been done */
export function showSteps(step) {
  if (step) done.add(step);
  const next = STEPS.find((name) => !done.has(name));
  for (const name of STEPS)
    byId(`step-${name}`).dataset.state = name === next ? 'next' : done.has(name) ? 'done' : 'later';
}
