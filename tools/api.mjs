#!/usr/bin/env node
/**
 * The public API as text, one line a member, from the built package: `node tools/api.mjs` prints it, `--update` writes
 * etc/api.txt, which a test compares with what is built. A change there is a change users see.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isProgram, runMain, say } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
export const GOLDEN = join(root, 'etc/api.txt');

const isClass = (value) =>
  typeof value === 'function' && Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false;

function describeMember(owner, key, descriptor) {
  const name = typeof key === 'symbol' ? `[${key.description}]` : key;
  if (descriptor.get || descriptor.set) {
    const kinds = [descriptor.get && 'get', descriptor.set && 'set'].filter(Boolean).join('/');
    return `  ${owner}${name}: ${kinds}`;
  }
  if (typeof descriptor.value === 'function') return `  ${owner}${name}(${descriptor.value.length})`;
  return `  ${owner}${name}: ${JSON.stringify(descriptor.value)}`;
}

function describeMembers(owner, object, ignored) {
  return Reflect.ownKeys(object)
    .filter((key) => !ignored.includes(key))
    .map((key) => describeMember(owner, key, Object.getOwnPropertyDescriptor(object, key)))
    .sort();
}

/** Lines that describe a module namespace: functions with the number of arguments they need, classes with members. */
export function describe(namespace) {
  return Object.keys(namespace)
    .sort()
    .flatMap((name) => {
      const value = namespace[name];
      if (isClass(value)) {
        const parent = Object.getPrototypeOf(value.prototype)?.constructor;
        return [
          `class ${value.name}(${value.length})${value.name === name ? '' : ` exported as ${name}`}${parent && parent !== Object ? ` extends ${parent.name}` : ''}`,
          ...describeMembers('static ', value, ['length', 'name', 'prototype']),
          ...describeMembers('', value.prototype, ['constructor']),
        ];
      }
      if (typeof value === 'function') return [`function ${name}(${value.length})`];
      return [`const ${name}: ${typeof value}`];
    });
}

/** The API of every entry of the package that is built. */
export async function apiText() {
  const { name: packageName, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const sections = [];
  for (const [path, conditions] of Object.entries(exports)) {
    const file = conditions.import && join(root, conditions.import.default);
    if (!file || !existsSync(file)) continue;
    const namespace = await import(pathToFileURL(file).href);
    sections.push([`# ${packageName}${path.slice(1)}`, ...describe(namespace)].join('\n'));
  }
  return `${sections.join('\n\n')}\n`;
}

if (isProgram(import.meta.url)) {
  runMain(async () => {
    const text = await apiText();
    if (!process.argv.includes('--update')) return say(text.trimEnd());
    mkdirSync(dirname(GOLDEN), { recursive: true });
    writeFileSync(GOLDEN, text);
  });
}
