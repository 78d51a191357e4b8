/** `npm run wpt`: runs Web Platform Tests against the built package, or another implementation for comparison. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { availableEngines, engines, engineVersion } from '../browsers/index.mjs';
import { cloneCheckout, findCheckout, pinned } from './checkout.mjs';
import { isClean, judge, outcomes, readExpectations } from './expectations.mjs';
import { expectationsOf, implementations, installScript, isOurs } from './implementations.mjs';
import { runInBrowser } from './run-browser.mjs';
import { runInNode, runsInNode } from './run-node.mjs';
import { listTests, suites } from './suites.mjs';

const usage = `usage: npm run wpt -- [--dir CHECKOUT] [--engine node|${engines.join('|')}|all]... [--suite ${Object.keys(suites).join('|')}]...
                  [--filter GLOB] [--impl ${implementations.join('|')}] [--json FILE] [--failures FILE] [--clone DIR] [--verbose]

  --dir       a checkout of Web Platform Tests (else the environment variable WPT_DIR)
  --clone     clone the pinned commit (${pinned.commit.slice(0, 10)}) into this directory first
  --engine    where to run; may be repeated; node if left out; all is node and every browser installed
  --suite     what to run; may be repeated; streams if left out
  --filter    only tests whose path matches
  --impl      which implementation to install; ours if left out; of ours, expectations are checked
  --json      write every subtest's result to this file
  --failures  write the failures as text to this file
  --verbose   print every test file as it ends`;

/** Runs one suite on one engine. */
export async function runSuite({ root, engine, suite, filter, script, onResult }) {
  let tests = await listTests(root, suite, filter);
  if (engine === 'node') {
    tests = tests.filter(runsInNode);
    return runInNode(tests, { root, script, onResult });
  }
  return runInBrowser(engine, tests, { root, script, onResult });
}

/**
 * Passed and total subtests per directory, of idlharness, and of all but idlharness, which every implementation
 * would otherwise be judged by. A harness that fails is no subtest.
 */
export function tally(results) {
  const rows = new Map();
  const sum = { passed: 0, total: 0 };
  for (const { id, subtests } of results) {
    const idl = id.includes('idlharness');
    const directory = idl ? id : id.slice(0, id.lastIndexOf('/'));
    const row = rows.get(directory) ?? { directory, passed: 0, total: 0 };
    rows.set(directory, row);
    const passed = subtests.filter(({ status }) => status === 'PASS').length;
    for (const counts of idl ? [row] : [row, sum]) {
      counts.passed += passed;
      counts.total += subtests.length;
    }
  }
  return { rows: [...rows.values()], ...sum };
}

function printTally(title, { rows, passed, total }) {
  const width = Math.max(title.length, 20, ...rows.map(({ directory }) => directory.length));
  console.log(`\n${title.padEnd(width)}  passed  total`);
  for (const row of [...rows, { directory: 'all but idlharness', passed, total }]) {
    console.log(`${row.directory.padEnd(width)}  ${String(row.passed).padStart(6)}  ${String(row.total).padStart(5)}`);
  }
}

/** Failures as text, grouped by file, first lines of messages only. */
export function describeFailures(results) {
  const lines = [];
  for (const result of results) {
    const failed = outcomes(result).filter(({ passed }) => !passed);
    if (failed.length === 0) continue;
    lines.push(`${result.id}  (${failed.length} of ${result.subtests.length})`);
    for (const { name, status, message } of failed) {
      lines.push(
        `  ${status}  ${name}`,
        ...(message ? [`        ${message.split('\n').slice(0, 4).join('\n        ')}`] : []),
      );
    }
  }
  return lines.join('\n');
}

function printFindings(findings) {
  const titles = {
    unexpectedFailures: 'Unexpected failures',
    unexpectedPasses: 'Unexpected passes (take them off the list)',
    stale: 'Expectations that name no subtest of a file that ran',
  };
  for (const [kind, title] of Object.entries(titles)) {
    if (findings[kind].length === 0) continue;
    console.log(`\n${title}:`);
    for (const { id, name, status, message } of findings[kind]) {
      console.log(`  ${id}: ${name}  [${status}]${message ? `\n      ${message.split('\n')[0]}` : ''}`);
    }
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      dir: { type: 'string' },
      engine: { type: 'string', multiple: true, default: ['node'] },
      suite: { type: 'string', multiple: true, default: ['streams'] },
      filter: { type: 'string' },
      impl: { type: 'string', default: 'ours' },
      json: { type: 'string' },
      failures: { type: 'string' },
      clone: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  if (values.engine.includes('all')) values.engine = ['node', ...availableEngines()];
  for (const engine of values.engine)
    if (engine !== 'node' && !engines.includes(engine)) throw new TypeError(`unknown engine "${engine}"\n${usage}`);
  for (const suite of values.suite) if (!(suite in suites)) throw new TypeError(`unknown suite "${suite}"\n${usage}`);
  const root = findCheckout(values.clone ? cloneCheckout(values.clone) : values.dir);
  if (root === undefined)
    throw new Error(`no checkout of Web Platform Tests was named: use --dir, --clone or WPT_DIR\n${usage}`);
  const script = await installScript(values.impl);

  const report = [];
  let clean = true;
  for (const engine of values.engine) {
    for (const suite of values.suite) {
      const started = Date.now();
      const results = await runSuite({
        root,
        engine,
        suite,
        filter: values.filter,
        script,
        onResult({ id, status, subtests }) {
          const passed = subtests.filter((subtest) => subtest.status === 'PASS').length;
          if (values.verbose)
            console.log(
              `${status.padEnd(7)} ${String(passed).padStart(4)} of ${String(subtests.length).padEnd(4)} ${id}`,
            );
        },
      });
      const counts = tally(results);
      printTally(`${values.impl} in ${engine}, ${suite}`, counts);
      report.push({
        implementation: values.impl,
        engine,
        version: await engineVersion(engine),
        suite,
        commit: pinned.commit,
        passed: counts.passed,
        total: counts.total,
        results,
      });
      if (isOurs(values.impl)) {
        const expectations = expectationsOf(values.impl, suite);
        const findings = judge(results, readExpectations(expectations), engine);
        printFindings(findings);
        if (!isClean(findings)) clean = false;
        console.log(
          `\n${findings.expectedFailures.length} failures are expected (tools/wpt/expectations/${expectations}.json says why).`,
        );
      } else {
        const broken = results.filter(({ status }) => status !== 'OK');
        for (const { id, status, message } of broken) console.log(`  ${status}  ${id}  ${message.split('\n')[0]}`);
      }
      console.log(`${results.length} files in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    }
  }
  if (values.json) writeFileSync(values.json, JSON.stringify(report, undefined, 1));
  if (values.failures) {
    writeFileSync(
      values.failures,
      report
        .map(
          ({ implementation, engine, suite, passed, total, results }) =>
            `# ${implementation} in ${engine}, ${suite}: ${passed} of ${total} (${new Date().toISOString()})\n${describeFailures(results)}\n`,
        )
        .join('\n'),
    );
  }
  if (!clean) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(error.message);
    process.exitCode = 2;
  });
}
