/**
 * Runs programs on the package and on the standard's reference implementation, with STREAMS_DIR:
 *
 * - `node compare.mjs KIND FIRST_SEED LAST_SEED` prints `{ programs, skipped, differences }`
 * - `node compare.mjs rules` prints the name of the rule that each rule's own program matches
 *
 * A process of its own, as the reference implementation throws where the standard's text has no step: at an assertion that does not hold, and
 * where a cleared algorithm is called. Such programs say nothing and are skipped.
 */
import * as tidegate from 'tidegate';
import { firstDifference, shrink } from './differences.mjs';
import { random, run } from './program.mjs';
import { loadReference } from './reference.mjs';
import { ruleFor, RULES } from './rules.mjs';

let broken = false;
const reference = loadReference(() => void (broken = true));

const onError = (error) => {
  if (error?.name === 'AssertionError') broken = true;
};
process.on('uncaughtException', onError);
process.on('unhandledRejection', onError);

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The first difference; undefined where there is none or the reference implementation has broken down. */
async function difference(program, kind) {
  broken = false;
  const ours = await run(tidegate, program, kind);
  const theirs = await run(reference, program, kind);
  const found = firstDifference(ours, theirs);
  if (found === undefined) return undefined;
  await pause(2); // it throws its assertions in a timer
  broken ||= theirs.flat().some((event) => event.includes('AssertionError'));
  return broken ? undefined : found;
}

async function compare(name, first, last) {
  const kind = await import(`./${name}.mjs`);
  const differences = [];
  let skipped = 0;
  for (let seed = first; seed <= last; seed++) {
    const program = kind.makeProgram(random(seed));
    let found = await difference(program, kind);
    if (broken) skipped++;
    if (found === undefined) continue;
    let rule = ruleFor(found, name);
    if (rule === undefined) {
      const smallest = await shrink(program, async (smaller) => (await difference(smaller, kind)) !== undefined);
      found = (await difference(smallest, kind)) ?? found;
      rule = ruleFor(found, name);
    }
    differences.push({ seed, rule: rule?.name, ...(rule ? {} : { program, ...found }) });
  }
  return { programs: last - first + 1, skipped, differences };
}

async function matchRules() {
  const matched = [];
  for (const { name, program } of RULES) {
    const found = program && (await difference(program, await import(`./${program.kind}.mjs`)));
    matched.push({ name, matches: found && ruleFor(found, program.kind)?.name });
  }
  return matched;
}

const [name, first, last] = process.argv.slice(2);
const result = name === 'rules' ? await matchRules() : await compare(name, Number(first), Number(last));
process.stdout.write(JSON.stringify(result), () => process.exit(0));
