/** A page with a monitor, and a pipeline whose sink the test holds, lets go and breaks. */
import { inspect } from '/dist/inspect.js';
import '/dist/monitor.js';
import { gunzip, gzip } from '/dist/codecs.js';
import { pipeline } from '/dist/index.js';

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
  refusal(target) {
    try {
      monitor.target = target;
    } catch (error) {
      return error.message;
    }
    return undefined;
  },
};
