/** The published types name what the package exports, no more and no less, for `import` and for `require`. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { root } from './helpers.mjs';

const require = createRequire(import.meta.url);
const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

/** The values (classes, functions, constants) that a declaration file exports, and the members of its classes. */
function declared(file) {
  const program = ts.createProgram([file], {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
  });
  const checker = program.getTypeChecker();
  const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));
  const resolved = symbols.map((symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
  );
  const values = resolved.filter((symbol) => symbol.flags & ts.SymbolFlags.Value);
  const publicNames = (type) =>
    type
      .getProperties()
      // What a constructor sets is not on the prototype.
      .filter(({ flags }) => !(flags & ts.SymbolFlags.Property))
      .map(({ name }) => name)
      .filter((name) => /^[a-z]\w*$/i.test(name));
  return new Map(
    values.map((symbol) => {
      if (!(symbol.flags & ts.SymbolFlags.Class)) return [symbol.name, undefined];
      return [symbol.name, publicNames(checker.getDeclaredTypeOfSymbol(symbol)).sort()];
    }),
  );
}

const isError = (value) => value.prototype instanceof Error;
const membersOf = (value) =>
  Object.getOwnPropertyNames(value.prototype)
    .filter((name) => name !== 'constructor')
    .sort();

for (const [path, { import: imported, require: required }] of Object.entries(exports)) {
  if (imported === undefined) continue;
  describe(`the types of tidegate${path.slice(1)}`, () => {
    const types = declared(join(root, imported.types));

    test('name every export of the module, and nothing else', async () => {
      const namespace = await import(pathToFileURL(join(root, imported.default)));
      assert.deepEqual([...types.keys()].sort(), Object.keys(namespace).sort());
    });

    test('name every member of its classes, and nothing else', async () => {
      const namespace = await import(pathToFileURL(join(root, imported.default)));
      for (const [name, members] of types) {
        if (members !== undefined && !isError(namespace[name]))
          assert.deepEqual(members, membersOf(namespace[name]), name);
      }
    });

    test('are the same for require', () => {
      const namespace = require(join(root, required.default));
      assert.deepEqual([...declared(join(root, required.types)).keys()].sort(), Object.keys(namespace).sort());
    });
  });
}
