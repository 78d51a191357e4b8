globalThis.importScripts('/dist/tidegate.global.js', '/tests/e2e/files/job.js');
globalThis.sum(globalThis.tidegate).then(postMessage, (error) => postMessage(String(error)));
