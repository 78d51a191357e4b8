/** Real browsers for tests, conformance runs and benchmarks. */
export { availableEngines, engines } from './executables.mjs';
export { launch } from './launch.mjs';
export { openBare, WITHOUT_AVX } from './bare.mjs';
export { readJson, runPage } from './run-page.mjs';
export { engineVersion } from './version.mjs';
