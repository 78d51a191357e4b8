import { fromMessagePort, pipeline, toMessagePort } from '/dist/index.js';

const task = decodeURIComponent(location.search.slice(1));

onmessage = async ({ data: port }) => {
  let made = 0;
  const tell = () => postMessage({ made });
  const tasks = {
    produce: () =>
      pipeline(
        (function* () {
          for (;;) {
            made += 1;
            tell();
            yield new Uint8Array(1 << 20);
          }
        })(),
        toMessagePort(port, { transfer: true }),
      ),
    count: () =>
      pipeline(
        (function* () {
          for (;;) {
            yield made++;
            tell();
          }
        })(),
        toMessagePort(port),
      ),
    'stop after 3': () =>
      pipeline(fromMessagePort(port), async (chunks) => {
        for (let n = 0; n < 3; n += 1) await chunks.next();
        await new Promise(() => {});
      }),
  };
  await tasks[task]().then(
    () => postMessage({ ended: 'well' }),
    (reason) => postMessage({ ended: String(reason) }),
  );
};
