/**
 * The floors of js/, from the top down: what stands on a lower one imports nothing of a higher one, and no imports go in a circle.
 * docs/ARCHITECTURE.md says what each folder holds. Run by `npm run lint` through dependency-cruiser.
 */
const FLOORS = [
  ['js/[^/]+'],
  ['js/polyfill', 'js/slim', 'js/monitor'],
  ['js/archives', 'js/multipart'],
  ['js/entries'],
  ['js/buffer'],
  ['js/transfer', 'js/sources', 'js/sinks', 'js/inspect'],
  ['js/operators', 'js/pipeline', 'js/channel', 'js/codecs'],
  ['js/native'],
  ['js/streams'],
  ['js/bridge'],
  ['js/machines'],
  ['js/core'],
  ['js/runtime', 'js/values'],
];

const inside = (folders) =>
  `^(${folders.map((folder) => (folder.endsWith('+') ? `${folder}$` : `${folder}/`)).join('|')})`;

export default {
  forbidden: [
    {
      name: 'no-circle',
      comment: 'Cut the circle: hand over what is needed, or move it to where both can import it.',
      severity: 'error',
      from: {},
      // A reader's type names its stream's, and the other way round: types alone may.
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...FLOORS.slice(1).map((folders, n) => ({
      name: `only-downward-from-${folders[0].slice('js/'.length)}`,
      comment: 'Move what is imported to a lower floor, or hand it over.',
      severity: 'error',
      from: { path: inside(folders) },
      to: { path: inside(FLOORS.slice(0, n + 1).flat()) },
    })),
    {
      name: 'every-file-on-a-floor',
      comment: 'tools/lint/house.config.mjs does not know this folder: give it a floor.',
      severity: 'error',
      from: { path: '^js/[^/]+/', pathNot: inside(FLOORS.slice(1).flat()) },
      to: {},
    },
    {
      name: 'package-only',
      comment: 'The package has no dependency at run time.',
      severity: 'error',
      from: { path: '^js/' },
      to: { pathNot: '^(js|build)/' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^build/'] },
    tsPreCompilationDeps: true,
    includeOnly: '^(js|build)/',
    combinedDependencies: false,
  },
};
