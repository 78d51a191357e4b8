/**
 * Writes docs/CONFORMANCE.md from the files that `npm run wpt -- --json FILE` made:
 *
 *     node tools/wpt/report.mjs ours-node.json ours-chromium.json native-chromium.json …
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pinned } from './checkout.mjs';
import { judge, readExpectations } from './expectations.mjs';
import { implementations } from './implementations.mjs';
import { suites } from './suites.mjs';

const engineOrder = ['chromium', 'firefox', 'webkit', 'node'];
const titles = {
  ours: 'tidegate',
  'ours-js': 'tidegate, its core as JavaScript',
  'ours-codecs': 'tidegate, with its CompressionStream and DecompressionStream',
  native: 'the engine’s own',
  'web-streams-polyfill': 'web-streams-polyfill',
};
const isIdl = ({ id }) => id.includes('idlharness');

/** The parts of a suite that are counted apart. */
function partsOf(suite) {
  const { directory } = suites[suite];
  const note = suite === 'streams' ? ' without `transferable/`' : '';
  return [
    { suite, title: `\`${directory}/\`${note}`, holds: (result) => !isIdl(result) },
    { suite, title: `\`${directory}/\`, idlharness`, holds: isIdl },
  ];
}

function subtestNames(results) {
  return results.flatMap(({ id, subtests }) => subtests.map(({ name }) => `${id}\n${name}`));
}

/**
 * Passed and total of each implementation in each engine. The total of an engine is every subtest that any implementation
 * reported there: a file that breaks before it has named its subtests does not make the total smaller.
 * @param {object[]} runs What `--json` wrote.
 */
export function countParts(runs) {
  const rows = [];
  for (const suite of Object.keys(suites)) {
    for (const { title, holds } of partsOf(suite)) {
      const totals = new Map();
      for (const run of runs.filter((entry) => entry.suite === suite)) {
        const known = totals.get(run.engine) ?? new Set();
        for (const name of subtestNames(run.results.filter(holds))) known.add(name);
        totals.set(run.engine, known);
      }
      for (const implementation of implementations) {
        const cells = {};
        for (const run of runs) {
          const total = totals.get(run.engine)?.size ?? 0;
          if (run.suite !== suite || run.implementation !== implementation || total === 0) continue;
          const passed = run.results
            .filter(holds)
            .flatMap(({ subtests }) => subtests)
            .filter(({ status }) => status === 'PASS').length;
          cells[run.engine] = `${passed} / ${total}`;
        }
        if (Object.keys(cells).length > 0) rows.push({ title, implementation, cells });
      }
    }
  }
  return rows;
}

function table(header, rows) {
  return [
    `| ${header.join(' | ')} |`,
    `|${header.map(() => '---').join('|')}|`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
}

/** The failures of ours: for each reason its tests, with the engines where they fail. */
export function explain(runs) {
  const reasons = new Map();
  const unexplained = [];
  for (const run of runs.filter(({ implementation }) => implementation === 'ours')) {
    const findings = judge(run.results, readExpectations(run.suite), run.engine);
    for (const { id, name, reason } of findings.expectedFailures) {
      const tests = reasons.get(reason) ?? new Map();
      const key = `${id}\n${name}`;
      tests.set(key, [...(tests.get(key) ?? []), run.engine]);
      reasons.set(reason, tests);
    }
    for (const { id, name, message } of findings.unexpectedFailures)
      unexplained.push({ engine: run.engine, id, name, message });
  }
  return { reasons, unexplained };
}

const escape = (text) => text.replace(/([|<>`*_])/g, '\\$1').replace(/\n/g, ' ');

/** "Chromium" of "Chromium 156.0.8078.79". */
const shortName = (version) => version.replace(/ [\d.]+$/, '');

function reasonSection(reason, tests, versions) {
  const byFile = new Map();
  for (const [key, engines] of tests) {
    const [id, name] = key.split('\n');
    const where = engineOrder
      .filter((engine) => engines.includes(engine))
      .map((engine) => shortName(versions[engine]))
      .join(', ');
    const label = `${id}\n${where}`;
    byFile.set(label, [...(byFile.get(label) ?? []), name]);
  }
  const lines = [`### ${reason}`, ''];
  for (const [label, names] of byFile) {
    const [id, where] = label.split('\n');
    lines.push(
      `- \`${id}\` (${where}): ${names.length > 8 ? `${names.length} subtests` : names.map((name) => `“${escape(name)}”`).join('; ')}`,
    );
  }
  return lines.join('\n');
}

/** The document's text. */
export function formatReport(runs) {
  const versions = {};
  for (const { engine, version } of runs) versions[engine] = version;
  const present = engineOrder.filter((engine) => engine in versions);
  const rows = countParts(runs).map(({ title, implementation, cells }, index, all) => [
    all[index - 1]?.title === title ? '' : title,
    titles[implementation],
    ...present.map((engine) => cells[engine] ?? ''),
  ]);
  const { reasons, unexplained } = explain(runs);
  return `# Conformance

<!-- Written by tools/wpt/report.mjs from results of \`npm run wpt\`; edit that, not this. -->

Web Platform Tests, window scope (in Node: the \`*.any.js\` files that need no document, each in a worker thread), against the
built package installed on the global object. Checkout: <${pinned.repository.replace(/\.git$/, '')}> at
\`${pinned.commit}\`. Cells are subtests passed / all subtests that the files have in that engine.

${table(['Tests', 'implementation', ...present.map((engine) => versions[engine])], rows)}

To run them: \`npm run wpt -- --dir CHECKOUT --engine all\`. A failure that is not in tools/wpt/expectations fails the run, and so does
an expected failure that passes.

## Failures of tidegate, and why
${[...reasons].map(([reason, tests]) => `\n${reasonSection(reason, tests, versions)}\n`).join('')}${
    unexplained.length === 0
      ? ''
      : `
### Not explained

${unexplained.map(({ engine, id, name, message }) => `- \`${id}\` (${shortName(versions[engine])}): “${escape(name)}”: ${escape(message.split('\n')[0])}`).join('\n')}
`
  }`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const runs = process.argv.slice(2).flatMap((path) => JSON.parse(readFileSync(path, 'utf8')));
  if (runs.length === 0) throw new Error('usage: node tools/wpt/report.mjs RESULTS.json...');
  const target = new URL('../../docs/CONFORMANCE.md', import.meta.url);
  writeFileSync(target, formatReport(runs));
  console.log(`wrote ${fileURLToPath(target)}`);
}
