/** One job of `npm run soak:codecs`: prints what its memory was, now and then, and what was wrong. */
import { codecMemory } from '../../dist/codecs.js';
import { jobs } from './soak-jobs.mjs';

const SAMPLES = 32;
const { job, bytes } = JSON.parse(process.argv[2]);
const samples = [];

/** What is alive after a collection. Two, because what a finalizer frees is free only after another. */
function sample() {
  globalThis.gc();
  globalThis.gc();
  const { rss: resident, heapUsed, arrayBuffers } = process.memoryUsage();
  samples.push({ alive: heapUsed + arrayBuffers + codecMemory().bytes, resident });
}

let next = 0;
const { came, expected } = await jobs[job](bytes, (done) => {
  if (done * SAMPLES < next) return;
  next += 1;
  sample();
});
const wrong = came !== 0 && came === expected ? undefined : `${came} came out, not ${expected}`;
console.log(JSON.stringify({ samples, wrong }));
