/**
 * Compares results with the failures that are expected. Every expected failure has a reason; a failure that is not
 * expected, a pass that is, and an expectation that names nothing that ran are all findings.
 */
import { existsSync, readFileSync } from 'node:fs';

/** Name under which the harness's own status is listed beside the subtests. */
export const HARNESS = '(harness)';

/**
 * @typedef {object} Expectation
 * @property {string} reason One sentence: why it fails, and why that is right.
 * @property {string[]} [engines] Where it is expected, such as "webkit", "node" or "node 20"; everywhere if left out.
 * @property {Record<string, string[] | '*'>} tests Test id to the names of its subtests that fail; '*' is all of them.
 */

/**
 * Reads the expectations of a suite.
 * @param {string} suite
 * @returns {Expectation[]} Empty where there is no file.
 */
export function readExpectations(suite) {
  const file = new URL(`./expectations/${suite}.json`, import.meta.url);
  if (!existsSync(file)) return [];
  const list = JSON.parse(readFileSync(file, 'utf8'));
  for (const { reason, tests } of list) {
    if (typeof reason !== 'string' || reason.length < 10)
      throw new TypeError(`${file.pathname}: every expectation needs a reason`);
    if (typeof tests !== 'object' || tests === null)
      throw new TypeError(`${file.pathname}: "${reason}" names no tests`);
  }
  return list;
}

/** The names by which expectations may call an engine. */
export function engineNames(engine) {
  return engine === 'node' ? [engine, `node ${process.versions.node.split('.')[0]}`] : [engine];
}

/** The subtests of a result, with the harness's own status as one more where it is not OK. */
export function outcomes(result) {
  const list = result.subtests.map(({ name, status, message }) => ({
    name,
    passed: status === 'PASS',
    status,
    message,
  }));
  if (result.status !== 'OK')
    list.push({ name: HARNESS, passed: false, status: result.status, message: result.message });
  return list;
}

/**
 * @param {import('./run-browser.mjs').TestResult[]} results
 * @param {Expectation[]} expectations
 * @param {string} engine
 * @returns {{ unexpectedFailures: Finding[], unexpectedPasses: Finding[], stale: Finding[], expectedFailures: Finding[] }}
 *
 * @typedef {{ id: string, name: string, status: string, message: string, reason?: string }} Finding
 */
export function judge(results, expectations, engine) {
  const findings = { unexpectedFailures: [], unexpectedPasses: [], stale: [], expectedFailures: [] };
  const relevant = expectations.filter(
    ({ engines }) => engines === undefined || engineNames(engine).some((name) => engines.includes(name)),
  );
  for (const result of results) {
    const { id } = result;
    const reasons = new Map();
    let whole;
    for (const { reason, tests } of relevant) {
      if (tests[id] === '*') whole = reason;
      else for (const name of tests[id] ?? []) reasons.set(name, reason);
    }
    for (const { name, passed, status, message } of outcomes(result)) {
      const reason = reasons.get(name) ?? whole;
      reasons.delete(name);
      const finding = { id, name, status, message, ...(reason === undefined ? {} : { reason }) };
      if (passed && reason !== undefined) findings.unexpectedPasses.push(finding);
      if (!passed) (reason === undefined ? findings.unexpectedFailures : findings.expectedFailures).push(finding);
    }
    for (const [name, reason] of reasons) {
      // A harness that is OK again is good news of the same kind as a subtest that passes.
      const kind = name === HARNESS ? findings.unexpectedPasses : findings.stale;
      kind.push({ id, name, status: name === HARNESS ? 'OK' : 'ABSENT', message: '', reason });
    }
  }
  return findings;
}

/** Whether a run that ended with these findings passes. */
export function isClean({ unexpectedFailures, unexpectedPasses, stale }) {
  return unexpectedFailures.length + unexpectedPasses.length + stale.length === 0;
}
