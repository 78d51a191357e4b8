//! Readable streams of values.
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Poll;

use futures_util::stream::{self, FusedStream};
use futures_util::{SinkExt, StreamExt, TryStreamExt};
use js_sys::{ArrayBuffer, Uint8Array, Uint16Array};
use tidegate::channel::{QueuingStrategy, channel};
use tidegate::codec::{LinesOptions, decode};
use tidegate::web::{Chunk, ItemError, JsReason, ReadableStream};
use wasm_bindgen::prelude::*;

use crate::harness::*;

#[wasm_bindgen]
pub async fn test_into_stream_reads_to_the_end() -> Outcome {
    let mut stream = readable(&[1, 2, 3]).into_stream();
    let mut all = Vec::new();
    while let Some(chunk) = stream.next().await {
        all.push(chunk?.as_f64().unwrap());
    }
    assert_eq!(all, [1.0, 2.0, 3.0]);
    assert!(stream.is_terminated());
    assert!(stream.next().await.is_none());
    Ok(())
}

#[wasm_bindgen]
pub async fn test_into_stream_fails_with_the_same_object() -> Outcome {
    let reason = error("the file is damaged");
    let source = readable_to(&[1], &reason);
    let raw = source.as_raw().clone();
    let mut stream = source.into_stream();
    assert!(stream.next().await.unwrap().is_ok());
    assert_eq!(stream.next().await.unwrap().unwrap_err(), reason);
    assert!(stream.next().await.is_none());
    drop(stream);
    assert!(!log_of(&raw).contains("cancel"));
    Ok(())
}

#[wasm_bindgen]
pub async fn test_dropping_an_unfinished_stream_cancels() -> Outcome {
    let source = readable(&[1, 2, 3]);
    let raw = source.as_raw().clone();
    let mut stream = source.into_stream();
    stream.next().await.unwrap()?;
    drop(stream);
    assert!(
        log_of(&raw).ends_with("cancel undefined"),
        "{}",
        log_of(&raw)
    );
    assert!(!ReadableStream::from_raw(raw).is_locked());
    Ok(())
}

#[wasm_bindgen]
pub async fn test_dropping_a_stream_while_a_read_is_pending_cancels() -> Outcome {
    let source = readable_to(&[], &"hang".into());
    let raw = source.as_raw().clone();
    let mut stream = source.into_stream();
    assert!(once(&mut stream.next()).await.is_pending());
    drop(stream);
    task().await;
    assert!(
        log_of(&raw).ends_with("cancel undefined"),
        "{}",
        log_of(&raw)
    );
    Ok(())
}

#[wasm_bindgen]
pub async fn test_dropping_a_finished_stream_cancels_nothing() -> Outcome {
    let source = readable(&[1]);
    let raw = source.as_raw().clone();
    let all: Vec<JsValue> = source.into_stream().try_collect().await?;
    assert_eq!(all.len(), 1);
    assert!(!log_of(&raw).contains("cancel"));
    assert!(!ReadableStream::from_raw(raw).is_locked());
    Ok(())
}

#[wasm_bindgen]
pub async fn test_cancel_passes_the_reason() -> Outcome {
    let source = readable(&[1, 2]);
    let raw = source.as_raw().clone();
    source
        .into_stream()
        .cancel_with_reason(&"enough".into())
        .await?;
    assert!(log_of(&raw).ends_with("cancel enough"));
    let mut other = readable(&[1]);
    let raw = other.as_raw().clone();
    other.cancel_with_reason(&"enough".into()).await?;
    assert!(log_of(&raw).ends_with("cancel enough"));
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_read_that_is_dropped_loses_no_chunk() -> Outcome {
    let mut source = readable(&[1, 2]);
    let mut reader = source.get_reader();
    assert!(once(&mut Box::pin(reader.read())).await.is_pending());
    assert_eq!(reader.read().await?, Some(1.into()));
    assert_eq!(reader.read().await?, Some(2.into()));
    assert_eq!(reader.read().await?, None);
    reader.closed().await?;
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_reader_locks_and_its_drop_releases() -> Outcome {
    let mut source = readable(&[1, 2, 3]);
    let mut again = ReadableStream::from_raw(source.as_raw().clone());
    {
        let mut reader = source.get_reader();
        assert_eq!(reader.read().await?, Some(1.into()));
        assert!(again.is_locked());
        assert!(again.try_get_reader().is_err());
        assert!(again.cancel().await.is_err());
        let (_, again) = again.try_into_stream().unwrap_err();
        assert!(again.try_tee().is_err());
    }
    let mut head = source.get_reader().into_stream();
    assert_eq!(head.next().await.unwrap()?, 2);
    drop(head);
    assert!(!source.is_locked());
    assert_eq!(source.get_reader().read().await?, Some(3.into()));
    source.get_reader().release_lock();
    assert!(source.get_reader().try_release_lock().is_ok());
    assert!(!log_of(source.as_raw()).contains("cancel"));
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_pending_read_fails_when_the_lock_is_released() -> Outcome {
    let mut source = readable_to(&[], &"hang".into());
    let mut reader = source.get_reader();
    assert!(once(&mut Box::pin(reader.read())).await.is_pending());
    drop(reader);
    task().await;
    assert!(!source.is_locked());
    Ok(())
}

#[wasm_bindgen]
pub async fn test_typed_items() -> Outcome {
    let texts: Vec<String> = readable_of(values(["a", "b"]))
        .into_typed_stream::<String>()
        .try_collect()
        .await
        .map_err(JsValue::from)?;
    assert_eq!(texts, ["a", "b"]);
    let mut texts = readable_of(js_sys::Array::of3(
        &"one".into(),
        &2.into(),
        &"three".into(),
    ))
    .into_typed_stream::<String>();
    assert_eq!(texts.next().await, Some(Ok("one".into())));
    assert_eq!(texts.next().await, Some(Err(ItemError::Item(2.into()))));
    assert_eq!(texts.next().await, Some(Ok("three".into())));
    assert_eq!(texts.next().await, None);
    let reason = error("broken");
    let mut failing = readable_to(&[], &reason).into_typed_stream::<f64>();
    assert_eq!(failing.next().await, Some(Err(ItemError::Stream(reason))));
    Ok(())
}

#[wasm_bindgen]
pub async fn test_chunks_of_bytes_of_every_kind() -> Outcome {
    let buffer = ArrayBuffer::new(4);
    Uint8Array::new(&buffer).copy_from(&[1, 2, 3, 4]);
    let inner = Uint16Array::new_with_byte_offset_and_length(&buffer, 2, 1);
    let kinds = js_sys::Array::of4(
        &buffer,
        &inner,
        &Uint8Array::from([9].as_slice()),
        &"text".into(),
    );
    let mut chunks = readable_of(kinds).into_typed_stream::<Chunk>();
    assert_eq!(*chunks.next().await.unwrap().unwrap(), [1, 2, 3, 4]);
    assert_eq!(*chunks.next().await.unwrap().unwrap(), [3, 4]);
    assert_eq!(*chunks.next().await.unwrap().unwrap(), [9]);
    let refused = chunks.next().await.unwrap().unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("a chunk is a string, not bytes: pass a Uint8Array"),
        "{refused}"
    );
    Ok(())
}

#[wasm_bindgen]
pub async fn test_chunks_are_what_codecs_read() -> Outcome {
    let parts = ["one\ntw", "o\nthree"].map(|part| Uint8Array::from(part.as_bytes()));
    let mut lines = Vec::new();
    decode(readable_of(values(parts)).into_typed_stream::<Chunk>())
        .lines(LinesOptions::default())
        .records()
        .for_each(|line| lines.push(line[0].to_owned()))
        .await
        .map_err(|failure| error(&failure.to_string()))?;
    assert_eq!(lines, ["one", "two", "three"]);
    Ok(())
}

#[wasm_bindgen]
pub async fn test_javascript_reads_a_rust_stream() -> Outcome {
    let stream = from_stream(stream::iter(
        (1..=3).map(|number| Ok(JsValue::from(number))),
    ));
    assert_eq!(text(collect(stream.as_raw())).await?, "1,2,3");
    let typed = ReadableStream::from_typed_stream(stream::iter(["a", "b"].map(Ok::<_, JsValue>)));
    assert_eq!(text(collect(typed.as_raw())).await?, "a,b");
    let converted: ReadableStream = stream::iter([Ok(JsValue::from(7))]).into();
    assert_eq!(text(collect(&converted.into_raw())).await?, "7");
    Ok(())
}

#[wasm_bindgen]
pub async fn test_javascript_gets_a_rust_error_as_the_same_object() -> Outcome {
    let reason = error("no more rows");
    let stream = from_stream(stream::iter([Ok(1.into()), Err(reason.clone())]));
    assert_eq!(settled(collect(stream.as_raw())).await.unwrap_err(), reason);
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_rust_stream_is_polled_when_it_is_read() -> Outcome {
    let polled = Rc::new(Cell::new(0));
    let count = polled.clone();
    let source = move || {
        stream::repeat_with({
            let count = count.clone();
            move || {
                count.set(count.get() + 1);
                Ok(JsValue::from(count.get()))
            }
        })
    };
    let mut stream = from_stream(source());
    task().await;
    assert_eq!(polled.get(), 0);
    let mut reader = stream.get_reader();
    assert_eq!(reader.read().await?, Some(1.into()));
    assert_eq!(reader.read().await?, Some(2.into()));
    task().await;
    assert_eq!(polled.get(), 2);
    reader.cancel().await?;
    polled.set(0);
    let ahead = options("ReadableStream").high_water_mark(5.0);
    let _stream = ReadableStream::from_stream_with_options(source(), &ahead)?;
    for _ in 0..10 {
        task().await;
    }
    assert_eq!(polled.get(), 5);
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_rust_stream_is_never_polled_from_within_read() -> Outcome {
    let state = Rc::new(RefCell::new(0));
    let inner = state.clone();
    let stream = stream::repeat_with(move || {
        *inner.borrow_mut() += 1;
        Ok(JsValue::from(1))
    });
    let mut stream = from_stream(stream);
    let reader = stream.get_reader();
    let borrowed = state.borrow_mut();
    let read = call(reader.as_raw(), "read", &values::<JsValue>([]));
    drop(borrowed);
    settled(read).await?;
    assert_eq!(*state.borrow(), 1);
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_rust_stream_that_waits() -> Outcome {
    let (sender, receiver) = channel(QueuingStrategy::count(1));
    let failed = |failure: tidegate::channel::Failure| error(&failure.to_string());
    let mut stream = from_stream(receiver.map_err(failed).map_ok(|number: i32| number.into()));
    let mut reader = stream.get_reader();
    for number in 0..5 {
        let mut read = Box::pin(reader.read());
        assert!(once(&mut read).await.is_pending());
        task().await;
        sender.send(number).await.unwrap();
        assert_eq!(read.await?, Some(number.into()));
    }
    sender.fail("the socket is gone");
    let failure = reader.read().await.unwrap_err();
    assert!(
        JsReason::new(failure)
            .to_string()
            .contains("the socket is gone")
    );
    Ok(())
}

#[wasm_bindgen]
pub async fn test_cancelling_drops_the_rust_stream() -> Outcome {
    let dropped = Dropped::default();
    let mut stream = from_stream(Stuck(dropped.guard()));
    stream.cancel().await?;
    assert!(dropped.get());

    let dropped = Dropped::default();
    let mut stream = from_stream(Stuck(dropped.guard()));
    let mut reader = stream.get_reader();
    let mut read = Box::pin(reader.read());
    assert!(once(&mut read).await.is_pending());
    task().await;
    drop(read);
    reader.cancel().await?;
    assert!(dropped.get());
    assert_eq!(reader.read().await?, None);
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_rust_stream_is_dropped_at_its_end_and_when_it_fails() -> Outcome {
    for end in [None, Some(Err(error("broken")))] {
        let dropped = Dropped::default();
        let guard = dropped.guard();
        let source = stream::iter(end.clone()).inspect(move |_| {
            let _ = &guard;
        });
        let stream = from_stream(source);
        assert_eq!(
            settled(collect(stream.as_raw())).await.is_err(),
            end.is_some()
        );
        task().await;
        assert!(dropped.get());
    }
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_stream_that_cancels_itself_while_it_is_polled() -> Outcome {
    let raw: Rc<RefCell<Option<JsValue>>> = Rc::default();
    let own = raw.clone();
    let dropped = Dropped::default();
    let guard = dropped.guard();
    let stream = from_stream(stream::poll_fn(move |_| {
        let _ = &guard;
        let reader = own.borrow_mut().take().unwrap();
        call(&reader, "cancel", &values::<JsValue>([]));
        Poll::Ready(Some(Ok(JsValue::from(1))))
    }));
    let reader = call(stream.as_raw(), "getReader", &values::<JsValue>([]));
    raw.replace(Some(reader.clone()));
    let read = settled(call(&reader, "read", &values::<JsValue>([]))).await?;
    assert_eq!(get(&read, "done"), true);
    task().await;
    assert!(dropped.get());
    Ok(())
}

#[wasm_bindgen]
pub async fn test_there_and_back() -> Outcome {
    let there = from_stream(stream::iter(
        (0..100).map(|number| Ok(JsValue::from(number))),
    ));
    let back: Vec<f64> = there
        .into_typed_stream::<f64>()
        .try_collect()
        .await
        .map_err(JsValue::from)?;
    assert_eq!(back.len(), 100);
    assert_eq!(back.iter().sum::<f64>(), 4950.0);
    Ok(())
}

#[wasm_bindgen]
pub async fn test_from_js_takes_streams_only() -> Outcome {
    assert!(ReadableStream::from_js(readable(&[1]).into_raw().into()).is_ok());
    assert_eq!(ReadableStream::from_js(1.into()).unwrap_err(), 1);
    assert!(ReadableStream::from_js(js_sys::Object::new().into()).is_err());
    assert!(ReadableStream::from_js(JsValue::UNDEFINED).is_err());
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_receiver_that_is_dropped_with_the_stream_tells_its_sender() -> Outcome {
    let (mut sender, receiver) = channel::<i32>(QueuingStrategy::count(1));
    let mut stream = ReadableStream::from_typed_stream(receiver.map_err(|_| "failed"));
    sender.send(1).await.unwrap();
    stream.cancel().await?;
    assert!(SinkExt::send(&mut sender, 2).await.is_err());
    Ok(())
}
