/** The lab's page: reads the form, runs one job at a time and shows it four times a second. */

import { RunChart } from './chart.js';
import { Job } from './job.js';
import { heapBytes, pageBytes } from './memory.js';
import { Pace } from './pace.js';
import { Rates } from './rates.js';
import { formatBytes, formatCount, formatDuration } from './units.js';
import { byId, hideResult, showFigures, showProgress, showResult, showStages, showStatus } from './view.js';

const SAMPLE_EVERY = 250;
/** A screen reader hears the progress this often, in milliseconds. */
const TELL_EVERY = 10_000;

const form = byId('job');
const pace = new Pace();
const chart = new RunChart(byId('chart'), byId('chart-text'));
let run = null;

showStages(Job.idleStages());

form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!run) start();
});
form.addEventListener('change', (event) => {
  if (event.target.name === 'source') showSourceFields();
});
byId('abort').addEventListener('click', () => run?.abort());
byId('throw').addEventListener('click', breakStage);
byId('hold').addEventListener('click', () => {
  if (pace.held) pace.release();
  else pace.hold();
  byId('hold').setAttribute('aria-pressed', String(pace.held));
});
byId('delay').addEventListener('input', showDelay);
showSourceFields();
showDelay();
setRunning(false);
showStatus('Ready.');

function chosenSource() {
  return form.elements.source.value;
}

function showSourceFields() {
  for (const radio of form.elements.source) {
    const field = radio.closest('.choice').querySelector('.inset');
    field.hidden = !radio.checked;
    field.querySelector('input, select').required = radio.checked;
  }
}

function showDelay() {
  pace.delay = Number(byId('delay').value);
  byId('delay-value').textContent = pace.delay === 0 ? 'none' : `${pace.delay} ms`;
}

function breakStage() {
  try {
    run?.job.fail(byId('fault-stage').value);
  } catch (error) {
    showStatus(error.message, 'bad');
  }
}

/** What the form asks for: the job's source, and where the server's own answer is to be had. */
function readSource() {
  const kind = chosenSource();
  if (kind === 'file') return { source: { blob: byId('file').files[0] }, summary: null };
  if (kind === 'url') return { source: { url: byId('url').value }, summary: null };
  const size = byId('size').value;
  return {
    source: { url: `/data/${size}.csv.gz?id=${crypto.randomUUID()}`, gzip: true },
    summary: `/api/summary?size=${size}`,
  };
}

async function start() {
  const { source, summary } = readSource();
  const aborter = new AbortController();
  const job = new Job({ source, signal: aborter.signal, pace });
  run = { job, abort: () => aborter.abort(new DOMException('Aborted by hand', 'AbortError')) };
  setRunning(true);
  const shown = showRun(job);
  try {
    const result = await job.result;
    shown.stop();
    const server = summary ? await (await fetch(summary)).json() : null;
    const agrees = showResult(result, server);
    showStatus(
      `Done: ${formatCount(result.rows)} rows in ${formatDuration(shown.seconds())}. ${byId('verdict').textContent}`,
      agrees ? 'plain' : 'bad',
    );
  } catch (error) {
    shown.stop();
    showStatus(
      error.name === 'AbortError' ? `${error.message}. Every stage was closed.` : `It failed: ${error.message}`,
      'bad',
    );
  } finally {
    run = null;
    setRunning(false);
  }
}

function setRunning(running) {
  const focused = document.activeElement;
  byId('start').disabled = running;
  byId('abort').disabled = !running;
  byId('throw').disabled = !running;
  byId('sources').disabled = running;
  // A disabled control cannot keep the keyboard's focus; hand it to the one that takes its place.
  if (running && focused === byId('start')) byId('abort').focus();
  if (!running && (focused === byId('abort') || focused === byId('throw'))) byId('start').focus();
}

/** Shows a job as it goes; `stop()` shows it a last time. */
function showRun(job) {
  const rates = new Rates();
  const began = performance.now();
  let told = began;
  let ended = null;
  hideResult();
  chart.clear();
  showStatus('Running.');

  let page;
  /** The engine takes its time, up to some seconds, for each measurement. */
  const watchPage = async () => {
    while (!ended && page !== null) page = await pageBytes();
  };

  const seconds = () => ((ended ?? performance.now()) - began) / 1000;
  const show = () => {
    const state = job.state();
    const now = performance.now();
    const { bytes: byteRate, rows: rowRate } = rates.add(now, { bytes: state.bytesOut, rows: state.rows });
    const overall = state.rows / seconds();
    const held = state.stages.reduce((sum, stage) => sum + (stage.unit === 'bytes' ? stage.held : 0), 0);
    showStages(state.stages);
    showFigures({
      rowRate: ended ? overall : rowRate,
      byteRate: ended ? state.bytesOut / seconds() : byteRate,
      rows: state.rows,
      seconds: seconds(),
      held,
      heap: heapBytes(),
      page,
      wasm: state.wasmBytes,
    });
    const text = progressText(state, ended ? null : seconds());
    showProgress(state.share, text);
    if (!ended) chart.add(seconds(), byteRate, held);
    if (!ended && now - told >= TELL_EVERY) {
      told = now;
      showStatus(`Running: ${text}.`);
    }
  };
  const timer = setInterval(show, SAMPLE_EVERY);
  show();
  watchPage();
  return {
    seconds,
    stop() {
      clearInterval(timer);
      ended = performance.now();
      show();
      chart.describe();
    },
  };
}

/** `seconds` so far; null once the run has ended. */
function progressText({ bytesIn, bytesOut, share }, seconds) {
  const read = `${formatBytes(bytesOut)} of CSV from ${formatBytes(bytesIn)}`;
  if (share === null) return read;
  const left =
    seconds !== null && share > 0.01 && share < 1
      ? `, about ${formatDuration(Math.max(1, (seconds / share) * (1 - share)))} left`
      : '';
  return `${Math.floor(share * 100)} %: ${read}${left}`;
}
