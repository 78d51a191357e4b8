/** What can be checked of the prose: the words of the glossary, the length of sentences, and that every page is reached by a link. */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { documents, linksOf } from './documents.mjs';

const textOf = (path) => documents.find((document) => document.path === path).text;

/** The pages that are in plain English throughout. */
const PLAIN = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'docs/ARCHITECTURE.md',
  'docs/ARCHIVES.md',
  'docs/CHANNELS.md',
  'docs/CODECS.md',
  'docs/FILES.md',
  'docs/GLOSSARY.md',
  'docs/HOW-TO-CHANGE.md',
  'docs/INSPECT.md',
  'docs/LIFE-OF-A-CHUNK.md',
  'docs/OPERATORS.md',
  'docs/POLYFILL.md',
  ...documents.map(({ path }) => path).filter((path) => /^docs\/(ends|moving-in|guide)\//.test(path)),
];

/** Homely words for technical acts. docs/GLOSSARY.md says what to write. */
const AVOID =
  /\b(whoever|hand(s|ed)? (on|over)|let(s|ting)? go of|mend(s|ed)?|hears? of|had enough|gives? way|gets? (its|their) turn|anew|goes on with)\b/gi;

/** Words in a sentence, at most. */
const LONGEST = 40;

/** The text without code blocks, and without the glossary's list of words to avoid. */
const proseOf = (text) => text.replace(/^```[\s\S]*?^```$/gm, '').replace(/^## Words to avoid[\s\S]*/m, '');

/** The sentences of a document: those of its paragraphs, list items and cells. */
const sentencesOf = (text) =>
  proseOf(text)
    .split(/\n(?=\s*(?:\||- |\d+\. |#|\n))/)
    .flatMap((block) => (block.trimStart().startsWith('|') ? block.split('|') : [block]))
    .flatMap((block) => block.replace(/\s+/g, ' ').split(/(?<=[.:;?!]\*{0,2})\s(?=[A-Z`"*[])/))
    .map((sentence) => sentence.trim());

for (const path of PLAIN) {
  test(`${path} uses the words of the field`, () => assert.deepEqual(proseOf(textOf(path)).match(AVOID) ?? [], []));

  test(`no sentence of ${path} has more than ${LONGEST} words`, () => {
    assert.deepEqual(
      sentencesOf(textOf(path)).filter((sentence) => sentence.split(' ').length > LONGEST),
      [],
    );
  });
}

test('a homely word and a long sentence are found', () => {
  assert.deepEqual('It hands on what it has, and lets go of the rest.'.match(AVOID), ['hands on', 'lets go of']);
  assert.deepEqual(
    sentencesOf('One.\nTwo `a`. Three: Four.\n\n- five\n| six | Seven. Eight |').filter((sentence) => sentence !== ''),
    ['One.', 'Two `a`.', 'Three:', 'Four.', '- five', 'six', 'Seven.', 'Eight'],
  );
});

test('docs/GLOSSARY.md defines each term once, in the order of the alphabet', () => {
  const sections = proseOf(textOf('docs/GLOSSARY.md')).split(/^## /m).slice(1);
  const terms = sections.map((section) => [...section.matchAll(/^\| ([^|]+) \|/gm)].map(([, term]) => term).slice(1));
  for (const list of terms) {
    assert.deepEqual(
      list,
      list.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
    );
  }
  const all = terms.flat().flatMap((term) => term.split(', '));
  assert.deepEqual(
    all.filter((term, n) => all.indexOf(term) !== n),
    [],
  );
});

test('every document is reached by a link from another', () => {
  const linked = new Set(
    documents.flatMap(({ path, text }) =>
      linksOf(text)
        .map((target) => join(dirname(path), target.split('#')[0]))
        .filter((target) => target !== path),
    ),
  );
  assert.deepEqual(
    documents
      .map(({ path }) => path)
      .filter((path) => path !== 'README.md' && !path.startsWith('site/') && !linked.has(path)),
    [],
  );
});
