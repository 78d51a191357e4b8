/**
 * The constructors that code names at run time, as they were at import. The bundler puts these in the place of the
 * global names in every file (`inject` of tools/build/js.mjs), so that an error or a brand check never calls what a
 * page has put there since.
 */
const ObjectAtImport = Object;
const RangeErrorAtImport = RangeError;
const TypeErrorAtImport = TypeError;

export { ObjectAtImport as Object, RangeErrorAtImport as RangeError, TypeErrorAtImport as TypeError };
