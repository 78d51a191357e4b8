//! What benches/web.mjs measures, over `tidegate::web` or `wasm_streams`: the same source for both, which have the same names.
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{AsyncRead, AsyncReadExt, AsyncWriteExt, SinkExt, StreamExt, sink, stream};
#[cfg(feature = "ours")]
use tidegate::web as streams;
#[cfg(feature = "theirs")]
use wasm_streams as streams;

use streams::{ReadableStream, WritableStream};
use wasm_bindgen::prelude::*;

/// Reads a JavaScript stream to its end; gives the number of chunks.
#[wasm_bindgen]
pub async fn read(stream: web_sys::ReadableStream) -> u32 {
    let mut stream = ReadableStream::from_raw(stream).into_stream();
    let mut chunks = 0;
    while let Some(Ok(_)) = stream.next().await {
        chunks += 1;
    }
    chunks
}

/// Writes `count` numbers into a JavaScript stream, each of which is awaited, and closes it.
#[wasm_bindgen]
pub async fn send(stream: web_sys::WritableStream, count: u32) -> u32 {
    let mut sink = WritableStream::from_raw(stream).into_sink();
    for number in 0..count {
        sink.send(number.into()).await.unwrap_throw();
    }
    sink.close().await.unwrap_throw();
    count
}

/// As `send`, waiting for room only.
#[wasm_bindgen]
pub async fn feed(stream: web_sys::WritableStream, count: u32) -> u32 {
    let mut sink = WritableStream::from_raw(stream).into_sink();
    for number in 0..count {
        sink.feed(number.into()).await.unwrap_throw();
    }
    sink.close().await.unwrap_throw();
    count
}

/// A stream of `count` numbers for JavaScript.
#[wasm_bindgen]
pub fn source(count: u32) -> web_sys::ReadableStream {
    ReadableStream::from_stream(stream::iter((0..count).map(|number| Ok(number.into())))).into_raw()
}

/// A sink for JavaScript that drops what it gets.
#[wasm_bindgen]
pub fn drain() -> web_sys::WritableStream {
    WritableStream::from_sink(sink::drain().sink_map_err(|never| match never {})).into_raw()
}

/// Reads a JavaScript byte stream to its end, `length` bytes at most a read; gives the number of bytes.
#[wasm_bindgen(js_name = readBytes)]
pub async fn read_bytes(stream: web_sys::ReadableStream, length: usize) -> usize {
    let mut reader = ReadableStream::from_raw(stream).into_async_read();
    let mut part = vec![0; length];
    let mut all = 0;
    loop {
        match reader.read(&mut part).await.unwrap_throw() {
            0 => return all,
            bytes => all += bytes,
        }
    }
}

/// Writes `total` bytes into a JavaScript stream, `length` a write.
#[wasm_bindgen(js_name = writeBytes)]
pub async fn write_bytes(stream: web_sys::WritableStream, total: usize, length: usize) -> usize {
    let mut writer = WritableStream::from_raw(stream).into_async_write();
    let part = vec![0; length];
    for _ in 0..total / length {
        writer.write_all(&part).await.unwrap_throw();
    }
    writer.close().await.unwrap_throw();
    total
}

struct Zeros(usize);

impl AsyncRead for Zeros {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        target: &mut [u8],
    ) -> Poll<std::io::Result<usize>> {
        let length = target.len().min(self.0);
        target[..length].fill(0);
        self.0 -= length;
        Poll::Ready(Ok(length))
    }
}

/// A byte stream of `total` bytes for JavaScript.
#[wasm_bindgen(js_name = byteSource)]
pub fn byte_source(total: usize) -> web_sys::ReadableStream {
    ReadableStream::from_async_read(Zeros(total), 65_536).into_raw()
}
