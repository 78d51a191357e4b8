/** `npm run bench`: streams of this package against the engine's own and other implementations, in real engines. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { engines } from '../tools/browsers/index.mjs';
import { run } from './engines.mjs';
import { VARIANTS } from './instruments.mjs';
import { programs, table } from './programs.mjs';
import { basicWorkloads } from './workloads.js';
import { moreWorkloads } from './workloads-more.js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const all = ['ours', 'native', 'polyfill', 'fast', 'streamx', 'floor'];
const workloads = { ...basicWorkloads, ...moreWorkloads };
const RESULTS = here('./RESULTS.md');

const usage = `usage: npm run bench -- [--engine node|${engines.join('|')}]... [--only NAME[,NAME]] [--impl ${all.join('|')}[,...]]
                    [--program streams|scale|memory|startup|all]... [--turns N] [--chunks N] [--json FILE] [--write]
                    [--before DIST] [--instruments ${VARIANTS.join('|')}[,...]]

  --engine  where to run; may be repeated; node and chromium if left out
  --only    workloads, of ${Object.keys(workloads).join(', ')}
  --impl    implementations; all if left out ("polyfill" is web-streams-polyfill; "fast" is
            experimental-fast-webstreams, "streamx" the package of that name, both in Node only; "floor" is no streams: what
            the page's callbacks, the promises it is given and a microtask for each callback take by themselves)
  --program what to run; may be repeated; streams if left out. scale: chunks and streams from few to many; memory: bytes of
            an idle stream; startup: from import() to the first chunk
  --turns   how often each workload is measured (6)
  --chunks  chunks of 1 KiB in one turn (20000)
  --json    write the figures to this file
  --write   write benches/RESULTS.md
  --before  the dist folder of another build of this package: measured as "before" in the same run
  --instruments
            measures this package alone, with tidegate/inspect absent, off (imported, and nobody looks) and on (somebody looks
            at everything four times a second); give many chunks, so that looks fall into a turn

Figures are nanoseconds per chunk: the minimum over all turns, and the median in parentheses.`;

const INTRODUCTION = `# Benchmark results

Made by \`npm run bench -- --write\`, each section by itself. Nanoseconds per chunk of 1 KiB, the minimum and in parentheses the
median over the turns; a ratio above 1 means that ours is faster. All implementations ran in one process and in rotating order;
every workload counts its chunks at the end, and \`checksum\` adds up every byte. Each implementation runs a copy of the workloads
of its own, as the code of a page that has one implementation meets one set of classes. \`floor\` is no streams but what is left
without them (benches/floors.js): the page's callbacks, the promises that it is given, a microtask for each callback. Nothing in
JavaScript that keeps the standard's order can be below it in the same engine. Read figures of different runs as ratios only.
`;

const PROGRAMS = ['streams', 'scale', 'memory', 'startup'];
const INSTRUMENTS = 'instruments';

/** `text`, a results document, with `sections` (heading to lines) put in; the others stay as they are. */
export function withSections(text, sections) {
  const kept = new Map(
    text
      .split(/^## /m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf('\n')), section.slice(section.indexOf('\n'))]),
  );
  for (const [heading, [caption, ...lines]] of Object.entries(sections)) {
    kept.set(heading, `\n\n${caption}\n\n${lines.length ? `\`\`\`\n${lines.join('\n')}\n\`\`\`\n\n` : ''}`);
  }
  const order = [...PROGRAMS, INSTRUMENTS].flatMap((program) =>
    ['node', ...engines].map((engine) => `${engine}: ${program}`),
  );
  const body = order.filter((heading) => kept.has(heading)).map((heading) => `## ${heading}${kept.get(heading)}`);
  return `${INTRODUCTION}\n${body.join('')}`.replace(/\n+$/, '\n');
}

const ratio = (value) => (value >= 10 ? value.toFixed(1) : value.toFixed(2));

/**
 * What the others are compared with, and how: a ratio above 1 means that ours is faster than another implementation, and that the package is
 * faster with its instruments than without.
 */
function comparisonOf(names) {
  const base = ['ours', 'absent'].find((name) => names.includes(name));
  const isOther = base === 'ours';
  return {
    others: base === undefined ? [] : names.filter((name) => name !== base),
    label: (name) => (isOther ? `${name}/${base}` : `${base}/${name}`),
    ratio(row, name, statistic) {
      const value = (row[name]?.[statistic] ?? NaN) / (row[base]?.[statistic] ?? NaN);
      return isOther ? value : 1 / value;
    },
  };
}

/** Of the ratios of `name` over the workloads that both ran; `statistic`: minimum or median. */
function geometricMean(rows, ratioOf, name, statistic) {
  const logs = rows.map((row) => Math.log(ratioOf(row, name, statistic))).filter(Number.isFinite);
  return logs.length === 0 ? '-' : ratio(Math.exp(logs.reduce((a, b) => a + b, 0) / logs.length));
}

/** The figures as lines of text: a table, ratios against ours, or against absent instruments, where those ran, and the geometric means of the ratios. */
export function formatTable(engine, { workloads: figures, chunks, turns }) {
  const names = Object.keys(Object.values(figures)[0] ?? {});
  const { others, label, ratio: ratioOf } = comparisonOf(names);
  const header = ['workload', ...names, ...others.map(label)];
  const rows = Object.entries(figures).map(([workload, row]) => [
    workload,
    ...names.map((name) => {
      if (!row[name]) return 'none';
      if (row[name].error) return 'ERROR';
      return `${Math.round(row[name].minimum)} (${Math.round(row[name].median)})`;
    }),
    ...others.map((name) => {
      const value = ratioOf(row, name, 'minimum');
      return Number.isFinite(value) ? ratio(value) : '-';
    }),
  ]);
  if (others.length > 0) {
    for (const [title, statistic] of [
      ['geometric mean', 'minimum'],
      ['of the medians', 'median'],
    ]) {
      rows.push([
        title,
        ...names.map(() => ''),
        ...others.map((name) => geometricMean(Object.values(figures), ratioOf, name, statistic)),
      ]);
    }
  }
  const errors = Object.entries(figures).flatMap(([workload, row]) =>
    Object.entries(row)
      .filter(([, value]) => value?.error)
      .map(([name, value]) => `${workload}, ${name}: ${value.error}`),
  );
  return [
    `${engine}: ns per chunk of 1 KiB, minimum (median) of ${turns} turns over ${chunks} chunks`,
    ...table([header, ...rows]),
    ...errors,
  ];
}

async function streams(engine, settings, report) {
  report[engine] = await run(engine, { ...settings, program: 'measure' });
  const failed = Object.values(report[engine].workloads).some((row) =>
    Object.values(row).some((value) => value?.error),
  );
  if (failed) process.exitCode = 1;
  return formatTable(engine, report[engine]);
}

async function main() {
  const { values } = parseArgs({
    options: {
      engine: { type: 'string', multiple: true, default: ['node', 'chromium'] },
      only: { type: 'string' },
      impl: { type: 'string' },
      program: { type: 'string', multiple: true, default: ['streams'] },
      turns: { type: 'string', default: '6' },
      chunks: { type: 'string', default: '20000' },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
      before: { type: 'string' },
      instruments: { type: 'string' },
      timeout: { type: 'string', default: '600' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const list = (text) =>
    text
      ? text
          .split(',')
          .map((name) => name.trim())
          .filter(Boolean)
      : [];
  const settings = {
    only: list(values.only),
    turns: Number(values.turns),
    chunks: Number(values.chunks),
    timeout: Number(values.timeout) * 1000,
    implementations: values.impl ? list(values.impl) : all,
  };
  for (const name of settings.only)
    if (!(name in workloads)) throw new TypeError(`unknown workload "${name}"\n${usage}`);
  for (const name of settings.implementations)
    if (!all.includes(name)) throw new TypeError(`unknown implementation "${name}"\n${usage}`);
  if (values.before !== undefined) {
    settings.before = resolve(values.before, 'index.js');
    if (!existsSync(settings.before)) throw new TypeError(`--before: there is no ${settings.before}`);
    settings.implementations = [...settings.implementations, 'before'];
  }
  if (values.instruments !== undefined) {
    settings.instruments = list(values.instruments);
    settings.implementations = [];
    for (const name of settings.instruments)
      if (!VARIANTS.includes(name)) throw new TypeError(`unknown instruments "${name}"\n${usage}`);
  }
  for (const name of ['turns', 'chunks'])
    if (!(Number.isInteger(settings[name]) && settings[name] > 0))
      throw new TypeError(`--${name} must be a positive whole number`);
  for (const engine of values.engine)
    if (engine !== 'node' && !engines.includes(engine)) throw new TypeError(`unknown engine "${engine}"\n${usage}`);
  if ((settings.implementations.includes('ours') || settings.instruments) && !existsSync(here('../dist/index.js'))) {
    throw new Error('dist/index.js is missing: run `npm run build` first, or leave ours out with --impl');
  }
  const given = values.program.includes('all') ? PROGRAMS : values.program;
  const chosen = settings.instruments ? [INSTRUMENTS] : given;
  for (const name of given) if (!PROGRAMS.includes(name)) throw new TypeError(`unknown program "${name}"\n${usage}`);
  const report = {};
  for (const engine of values.engine) {
    for (const program of chosen) {
      const lines =
        program === 'streams' || program === INSTRUMENTS
          ? await streams(engine, settings, report)
          : await programs[program](engine, settings);
      console.log(`${lines.join('\n')}\n`);
      if (values.write) {
        const text = existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : '';
        writeFileSync(RESULTS, withSections(text, { [`${engine}: ${program}`]: lines }));
      }
    }
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, undefined, 1)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(error.message);
    process.exitCode = 2;
  });
}
