/**
 * `npm run soak:codecs`: gigabytes through every codec, each in a Node process of its own, which watches its memory. Fails if memory grows with what
 * has gone through, or if something that went in did not come out.
 */
import { execFile } from 'node:child_process';
import { parseArgs, promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { table } from '../programs.mjs';
import { jobs } from './soak-jobs.mjs';

const usage = `usage: npm run soak:codecs -- [--gb N] [--only PART[,PART]] [--slack MB]

  --gb     gigabytes (10^9) of unpacked bytes through each codec (4)
  --only   jobs whose names have one of these parts
  --slack  by how many megabytes what is alive in the second half may pass what was alive in the first quarter (8)

"alive" is what the JavaScript heap, array buffers and Wasm memories hold after a collection, "process" is the resident set.`;

const child = fileURLToPath(new URL('./soak-process.mjs', import.meta.url));

/** Runs one job in a process of its own. */
export async function soak(job, bytes) {
  const flags = ['--expose-gc', child, JSON.stringify({ job, bytes })];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, flags, { maxBuffer: 1 << 24 });
    return JSON.parse(stdout);
  } catch (error) {
    return { samples: [], wrong: /\w*Error: .*/.exec(error.stderr)?.[0] ?? String(error) };
  }
}

/** The most of what was alive in the first quarter, in the second half, and the most of the resident set, in bytes. */
export function peaks(samples) {
  const most = (part, of) => Math.max(0, ...part.map(of));
  const quarter = Math.max(2, Math.ceil(samples.length / 4));
  return {
    early: most(samples.slice(0, quarter), ({ alive }) => alive),
    late: most(samples.slice(samples.length >> 1), ({ alive }) => alive),
    resident: most(samples, ({ resident }) => resident),
  };
}

const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

async function main() {
  const { values } = parseArgs({
    options: {
      gb: { type: 'string', default: '4' },
      only: { type: 'string', default: '' },
      slack: { type: 'string', default: '8' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const [gb, slack] = [Number(values.gb), Number(values.slack)];
  if (!(gb > 0 && gb < Infinity)) throw new Error(`--gb ${values.gb}: must be a number above 0`);
  if (!(slack >= 0 && slack < Infinity)) throw new Error(`--slack ${values.slack}: must be a number of at least 0`);
  const only = values.only.split(',').filter(Boolean);
  const names = Object.keys(jobs).filter((name) => only.length === 0 || only.some((part) => name.includes(part)));
  if (names.length === 0)
    throw new Error(`--only ${values.only}: no such job; there are ${Object.keys(jobs).join(', ')}`);
  const rows = [['', 'early', 'late', 'process', 'seconds', '']];
  let failed = 0;
  for (const name of names) {
    const began = performance.now();
    const { samples, wrong } = await soak(name, gb * 1e9);
    const { early, late, resident } = peaks(samples);
    const grew = late - early > slack * 1e6;
    const verdict = wrong ?? (grew ? 'GREW' : 'flat');
    if (verdict !== 'flat') failed += 1;
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    rows.push([name, megabytes(early), megabytes(late), megabytes(resident), seconds, verdict]);
    console.log(`${name}: ${verdict}, ${seconds} s`);
  }
  console.log([`\nMB alive and resident, ${gb} GB of unpacked bytes each`, ...table(rows)].join('\n'));
  if (failed > 0) process.exitCode = 1;
  return undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
