/** The drivers of tools/browsers, in each browser that is installed. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { availableEngines, launch, runPage } from '../../tools/browsers/index.mjs';

const page = `<!doctype html><meta charset="utf-8"><title>driven</title>
<button onclick="this.textContent = 'pressed'">press</button><input id="text"><input id="file" type="file">`;

/** Works by itself and posts what its query string asks for. */
const selfRunning = `<!doctype html><title>alone</title><script>
const parameters = new URLSearchParams(location.search);
const post = (value) => fetch(parameters.get('result'), { method: 'POST', body: JSON.stringify(value) });
if (parameters.get('do') === 'answer') post({ sum: 1 + 1, origin: location.origin });
if (parameters.get('do') === 'fail') post({ error: 'it did not work' });
</script>`;

let server;
let origin;
let directory;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tidegate-test-'));
  server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(request.url.startsWith('/alone') ? selfRunning : page);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${server.address().port}`;
});
after(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

for (const engine of availableEngines()) {
  test(`${engine} opens a page, evaluates in it, and is clicked and typed into`, async () => {
    const browser = await launch(engine);
    try {
      assert.match(browser.version, /\d/);
      await browser.open(`${origin}/`);
      assert.equal(await browser.evaluate('document.title'), 'driven');
      assert.deepEqual(await browser.evaluate(async (a, b) => ({ sum: await Promise.resolve(a + b) }), 2, 3), {
        sum: 5,
      });
      await assert.rejects(
        browser.evaluate(() => {
          throw new Error('from the page');
        }),
        /from the page/,
      );
      await browser.click('button');
      await browser.type('#text', 'typed');
      assert.equal(
        await browser.waitFor(() => {
          const text = document.querySelector('button').textContent + document.querySelector('#text').value;
          return text === 'pressedtyped' && text;
        }),
        'pressedtyped',
      );
    } finally {
      await browser.close();
    }
  });

  test(`${engine} chooses a file and is photographed`, async () => {
    const [file, picture] = [join(directory, `${engine}.csv`), join(directory, `${engine}.png`)];
    await writeFile(file, 'a,b\n1,2\n');
    const browser = await launch(engine);
    try {
      await browser.open(`${origin}/`);
      await browser.upload('#file', file);
      assert.equal(await browser.evaluate(() => document.querySelector('#file').files[0].text()), 'a,b\n1,2\n');
      await browser.screenshot(picture);
      assert.equal((await readFile(picture)).subarray(1, 4).toString('latin1'), 'PNG');
    } finally {
      await browser.close();
    }
  });

  test(`${engine} says when what is waited for does not come, and can be closed twice`, async () => {
    const browser = await launch(engine);
    try {
      await browser.open(`${origin}/`);
      await assert.rejects(browser.waitFor('false', { timeout: 200 }), /still not true after 200 ms/);
    } finally {
      await browser.close();
      await browser.close();
    }
  });

  test(`${engine} runs a page by itself and hands its result over, an error as a rejection`, async () => {
    assert.deepEqual(await runPage(engine, `${origin}/alone?do=answer`), { sum: 2, origin });
    await assert.rejects(runPage(engine, `${origin}/alone?do=fail`), /it did not work/);
  });

  test(`${engine} is given up when its page posts nothing`, async () => {
    await assert.rejects(runPage(engine, `${origin}/alone`, { timeout: 1500 }), /posted no result within 1500 ms/);
  });
}
