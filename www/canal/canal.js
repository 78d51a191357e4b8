/** The canal: wires its controls to one run at a time, and shows that run. */

import { LineChart } from '../chart.js';
import { byId, say } from '../dom.js';
import { Job } from '../job.js';
import { Liveness } from '../liveness.js';
import { Pace } from '../pace.js';
import { isLocal } from '../server/index.js';
import { formatBytes } from '../units.js';
import { CanalDrawing } from './drawing.js';
import { showFigures, showProgress } from './figures.js';
import { geometryOf } from './geometry.js';
import { CanalMotion, shareOf } from './motion.js';
import { idleSnapshot, withStages } from './reading.js';
import { hideResult, showResult } from './result.js';
import { Run } from './run.js';
import { sentenceOf } from './sentence.js';
import { Stations } from './stations.js';
import { showSteps } from './steps.js';
import { describeRate, openingOf, rateOf, WIDE_OPEN } from './take.js';
import { showTeardown } from './teardown.js';

/** Words and numbers change less often than the picture, in milliseconds. */
const WORDS_EVERY = 300;
/** A screen reader hears of a phase that lasts this often, in milliseconds. */
const TELL_EVERY = 15_000;

const TONES = { stopped: 'stopped', failed: 'bad', done: 'good' };

export class Canal {
  #stages = Job.idleStages();
  #pace = new Pace();
  #liveness = new Liveness();
  #drawing = new CanalDrawing(byId('canal-picture'), this.#stages.length + 1);
  #motion = new CanalMotion(this.#drawing, this.#stages.length + 1);
  #stations = new Stations(
    byId('stages'),
    this.#stages.map(({ name }) => name),
  );
  #chart = new LineChart(byId('chart'), [
    { name: 'rate', label: 'CSV per second', least: 1e6, format: formatBytes },
    { name: 'held', label: 'held in all queues', least: 5e5, format: formatBytes },
  ]);
  #states = this.#stages.map(() => 'idle');
  #latest = idleSnapshot(this.#stages);
  #end = {};
  #run = null;
  /** Ends the show of the last teardown. */
  #show = new AbortController();
  #place = WIDE_OPEN;
  /** The slider's place before it was shut by the button. */
  #before = WIDE_OPEN;
  #wordsAt = 0;
  #toldPhase = '';
  #toldAt = 0;
  #change;

  /** @param {() => void} change called when what the address says of the canal has changed */
  constructor(change) {
    this.#change = change;
    // A page that is only files has no others.
    byId('size-field').hidden = isLocal;
    new ResizeObserver(() => this.#fit()).observe(byId('canal-picture'));
    this.#fit();
    byId('job').addEventListener('submit', (event) => {
      event.preventDefault();
      if (!this.#run) this.start();
    });
    byId('size').addEventListener('change', change);
    byId('fault-stage').addEventListener('change', change);
    byId('abort').addEventListener('click', () => this.#act((run) => run.abort()));
    byId('throw').addEventListener('click', () => this.#act((run) => run.fail(byId('fault-stage').value)));
    byId('hold').addEventListener('click', () => this.#act(() => this.#turnTo(this.#place > 0 ? 0 : this.#before)));
    byId('take').addEventListener('input', () => this.#turnTo(Number(byId('take').value)));
    this.#turnTo(WIDE_OPEN);
    this.#setRunning(false);
    this.#paint();
    showSteps();
  }

  /** What the address keeps: the file, the slider's place, the stage to break. */
  get settings() {
    return { file: byId('size').value, take: this.#place, break: byId('fault-stage').value };
  }

  set settings({ file, take, break: stage }) {
    choose(byId('size'), file);
    choose(byId('fault-stage'), stage);
    if (/^\d+$/.test(take) && Number(take) <= WIDE_OPEN) this.#turnTo(Number(take));
  }

  async start() {
    this.#show.abort();
    this.#show = new AbortController();
    this.#end = {};
    this.#states = this.#stages.map(() => 'flowing');
    this.#drawing.cut(false);
    hideResult();
    this.#chart.clear();
    say(byId('chart-text'), 'CSV per second, and bytes held in all queues, of this run.');
    this.#liveness.start();
    const run = new Run({ size: byId('size').value, pace: this.#pace, show: (now) => this.#sampled(now) });
    this.#run = run;
    this.#setRunning(true);
    showSteps('open');
    this.#sampled(run.sample());
    const end = await run.end;
    this.#liveness.stop();
    await this.#finished(run, end);
  }

  /** Does something to the run, in sight of it: on a phone the button is below the picture. */
  #act(action) {
    if (!this.#run) return;
    action(this.#run);
    const { top } = byId('status').getBoundingClientRect();
    if (top < 0) byId('canal').scrollIntoView();
  }

  async #finished(run, end) {
    const names = this.#stages.map(({ name }) => name);
    this.#end = { error: end.error, stage: names[end.failed], endedAfter: end.endedAfter };
    if (end.phase === 'failed') {
      showSteps('break');
      say(byId('failure'), `“${end.error?.message}”`);
    }
    if (end.phase === 'done') {
      this.#end.verdict = await this.#verdictOn(run, end.result);
      this.#states = this.#stages.map(() => 'idle');
    }
    this.#run = null;
    this.#setRunning(false);
    this.#sampled(run.sample(), true);
    this.#describeChart();
    if (end.phase === 'done') return;
    const { signal } = this.#show;
    await showTeardown(
      this.#stages.length,
      end.failed,
      (states) => {
        this.#states = states;
        this.#drawing.cut(states.every((state) => state !== 'flowing'));
        this.#paint();
      },
      signal,
    );
  }

  /** What the server says of a run that came to its end; undefined where the file has none. */
  async #verdictOn(run, result) {
    let server;
    try {
      server = await run.download.summary();
    } catch {
      return 'The server could not be asked.';
    }
    return server ? showResult(result, server) : undefined;
  }

  #sampled(now, atOnce = false) {
    now = withStages(now, this.#stages);
    if (now.phase === 'stopped') showSteps('stop');
    const changed = now.phase !== this.#latest.phase;
    this.#latest = now;
    if (this.#run) this.#chart.add(now.seconds, now.byteRate, now.held);
    this.#chart.raise(1, now.most);
    this.#paint(atOnce || changed);
  }

  /** Shows the latest snapshot: the picture always, words where it is time for them. */
  #paint(words = true) {
    const now = this.#latest;
    const flowing = now.phase === 'running' || now.phase === 'stopping' || now.phase === 'stopped';
    const flows = now.flows.map((flow, index) => (flowing ? shareOf(flow, now.fastest[index]) : 0));
    const gates = flows.map((flow) => (flow > 0 ? 0.1 + 0.9 * flow : 0));
    gates[gates.length - 1] = flowing ? openingOf(this.#place) : 0;
    // Rows come in batches: between two of them nothing passes, though the gate is open.
    this.#motion.show({
      levels: [
        flowing ? wayLevel(now.server.onTheWay) : 0,
        ...now.stages.map(({ level }, index) => (this.#states[index] === 'torn' ? 0 : level)),
      ],
      gates,
      flows,
      spout: flowing && !now.server.still ? Math.max(0.15, shareOf(now.server.rate, now.fastest[0])) : 0,
    });
    this.#states.forEach((state, index) => this.#drawing.mark(index + 1, state));
    const time = performance.now();
    if (!words && time - this.#wordsAt < WORDS_EVERY) return;
    this.#wordsAt = time;
    this.#stations.show(now, { states: this.#states, small: this.#drawing.geometry?.small ?? false });
    showFigures(now, this.#liveness.longest);
    showProgress(now);
    const sentence = sentenceOf(now, this.#end);
    byId('status').dataset.tone = TONES[now.phase] ?? 'plain';
    say(byId('status'), sentence);
    this.#tell(now.phase, sentence, time);
  }

  /** To a screen reader: each new phase, and one that lasts now and then. */
  #tell(phase, sentence, time) {
    const known = `${phase} ${this.#latest.take}`;
    if (phase === 'idle' || (known === this.#toldPhase && time - this.#toldAt < TELL_EVERY)) return;
    this.#toldPhase = known;
    this.#toldAt = time;
    say(byId('announcement'), sentence);
  }

  #turnTo(place) {
    if (place === 0 && this.#place > 0) this.#before = this.#place;
    this.#place = place;
    const rate = rateOf(place);
    if (rate === 0) this.#pace.hold();
    else {
      this.#pace.rate = rate;
      this.#pace.release();
    }
    byId('take').value = String(place);
    byId('take').setAttribute('aria-valuetext', describeRate(rate));
    say(byId('take-value'), describeRate(rate));
    byId('hold').setAttribute('aria-pressed', String(rate === 0));
    say(byId('hold'), rate === 0 ? 'Take rows again' : 'Stop taking rows');
    if (this.#run) this.#sampled(this.#run.sample(), true);
    this.#change();
  }

  #setRunning(running) {
    const focused = document.activeElement;
    const [start, abort, hold, fail] = ['start', 'abort', 'hold', 'throw'].map(byId);
    start.disabled = running;
    start.hidden = running;
    abort.hidden = !running;
    hold.disabled = !running;
    fail.disabled = !running;
    byId('size').disabled = running;
    // A control that goes cannot keep the keyboard's focus; hand it to the one that takes its place.
    if (running && focused === start) abort.focus();
    if (!running && [abort, hold, fail].includes(focused)) start.focus();
  }

  #describeChart() {
    const { bytesOut, seconds, most: mostHeld } = this.#latest;
    if (bytesOut === 0 || seconds === 0) return;
    const [mean, most, held] = [bytesOut / seconds, this.#chart.most(0), mostHeld].map(formatBytes);
    say(
      byId('chart-text'),
      `This run: ${mean} of CSV a second on average, ${most} at most. All queues together never held more than ${held}.`,
    );
  }

  #fit() {
    const { clientWidth, clientHeight } = byId('canal-picture');
    if (clientWidth === 0) return;
    this.#drawing.place(geometryOf(clientWidth, clientHeight));
    this.#motion.redraw();
  }
}

/** The level of the network's basin: nobody says how much fits into it, so 16 MB fill it. */
const wayLevel = (bytes) => Math.min(0.96, 0.12 + 0.84 * Math.sqrt(bytes / 16e6));

function choose(select, value) {
  if ([...select.options].some((option) => option.value === value)) select.value = value;
}
