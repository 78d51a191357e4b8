/** What importing the package costs a program that uses none of it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

for (const name of ['tidegate', 'tidegate/codecs']) {
  test(`importing ${name} does not load Node's fetch`, () => {
    const code = `await import('${name}'); console.log(process.moduleLoadList.filter((name) => name.includes('undici')).length)`;
    assert.equal(execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }).trim(), '0');
  });
}
