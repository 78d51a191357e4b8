//! Large streams: `megabytes` of them through every adapter, with the module's memory afterwards.
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::{
    AsyncRead, AsyncReadExt, AsyncWriteExt, SinkExt, StreamExt, TryStreamExt, stream,
};
use tidegate::web::{Chunk, ReadableStream, WritableStream};
use wasm_bindgen::prelude::*;

use crate::harness::*;

const CHUNK: usize = 64 * 1024;

fn pages() -> usize {
    let memory: js_sys::WebAssembly::Memory = wasm_bindgen::memory().unchecked_into();
    let buffer: js_sys::ArrayBuffer = memory.buffer().unchecked_into();
    buffer.byte_length() as usize / CHUNK
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

/// Reads and writes `megabytes` in each of four ways; gives the pages that the memory has grown by after the first megabyte.
#[wasm_bindgen]
pub async fn volume(megabytes: u32) -> Result<u32, JsValue> {
    through(1).await?;
    let before = pages();
    through(megabytes as usize).await?;
    Ok((pages() - before) as u32)
}

async fn through(megabytes: usize) -> Outcome {
    let total = megabytes << 20;
    // A Rust stream, read by Rust through JavaScript.
    let chunk = Bytes::from(vec![0; CHUNK]);
    let chunks = stream::repeat_with(move || Ok::<_, JsValue>(Chunk::from(chunk.clone())))
        .take(total / CHUNK);
    let mut read = 0;
    let mut source = ReadableStream::from_typed_stream(chunks).into_typed_stream::<Chunk>();
    while let Some(chunk) = source.try_next().await.map_err(JsValue::from)? {
        read += chunk.len();
    }
    assert_eq!(read, total);
    // A Rust reader, read as one.
    let mut reader = ReadableStream::from_async_read(Zeros(total), CHUNK).into_async_read();
    let mut part = vec![0; CHUNK];
    read = 0;
    loop {
        match reader.read(&mut part).await.unwrap() {
            0 => break,
            length => read += length,
        }
    }
    assert_eq!(read, total);
    // A Rust sink, written by Rust through JavaScript, in two ways.
    for as_writer in [false, true] {
        let written = std::rc::Rc::new(std::cell::Cell::new(0));
        let count = written.clone();
        let sink = futures_util::sink::unfold((), move |(), chunk: Chunk| {
            count.set(count.get() + chunk.len());
            std::future::ready(Ok::<_, JsValue>(()))
        });
        let target = WritableStream::from_typed_sink(sink);
        if as_writer {
            let mut writer = target.into_async_write();
            for _ in 0..total / CHUNK {
                writer.write_all(&part).await.unwrap();
            }
            writer.close().await.unwrap();
        } else {
            let mut sink = target.into_typed_sink::<Chunk>();
            for _ in 0..total / CHUNK {
                sink.feed(vec![0; CHUNK].into()).await?;
            }
            sink.close().await?;
        }
        assert_eq!(written.get(), total);
    }
    Ok(())
}

#[wasm_bindgen]
pub async fn test_memory_is_flat() -> Outcome {
    assert_eq!(volume(48).await?, 0);
    task().await;
    Ok(())
}
