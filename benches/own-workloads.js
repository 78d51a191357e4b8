/**
 * Every implementation gets a copy of the workloads of its own, as a page has that has one implementation: in a shared copy the
 * calls of `read()`, `enqueue()` and the like meet the classes of all of them, and no engine compiles that well.
 */
export async function ownWorkloads(name) {
  const load = (file) => import(new URL(`${file}?for=${encodeURIComponent(name)}`, import.meta.url).href);
  const [{ basicWorkloads }, { moreWorkloads, pipes }] = await Promise.all([
    load('./workloads.js'),
    load('./workloads-more.js'),
  ]);
  return { workloads: { ...basicWorkloads, ...moreWorkloads }, pipes };
}
