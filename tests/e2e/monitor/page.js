/** A page with a monitor, and a pipeline whose sink the test holds, lets go and breaks. */
import { inspect } from '/dist/inspect.js';
import '/dist/monitor.js';
import { gunzip, gzip } from '/dist/codecs.js';
import { pipeline, ReadableStream, WritableStream } from '/dist/index.js';

const monitor = document.querySelector('tidegate-monitor');
const text = new TextEncoder().encode('one line of text, as any other\n'.repeat(2000));
let held = false;
let broken;
let taken = 0;
let job;

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function* lines() {
  for (;;) {
    yield text;
    await sleep(1);
  }
}

async function save(chunks) {
  for await (const chunk of chunks) {
    while (held) await sleep(5);
    if (broken) throw broken;
    taken += chunk.length;
  }
}

globalThis.page = {
  start() {
    job = pipeline(lines, gzip({ level: 1 }), gunzip(), save);
    job.catch(() => {});
    monitor.target = job;
  },
  hold(yes) {
    held = yes;
  },
  fail() {
    held = false;
    broken = new Error('the disk is full');
  },
  taken: () => taken,
  inspected: () => JSON.parse(JSON.stringify(inspect(job))),
  report: () => JSON.parse(JSON.stringify(monitor.report)),
  /** What the element shows. */
  shown() {
    const { shadowRoot } = monitor;
    return {
      why: shadowRoot.querySelector('.why').textContent,
      news: shadowRoot.querySelector('.news').textContent,
      figures: [...shadowRoot.querySelectorAll('.figures dd')].map((node) => node.textContent),
      parts: [...shadowRoot.querySelectorAll('li')].map((item) => ({
        name: item.querySelector('.name').textContent,
        state: item.querySelector('.state').textContent,
        gate: item.dataset.gate,
        pace: 'pace' in item.dataset,
        level: Number(item.style.getPropertyValue('--level')),
      })),
    };
  },
  /** What setting a property throws, and whether another pipeline is shown then. */
  refusal(name, value) {
    const before = monitor.target;
    try {
      monitor[name] = value;
    } catch (error) {
      return [error.message, monitor.target === before];
    }
    return undefined;
  },
  reportOfNothing() {
    const other = document.createElement('tidegate-monitor');
    other.report = inspect(job);
    const before = other.shadowRoot.querySelectorAll('li').length;
    other.report = null;
    return [before, other.shadowRoot.querySelectorAll('li').length, String(other.report)];
  },
  /** An element of a document without scripts is upgraded when it comes into the page. */
  upgraded() {
    const other = document.implementation.createHTMLDocument('').createElement('tidegate-monitor');
    other.target = job;
    other.everyMs = 60;
    document.querySelector('main').append(other);
    const parts = other.shadowRoot.querySelectorAll('li').length;
    const seen = [parts, other.target === job, Object.keys(other), other.getAttribute('every-ms')];
    other.remove();
    return seen;
  },
  /** Shows the pipeline of a source that ends long before its sink does; gives what is shown once the sink has ended. */
  async ofStream() {
    const other = document.createElement('tidegate-monitor');
    const source = new ReadableStream({
      start(controller) {
        controller.enqueue(1);
        controller.close();
      },
    });
    const ended = pipeline(source, new WritableStream({ write: () => sleep(300) }));
    other.target = source;
    other.everyMs = 20;
    document.querySelector('main').append(other);
    await ended;
    await sleep(200);
    const why = other.shadowRoot.querySelector('.why').textContent;
    const flows = other.shadowRoot.querySelectorAll('[data-flow]').length;
    other.remove();
    return [why, flows];
  },
  /** How often another pace makes it look, in a while. */
  async paced() {
    const other = document.createElement('tidegate-monitor');
    other.target = job;
    other.everyMs = 1e6;
    document.querySelector('main').append(other);
    const first = other.report;
    await sleep(200);
    const kept = other.report === first;
    other.setAttribute('every-ms', '10');
    const again = other.report;
    await sleep(300);
    const moved = other.report !== again;
    other.setAttribute('every-ms', 'Infinity');
    const last = other.report;
    await sleep(200);
    const stands = other.report === last;
    other.remove();
    return [kept, moved, stands];
  },
};
