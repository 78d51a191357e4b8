#!/usr/bin/env node
/**
 * Whether a tag may be released: `node tools/release.mjs v1.2.3` fails unless package.json, package-lock.json, Cargo.toml and Cargo.lock have that
 * version and CHANGELOG.md has a section of it. `.github/workflows/release.yml` runs it before it publishes.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isProgram, runMain, say, StepError } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The version that each file has, by the name of the file. `read` gives the text of a file. */
export function versions(read) {
  const lock = JSON.parse(read('package-lock.json'));
  return {
    'package.json': JSON.parse(read('package.json')).version,
    'package-lock.json': lock.version === lock.packages[''].version ? lock.version : undefined,
    'Cargo.toml': /^version = "(.+)"$/m.exec(read('Cargo.toml'))?.[1],
    'Cargo.lock': /^name = "tidegate"\nversion = "(.+)"$/m.exec(read('Cargo.lock'))?.[1],
  };
}

/** What stands against the release of `tag`, as sentences; empty when nothing does. */
export function problems(tag, read) {
  const version = tag.replace(/^v/, '');
  const wrong = Object.entries(versions(read)).filter(([, has]) => has !== version);
  const out = wrong.map(([file, has]) => `${file} has the version ${has}, and the tag is ${tag}`);
  if (
    !read('CHANGELOG.md')
      .split('\n')
      .some((line) => line.startsWith(`## ${version}`))
  )
    out.push(`CHANGELOG.md has no section "## ${version}"`);
  return out;
}

if (isProgram(import.meta.url)) {
  runMain(async () => {
    const found = problems(process.argv[2] ?? '', (path) => readFileSync(join(root, path), 'utf8'));
    if (found.length) {
      throw new StepError('Release', {
        reason: found.join('; '),
        advice:
          'Write the version into these files, run `npm install` and `cargo check`, and rename the section "Unreleased".',
      });
    }
    say(`Everything has the version of ${process.argv[2]}`);
  });
}
