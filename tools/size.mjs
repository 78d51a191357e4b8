#!/usr/bin/env node
/**
 * `npm run size`: raw, gzip (level 9) and brotli (level 11) bytes of what a bundler that minifies makes of each entry of the package, its
 * inlined Wasm included, and of an import of one name alone. Fails when one is over its budget in
 * tools/size-budget.json (bytes).
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { isProgram, runMain, say, StepError } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The bytes of a file as it is, and as a server would send it. */
export const sizes = (bytes) => ({
  raw: bytes.length,
  gzip: gzipSync(bytes, { level: 9 }).length,
  brotli: brotliCompressSync(bytes).length,
});

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

/**
 * What a bundler ships of a page's `code`, without what that loads only when it is needed. dist/ is readable, so only the minified bundle tells what a
 * page loads.
 */
async function bundled(code) {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    splitting: true,
    outdir: join(root, 'build/size'),
    metafile: true,
    minify: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
  });
  const loaded = new Set();
  const load = (path) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const { path: next, kind } of metafile.outputs[path].imports) if (kind === 'import-statement') load(next);
  };
  load(Object.keys(metafile.outputs).find((path) => metafile.outputs[path].entryPoint === '<stdin>'));
  const files = outputFiles.filter(({ path }) => loaded.has(relative(process.cwd(), path)));
  return sizes(Buffer.concat(files.map(({ contents }) => contents)));
}

async function main() {
  const { name: packageName, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const budget = JSON.parse(readFileSync(join(root, 'tools/size-budget.json'), 'utf8'));
  const entries = {};
  for (const [path, conditions] of Object.entries(exports)) {
    const file = conditions.import?.default;
    if (!file || !existsSync(join(root, file))) continue;
    // An entry that only registers something is imported for that.
    entries[packageName + path.slice(1)] = await bundled(`import '${file}'; export * from '${file}';`);
  }
  for (const name of ['ReadableStream', 'pipeline'])
    entries[`import { ${name} }`] = await bundled(
      `import { ${name} } from './dist/index.js'; globalThis.used = ${name};`,
    );
  const inspect = await bundled("import './dist/inspect.js';");
  const monitor = await bundled("import './dist/monitor.js';");
  entries['monitor, without inspect'] = Object.fromEntries(
    Object.entries(monitor).map(([kind, size]) => [kind, size - inspect[kind]]),
  );
  for (const codec of ['gunzip', 'csv'])
    entries[`import { pipeline, ${codec} }`] = await bundled(
      `import { pipeline } from './dist/index.js'; import { ${codec} } from './dist/codecs.js'; globalThis.used = [pipeline, ${codec}];`,
    );
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
