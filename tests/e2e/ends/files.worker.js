import { pipeline, toFile } from '/dist/index.js';

onmessage = async ({ data: { handle, chunks, options, fail } }) => {
  const source = async function* () {
    yield* chunks;
    if (fail) throw new Error(fail);
  };
  await pipeline(source(), toFile(handle, { ...options, access: 'sync' })).then(
    () => postMessage('well'),
    (error) => postMessage(String(error)),
  );
};
