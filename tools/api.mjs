#!/usr/bin/env node
/**
 * The public API of each entry, with its types, as api-extractor reports it from dist/types/: `node tools/api.mjs` prints it, `--update` writes
 * etc/api-*.txt, which a test compares with what is built. A change there is a change users see.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { ENTRIES } from './build/js.mjs';
import { isProgram, runMain, say } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The golden file of an entry. */
export const goldenOf = (entry) => join(root, `etc/api-${entry}.txt`);

/** Reports of every entry, by its name. */
export function apiReports() {
  mkdirSync(join(root, 'build'), { recursive: true });
  const folder = mkdtempSync(join(root, 'build/api-'));
  try {
    return new Map(Object.keys(ENTRIES).map((entry) => [entry, report(entry, folder)]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(entry, folder) {
  const quiet = { default: { logLevel: 'none' } };
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, `dist/types/${entry}.d.ts`),
      apiReport: {
        enabled: true,
        reportFileName: `${entry}.api.md`,
        reportFolder: folder,
        reportTempFolder: join(folder, 'temp'),
      },
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            strict: true,
            target: 'ES2022',
            module: 'NodeNext',
            moduleResolution: 'NodeNext',
            lib: ['ES2024', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
            types: [],
          },
          files: [join(root, `dist/types/${entry}.d.ts`)],
        },
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: { compilerMessageReporting: quiet, extractorMessageReporting: quiet, tsdocMessageReporting: quiet },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
  });
  Extractor.invoke(config, { localBuild: true, messageCallback: (message) => void (message.handled = true) });
  return declarationsOf(readFileSync(join(folder, `${entry}.api.md`), 'utf8'));
}

/** The declarations of a report, without the Markdown around them. Those whose names are also the engine's it gives names with a suffix. */
export function declarationsOf(text) {
  const [, declarations] = /^```ts\n\n([^]*?)\n*(?:\/\/ \(No @packageDocumentation[^\n]*\n\n)?```$/m.exec(text);
  return `${declarations}\n`;
}

if (isProgram(import.meta.url)) {
  runMain(async () => {
    for (const [entry, text] of apiReports()) {
      if (!process.argv.includes('--update')) {
        say(text.trimEnd());
        continue;
      }
      mkdirSync(join(root, 'etc'), { recursive: true });
      writeFileSync(goldenOf(entry), text);
    }
  });
}
