import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { apiReports, declarationsOf, goldenOf } from '../../tools/api.mjs';

const reports = apiReports();

for (const [entry, text] of reports) {
  test(`the public API of the entry ${entry} is the one that etc/api-${entry}.txt records`, () => {
    assert.equal(
      text,
      readFileSync(goldenOf(entry), 'utf8'),
      'If the change is meant, run `node tools/api.mjs --update` and commit etc/.',
    );
  });
}

test('a report has the types of what an entry exports', () => {
  assert.match(reports.get('polyfill'), /export function lacking\(\): readonly string\[\];/);
  assert.match(reports.get('codecs'), /export function gunzip\(options\?: GunzipOptions\): CodecStage<Bytes>;/);
});

test('a report is its declarations, without the Markdown around them', () => {
  const markdown =
    '## API Report\n\n```ts\n\n// @public\nexport const one: 1;\n\n// (No @packageDocumentation comment for this package)\n\n```\n';
  assert.equal(declarationsOf(markdown), '// @public\nexport const one: 1;\n');
});
