// Written for the current Streams Standard: nothing here imports tidegate.

export async function countLines(url) {
  const response = await fetch(url);
  const text = response.body.pipeThrough(new DecompressionStream('gzip')).pipeThrough(new TextDecoderStream());
  let lines = 0;
  for await (const chunk of text) lines += chunk.split('\n').length - 1;
  return lines;
}

export async function joined(words) {
  let text = '';
  for await (const word of ReadableStream.from(words)) text += word;
  return text;
}

export async function firstBytes(url, count) {
  const { body } = await fetch(url);
  const reader = body.getReader({ mode: 'byob' });
  let bytes = new Uint8Array(count);
  let filled = 0;
  while (filled < count) {
    const { value, done } = await reader.read(bytes.subarray(filled));
    bytes = new Uint8Array(value.buffer); // the stream has taken the buffer and given it back
    if (done) break;
    filled += value.length;
  }
  await reader.cancel();
  return bytes.subarray(0, filled);
}
