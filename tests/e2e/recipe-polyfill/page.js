/** What the engine can do by itself, by using it, before the recipe is imported; then what the recipe's functions give. */
const works = async (use) => {
  try {
    return (await use()) === true;
  } catch {
    return false;
  }
};

const unhandled = [];
addEventListener('unhandledrejection', (event) => unhandled.push(String(event.reason)));
const seen = {};
try {
  const { ReadableStream: Own } = globalThis;
  seen.engine = {
    'async iteration': await works(async () => {
      for await (const chunk of new Own({ start: (controller) => controller.enqueue('only') })) return chunk === 'only';
      return false;
    }),
    from: await works(async () => (await Own.from(['only']).getReader().read()).value === 'only'),
    'byte streams': await works(async () => {
      const source = { type: 'bytes', pull: (controller) => controller.byobRequest.respond(1) };
      return (await new Own(source).getReader({ mode: 'byob' }).read(new Uint8Array(2))).value.length === 1;
    }),
  };
  const recipe = await import('/examples/old-browsers.js');
  seen.replaced = globalThis.ReadableStream !== Own;
  seen.countLines = await recipe.countLines('/lines.gz');
  seen.joined = await recipe.joined(
    (async function* () {
      yield* ['ebb', ' and ', 'flow'];
    })(),
  );
  seen.firstBytes = [...(await recipe.firstBytes('/bytes', 6))];
  seen.shortBytes = [...(await recipe.firstBytes('/bytes', 200_000))].length;
  seen.left = await works(async () => {
    const source = new ReadableStream({ cancel: (reason) => void (seen.reason = reason) });
    const iterator = source.values();
    iterator.return('enough');
    return !(await iterator.next()).value && seen.reason === 'enough';
  });
} catch (error) {
  seen.error = `${error}\n${error?.stack}`;
}
await new Promise((resolve) => setTimeout(resolve, 50));
fetch(new URLSearchParams(location.search).get('result'), {
  method: 'POST',
  body: JSON.stringify({ seen, unhandled }),
});
