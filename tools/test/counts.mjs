/** Reads how many tests passed and failed from the output of a test runner. */

const sum = (matches) => [...matches].reduce((total, match) => total + Number(match[1]), 0);

/** Over every `test result:` line of `cargo test`. */
export function cargoCounts(output) {
  return {
    passed: sum(output.matchAll(/^test result: .*?(\d+) passed;/gm)),
    failed: sum(output.matchAll(/^test result: .*?(\d+) failed;/gm)),
  };
}

/** Over the closing lines of `node --test --test-reporter=spec`. */
export function nodeCounts(output) {
  return {
    passed: sum(output.matchAll(/^ℹ pass (\d+)$/gm)),
    failed: sum(output.matchAll(/^ℹ (?:fail|cancelled) (\d+)$/gm)),
  };
}
