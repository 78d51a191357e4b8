//! Streams of bytes as readers, and readers as byte streams.
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::io::Cursor;
use futures_util::{AsyncBufReadExt, AsyncRead, AsyncReadExt, StreamExt};
use js_sys::{Reflect, Uint8Array};
use tidegate::channel::{QueuingStrategy, Receiver, channel};
use tidegate::codec::{LinesOptions, decode_reader};
use tidegate::web::{JsReason, ReadableStream};
use wasm_bindgen::prelude::*;

use crate::harness::*;

fn from_async_read(reader: impl AsyncRead + 'static, length: usize) -> ReadableStream {
    let options = options("ReadableStream");
    ReadableStream::from_async_read_with_options(reader, length, &options).unwrap()
}

fn bytes(parts: &[&[u8]]) -> js_sys::Array {
    values(parts.iter().map(|part| Uint8Array::from(*part)))
}

#[wasm_bindgen]
pub async fn test_a_byte_stream_as_a_reader() -> Outcome {
    if !has_byte_streams() {
        return Ok(());
    }
    for length in [1, 7, 1000, 100_000] {
        let source = byte_readable(2000, 300);
        let raw = source.as_raw().clone();
        let mut reader = source.into_async_read();
        let (mut all, mut part) = (Vec::new(), vec![0; length]);
        loop {
            match reader.read(&mut part).await.unwrap() {
                0 => break,
                bytes => all.extend_from_slice(&part[..bytes]),
            }
        }
        assert_eq!(all, pattern(0, 2000), "{length}");
        assert_eq!(reader.read(&mut part).await.unwrap(), 0);
        drop(reader);
        assert!(!ReadableStream::from_raw(raw.clone()).is_locked());
        assert!(!log_of(&raw).contains("cancel"));
    }
    Ok(())
}

#[wasm_bindgen]
pub async fn test_any_stream_of_bytes_as_a_reader() -> Outcome {
    let source = readable_of(bytes(&[b"one", b"", b"two", b"a longer one"]));
    let mut text = String::new();
    source
        .into_async_read()
        .read_to_string(&mut text)
        .await
        .unwrap();
    assert_eq!(text, "onetwoa longer one");
    let mut reader = readable_of(bytes(&[b"abc", b"de"])).into_async_read();
    let mut two = [0; 2];
    reader.read_exact(&mut two).await.unwrap();
    assert_eq!(&two, b"ab");
    assert_eq!(reader.read(&mut []).await.unwrap(), 0);
    assert_eq!(reader.fill_buf().await.unwrap(), b"c");
    reader.consume_unpin(1);
    assert_eq!(reader.fill_buf().await.unwrap(), b"de");
    reader.consume_unpin(2);
    assert_eq!(reader.fill_buf().await.unwrap(), b"");
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_reader_of_chunks_that_are_not_bytes_fails_and_cancels() -> Outcome {
    let source = readable(&[1, 2]);
    let raw = source.as_raw().clone();
    let failure = source
        .into_async_read()
        .read(&mut [0; 8])
        .await
        .unwrap_err();
    assert!(
        failure
            .to_string()
            .contains("a chunk is a number, not bytes: pass a Uint8Array"),
        "{failure}"
    );
    task().await;
    assert!(
        log_of(&raw).contains("cancel TypeError"),
        "{}",
        log_of(&raw)
    );
    Ok(())
}

#[wasm_bindgen]
pub async fn test_into_async_read_of_a_locked_stream_fails_in_its_first_read() -> Outcome {
    let source = readable(&[1]);
    let mut locked = ReadableStream::from_raw(source.as_raw().clone());
    let _reader = locked.get_reader();
    let source = ReadableStream::from_raw(source.into_raw());
    let mut refused = source.into_async_read();
    let failure = refused.read(&mut [0; 8]).await.unwrap_err();
    assert!(failure.to_string().starts_with("TypeError"), "{failure}");
    assert_eq!(refused.read(&mut [0; 8]).await.unwrap(), 0);
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_readers_error_holds_the_same_object() -> Outcome {
    let reason = error("the file is damaged");
    let mut reader = readable_to(&[], &reason).into_async_read();
    let failure = reader.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(failure.to_string(), "Error: the file is damaged");
    assert_eq!(JsReason::from(failure).into_value(), reason);
    Ok(())
}

#[wasm_bindgen]
pub async fn test_dropping_an_unfinished_reader_cancels() -> Outcome {
    let mut sources = vec![readable_of(bytes(&[b"one", b"two"]))];
    if has_byte_streams() {
        sources.push(byte_readable(1000, 100));
    }
    for source in sources {
        let raw = source.as_raw().clone();
        let mut reader = source.into_async_read();
        reader.read_exact(&mut [0; 2]).await.unwrap();
        drop(reader);
        task().await;
        assert!(
            log_of(&raw).ends_with("cancel undefined"),
            "{}",
            log_of(&raw)
        );
    }
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_borrowed_reader_reads_what_it_is_asked_for() -> Outcome {
    if !has_byte_streams() {
        return Ok(());
    }
    let mut source = byte_readable(1000, 1000);
    let mut head = [0; 10];
    source
        .get_byob_reader()
        .into_async_read()
        .read_exact(&mut head)
        .await
        .unwrap();
    assert_eq!(head[..], pattern(0, 10));
    assert!(!source.is_locked());
    let mut reader = source.get_byob_reader();
    let length = reader.read(&mut head).await?;
    assert_eq!((length, &head[..]), (10, &pattern(10, 10)[..]));
    let buffer = Uint8Array::new_with_length(10);
    let (length, buffer) = reader.read_with_buffer(&mut head[..4], buffer).await?;
    assert_eq!((length, &head[..4]), (4, &pattern(20, 4)[..]));
    assert_eq!(buffer.unwrap().length(), 10);
    drop(reader);
    assert!(!log_of(source.as_raw()).contains("cancel"));
    let mut rest = Vec::new();
    source
        .into_async_read()
        .read_to_end(&mut rest)
        .await
        .unwrap();
    assert_eq!(rest, pattern(24, 976));
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_read_of_a_reader_that_is_dropped_loses_no_byte() -> Outcome {
    let mut sources = vec![readable_of(bytes(&[&pattern(0, 100)]))];
    if has_byte_streams() {
        sources.push(byte_readable(100, 100));
    }
    for source in sources {
        let mut reader = source.into_async_read();
        let mut part = [0; 60];
        assert!(once(&mut reader.read(&mut part)).await.is_pending());
        task().await;
        let mut all = Vec::new();
        reader.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, pattern(0, 100));
    }
    Ok(())
}

#[wasm_bindgen]
pub async fn test_codecs_read_a_reader() -> Outcome {
    let source = readable_of(bytes(&[b"one\ntw", b"o\nthree"]));
    let mut lines = Vec::new();
    decode_reader(source.into_async_read())
        .lines(LinesOptions::default())
        .records()
        .for_each(|line| lines.push(line[0].to_owned()))
        .await
        .map_err(|failure| error(&failure.to_string()))?;
    assert_eq!(lines, ["one", "two", "three"]);
    Ok(())
}

#[wasm_bindgen]
pub async fn test_javascript_reads_a_rust_reader() -> Outcome {
    let stream = from_async_read(Cursor::new(pattern(0, 1000)), 256);
    assert_eq!(
        text(collect(stream.as_raw())).await?,
        join(&pattern(0, 1000))
    );
    let stream = from_async_read(Cursor::new(Vec::new()), 256);
    assert_eq!(text(collect(stream.as_raw())).await?, "");
    Ok(())
}

#[wasm_bindgen]
pub async fn test_javascript_reads_a_rust_reader_into_its_own_views() -> Outcome {
    if !has_byte_streams() {
        return Ok(());
    }
    let mut stream = from_async_read(Cursor::new(pattern(0, 1000)), 256);
    let mut reader = stream.get_byob_reader();
    let mut part = vec![0; 400];
    let mut at = 0;
    loop {
        let length = reader.read(&mut part).await?;
        if length == 0 {
            break;
        }
        assert_eq!(part[..length], pattern(at, length));
        at += length;
    }
    assert_eq!(at, 1000);
    Ok(())
}

/// Waits until it is let go, then reads.
struct Later(Option<Receiver<()>>, Cursor<Vec<u8>>);

impl AsyncRead for Later {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        target: &mut [u8],
    ) -> Poll<std::io::Result<usize>> {
        if let Some(gate) = &mut self.0 {
            ready!(gate.poll_next_unpin(context));
            self.0 = None;
        }
        Pin::new(&mut self.1).poll_read(context, target)
    }
}

#[wasm_bindgen]
pub async fn test_a_view_that_is_gone_when_the_bytes_come() -> Outcome {
    if !has_byte_streams() {
        return Ok(());
    }
    let (go_on, gate) = channel(QueuingStrategy::count(1));
    let mut stream = from_async_read(Later(Some(gate), Cursor::new(pattern(0, 300))), 64);
    let mut reader = stream.get_byob_reader();
    let mut large = vec![0; 200];
    assert!(
        once(&mut Box::pin(reader.read(&mut large)))
            .await
            .is_pending()
    );
    task().await;
    drop(reader); // its read fails, and its view is given up
    let mut all = Vec::new();
    let mut rest = Box::pin(async {
        stream
            .get_byob_reader()
            .into_async_read()
            .read_to_end(&mut all)
            .await
    });
    assert!(once(&mut rest).await.is_pending());
    task().await;
    go_on.try_send(()).unwrap();
    rest.await.unwrap();
    assert_eq!(all, pattern(0, 300));
    Ok(())
}

struct Failing(
    usize,
    #[expect(dead_code, reason = "its drop is seen")] Guard,
);

impl AsyncRead for Failing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        target: &mut [u8],
    ) -> Poll<std::io::Result<usize>> {
        self.0 += 1;
        if self.0 > 1 {
            return Poll::Ready(Err(std::io::Error::other("the disk is gone")));
        }
        target[0] = 1;
        Poll::Ready(Ok(1))
    }
}

#[wasm_bindgen]
pub async fn test_javascript_gets_a_readers_error() -> Outcome {
    let dropped = Dropped::default();
    let stream = from_async_read(Failing(0, dropped.guard()), 16);
    let failure = settled(collect(stream.as_raw())).await.unwrap_err();
    assert_eq!(get(&failure, "message"), "the disk is gone");
    assert!(dropped.get());

    let reason = error("the original");
    let mut there = readable_to(&[], &reason).into_async_read();
    there = ReadableStream::from_async_read(there, 16).into_async_read();
    let failure = there.read(&mut [0; 4]).await.unwrap_err();
    assert_eq!(JsReason::from(failure).into_value(), reason);
    Ok(())
}

#[wasm_bindgen]
pub async fn test_cancelling_drops_the_rust_reader() -> Outcome {
    let dropped = Dropped::default();
    let mut stream = from_async_read(Failing(0, dropped.guard()), 16);
    stream.cancel().await?;
    assert!(dropped.get());
    Ok(())
}

#[wasm_bindgen]
pub async fn test_an_engine_without_byte_streams_gets_chunks() -> Outcome {
    // A class that refuses `type: 'bytes'`, as WebKit's did.
    let refusing = js_sys::Reflect::get(&js_sys::global(), &"harness".into())?;
    let class: js_sys::Function = Reflect::get(&refusing, &"WithoutBytes".into())?.unchecked_into();
    let options = tidegate::web::StreamOptions::new().class(class);
    let mut stream =
        ReadableStream::from_async_read_with_options(Cursor::new(pattern(0, 100)), 64, &options)?;
    assert!(stream.try_get_byob_reader().is_err());
    assert_eq!(
        text(collect(stream.as_raw())).await?,
        join(&pattern(0, 100))
    );
    Ok(())
}

fn join(bytes: &[u8]) -> String {
    let texts: Vec<String> = bytes.iter().map(u8::to_string).collect();
    texts.join(",")
}
