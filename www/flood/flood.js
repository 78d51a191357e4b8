/** Flood or gate: wires the section to the two sides of the experiment, and shows what each holds. */

import { LineChart } from '../chart.js';
import { byId, element, say } from '../dom.js';
import { formatBytes, formatDuration } from '../units.js';
import { CAP, flood, gate, MADE, Side, TAKEN } from './experiment.js';

const SAMPLE_EVERY = 100;
const SIDES = { gate, flood };
const STOPPED = 'Stopped; what waited has been given back.';

export class Flood {
  #chart = new LineChart(
    byId('flood-chart'),
    [
      { name: 'flood', label: 'the signal ignored', least: CAP / 8, format: formatBytes, scale: 'memory' },
      { name: 'gate', label: 'the signal heeded', least: CAP / 8, format: formatBytes, scale: 'memory' },
    ],
    { least: 8 },
  );
  /** @type {{ gate: Side, flood: Side } | null} */
  #sides = null;
  #timer = 0;
  #began = 0;
  #peaks = { gate: 0, flood: 0 };
  /** Seconds after which the cap stopped the flood. */
  #cappedAfter = null;
  /** Why the last run ended before the cap: it was stopped, or something failed. @type {string | null} */
  #stopped = null;

  constructor() {
    for (const [name, how] of Object.entries(SIDES)) byId(`${name}-code`).replaceChildren(...codeOf(how));
    byId('flood-start').addEventListener('click', () => (this.#sides ? this.#end(STOPPED) : this.#start()));
    // Nobody looks at it there, and it would fill memory for nothing.
    document.addEventListener('visibilitychange', () => document.hidden && this.#end(STOPPED));
    this.#show();
  }

  #start() {
    this.#chart.clear();
    this.#cappedAfter = null;
    this.#stopped = null;
    this.#peaks = { gate: 0, flood: 0 };
    this.#began = performance.now();
    this.#sides = { gate: new Side(gate), flood: new Side(flood) };
    this.#timer = setInterval(() => this.#sample(), SAMPLE_EVERY);
    say(byId('flood-start'), 'Stop both');
    this.#sample();
  }

  /** @param {string | null} why where it was not the cap */
  #end(why) {
    if (!this.#sides) return;
    clearInterval(this.#timer);
    for (const side of Object.values(this.#sides)) side.stop();
    if (this.#cappedAfter === null) this.#stopped = why;
    this.#show();
    this.#sides = null;
    say(byId('flood-start'), 'Run both again');
  }

  #sample() {
    const { gate: heeded, flood: ignored } = this.#sides;
    const seconds = (performance.now() - this.#began) / 1000;
    this.#peaks.gate = Math.max(this.#peaks.gate, heeded.held);
    this.#peaks.flood = Math.max(this.#peaks.flood, ignored.capped ? CAP : ignored.held);
    if (ignored.capped && this.#cappedAfter === null) this.#cappedAfter = seconds;
    this.#chart.add(seconds, ignored.capped ? 0 : ignored.held, heeded.held);
    this.#show();
    const failed = heeded.error ?? ignored.error;
    if (failed) this.#end(`A side failed: ${failed.message}. Both were stopped, and what waited has been given back.`);
    else if (this.#cappedAfter !== null && seconds > this.#cappedAfter + 1) this.#end(null);
  }

  #show() {
    for (const name of ['gate', 'flood']) {
      const side = this.#stopped === null ? this.#sides?.[name] : undefined;
      const capped = name === 'flood' && this.#cappedAfter !== null;
      // After the end a vessel shows how high it stood.
      const held = capped ? CAP : (side?.held ?? 0);
      const vessel = byId(`${name}-vessel`);
      vessel.dataset.over = String(capped);
      vessel.style.setProperty('--level', String(Math.min(1, held / CAP)));
      say(byId(`${name}-held`), formatBytes(held));
      say(
        byId(`${name}-made`),
        side ? `${formatBytes(side.made)} made, ${formatBytes(capped ? side.made - CAP : side.taken)} taken` : '',
      );
    }
    const sentence = this.#sentence();
    say(byId('flood-status'), sentence.text);
    // A screen reader hears of the beginning and the end.
    if (byId('flood-announcement').dataset.phase !== sentence.phase) {
      byId('flood-announcement').dataset.phase = sentence.phase;
      say(byId('flood-announcement'), sentence.phase === 'idle' ? '' : sentence.text);
    }
  }

  #sentence() {
    const { gate: most } = this.#peaks;
    if (this.#cappedAfter !== null) {
      const text = `After ${formatDuration(this.#cappedAfter)} the flood held ${formatBytes(CAP)} that nobody had taken, and we stopped it so that your tab lives. The gate never held more than ${formatBytes(most)}.`;
      return { phase: 'capped', text };
    }
    if (this.#stopped !== null) return { phase: 'stopped', text: this.#stopped };
    if (!this.#sides) {
      const text = `A producer makes ${formatBytes(MADE)} a second, its consumer takes ${formatBytes(TAKEN)}. One line decides where the rest goes.`;
      return { phase: 'idle', text };
    }
    const { gate: heeded, flood: ignored } = this.#sides;
    const text = `The flood holds ${formatBytes(ignored.held)} and rises; no error says so. The gate holds ${formatBytes(heeded.held)}, for its producer waits.`;
    return { phase: 'running', text };
  }
}

/** The lines of a function as it runs, the one in which the two differ marked. */
function codeOf(how) {
  return String(how)
    .split('\n')
    .map((line) => element(/await writer\.ready/.test(line) ? 'mark' : 'span', { textContent: line }));
}
