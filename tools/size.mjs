#!/usr/bin/env node
/**
 * `npm run size`: raw, gzip (level 9) and brotli (level 11) bytes of all that each entry of the package loads, its
 * inlined Wasm included, and of what a bundler makes of an import of one name alone. Fails when one is over its budget in
 * tools/size-budget.json (bytes).
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { isProgram, runMain, say, StepError } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** `file` and every file it statically imports, directly or not. */
export function staticClosure(file, read = (path) => readFileSync(path, 'utf8'), seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, specifier] of read(file).matchAll(/\b(?:import|from)\s*["'](\.{1,2}\/[^"']+)["']/g)) {
    staticClosure(join(dirname(file), specifier), read, seen);
  }
  return seen;
}

/** Each file is compressed by itself, as a server would send it. */
export function sizes(files, read = (path) => readFileSync(path)) {
  const total = { raw: 0, gzip: 0, brotli: 0 };
  for (const file of files) {
    const bytes = read(file);
    total.raw += bytes.length;
    total.gzip += gzipSync(bytes, { level: 9 }).length;
    total.brotli += brotliCompressSync(bytes).length;
  }
  return total;
}

/** What is over budget, as sentences; empty when nothing is. */
export function overBudget(entries, budget) {
  return Object.entries(budget).flatMap(([name, limits]) =>
    Object.entries(limits).flatMap(([kind, limit]) => {
      if (!entries[name]) return [`${name} has a budget and was not built`];
      const actual = entries[name][kind];
      return actual > limit
        ? [`${name} is ${actual} bytes of ${kind}, ${actual - limit} over its budget of ${limit}`]
        : [];
    }),
  );
}

/** What a bundler ships of `import { name } from 'tidegate'`: the rest of the package must be droppable. */
async function bundled(name) {
  const { build } = await import('esbuild');
  const {
    outputFiles: [{ contents }],
  } = await build({
    stdin: { contents: `import { ${name} } from './dist/index.js'; globalThis.used = ${name};`, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
  });
  return sizes(['bundle'], () => contents);
}

async function main() {
  const { name: packageName, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const budget = JSON.parse(readFileSync(join(root, 'tools/size-budget.json'), 'utf8'));
  const entries = {};
  for (const [path, conditions] of Object.entries(exports)) {
    const file = conditions.import && join(root, conditions.import.default);
    if (file && existsSync(file)) entries[packageName + path.slice(1)] = sizes(staticClosure(file));
  }
  for (const name of ['ReadableStream', 'pipeline']) entries[`import { ${name} }`] = await bundled(name);
  const column = (value) => String(value).padStart(10);
  say(`${'entry'.padEnd(28)}${column('raw')}${column('gzip')}${column('brotli')}   budget`);
  for (const [name, { raw, gzip, brotli }] of Object.entries(entries)) {
    const limits = Object.entries(budget[name] ?? {})
      .map(([kind, limit]) => `${kind} ${limit}`)
      .join(', ');
    say(`${name.padEnd(28)}${column(raw)}${column(gzip)}${column(brotli)}   ${limits || 'none'}`);
  }
  const problems = overBudget(entries, budget);
  if (problems.length) {
    throw new StepError('Size budget', {
      reason: problems.join('; '),
      advice:
        'Make it smaller, or raise the budget in tools/size-budget.json with the reason in the commit. `npm run build` makes dist/.',
    });
  }
}

if (isProgram(import.meta.url)) runMain(main);
