/** From `import()` to the first chunk of a stream, in fresh frames of a page or fresh processes of Node. */

/** Loads `url` and reads one chunk; milliseconds. */
export const firstChunk = `async (url) => {
  const started = performance.now();
  const { ReadableStream } = await import(url);
  const reader = new ReadableStream({ start(controller) { controller.enqueue(1); } }).getReader();
  const { value } = await reader.read();
  if (value !== 1) throw new Error('the chunk did not arrive');
  return performance.now() - started;
}`;

/** Each turn loads each module in a frame of its own, whose engine has compiled nothing of it. */
export async function startup(names, turns = 15) {
  const times = Object.fromEntries(names.map((name) => [name, []]));
  for (let turn = 0; turn < turns; turn += 1) {
    for (let i = 0; i < names.length; i += 1) {
      const name = names[(i + turn) % names.length];
      const frame = document.createElement('iframe');
      const loaded = new Promise((resolve) => {
        frame.onload = resolve;
      });
      frame.src = '/frame';
      document.body.append(frame);
      await loaded;
      times[name].push(await frame.contentWindow.eval(firstChunk)(`/${name}.js?turn=${turn}`));
      frame.remove();
    }
  }
  return times;
}
