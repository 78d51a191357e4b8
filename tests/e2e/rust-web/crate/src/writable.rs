//! Writable streams.
use std::cell::RefCell;
use std::rc::Rc;

use futures_util::{AsyncWriteExt, SinkExt, sink};
use tidegate::channel::{QueuingStrategy, channel};
use tidegate::web::{Chunk, JsReason, WritableStream};
use wasm_bindgen::prelude::*;

use crate::harness::*;

fn from_sink(sink: impl futures_util::Sink<JsValue, Error = JsValue> + 'static) -> WritableStream {
    WritableStream::from_sink_with_options(sink, &options("WritableStream")).unwrap()
}

/// A sink that keeps what it gets.
fn keeping() -> (
    impl futures_util::Sink<JsValue, Error = JsValue>,
    Rc<RefCell<Vec<JsValue>>>,
) {
    let kept: Rc<RefCell<Vec<JsValue>>> = Rc::default();
    let all = kept.clone();
    let sink = sink::unfold((), move |(), chunk: JsValue| {
        all.borrow_mut().push(chunk);
        async { Ok(()) }
    });
    (Box::pin(sink), kept)
}

#[wasm_bindgen]
pub async fn test_into_sink_writes_and_closes() -> Outcome {
    let target = writable(1.0, "");
    let raw = target.as_raw().clone();
    let mut sink = target.into_sink();
    sink.send(1.into()).await?;
    sink.feed(2.into()).await?;
    sink.close().await?;
    assert_eq!(log_of(&raw), "write 1,write 2,close");
    sink.close().await?; // nothing to do
    assert!(sink.send(3.into()).await.is_err());
    drop(sink);
    task().await;
    assert_eq!(log_of(&raw), "write 1,write 2,close");
    assert!(!WritableStream::from_raw(raw).is_locked());
    Ok(())
}

#[wasm_bindgen]
pub async fn test_into_sink_waits_while_there_is_backpressure() -> Outcome {
    let target = writable(2.0, "hang");
    let raw = target.as_raw().clone();
    let mut sink = target.into_sink();
    sink.feed(1.into()).await?;
    sink.feed(2.into()).await?;
    let mut third = Box::pin(sink.feed(3.into()));
    task().await;
    assert!(once(&mut third).await.is_pending());
    assert_eq!(log_of(&raw), "write 1");
    go(&raw);
    third.await?;
    sink.flush().await?;
    assert_eq!(log_of(&raw), "write 1,write 2,write 3");
    sink.close().await
}

#[wasm_bindgen]
pub async fn test_a_flush_waits_for_every_write() -> Outcome {
    let target = writable(4.0, "hang");
    let raw = target.as_raw().clone();
    let mut sink = target.into_sink();
    sink.feed(1.into()).await?;
    sink.feed(2.into()).await?;
    let mut flush = Box::pin(sink.flush());
    task().await;
    assert!(once(&mut flush).await.is_pending());
    go(&raw);
    flush.await?;
    assert_eq!(log_of(&raw), "write 1,write 2");
    sink.close().await
}

#[wasm_bindgen]
pub async fn test_into_sink_fails_with_the_same_object_from_then_on() -> Outcome {
    let target = writable(4.0, "fail");
    let raw = target.as_raw().clone();
    let reason = get(&raw, "failure");
    let mut sink = target.into_sink();
    sink.feed(1.into()).await?;
    sink.feed(2.into()).await?;
    sink.feed(3.into()).await?;
    assert_eq!(sink.flush().await.unwrap_err(), reason);
    assert_eq!(sink.send(4.into()).await.unwrap_err(), reason);
    assert_eq!(sink.flush().await.unwrap_err(), reason);
    assert_eq!(sink.close().await.unwrap_err(), reason);
    drop(sink);
    assert_eq!(text(unhandled()).await?, "");
    assert_eq!(log_of(&raw), "write 1,write 2");
    Ok(())
}

#[wasm_bindgen]
pub async fn test_into_sink_learns_of_an_error_while_it_waits() -> Outcome {
    let target = writable(1.0, "hang");
    let raw = target.as_raw().clone();
    let mut sink = target.into_sink();
    sink.feed(1.into()).await?;
    let mut second = Box::pin(sink.feed(2.into()));
    assert!(once(&mut second).await.is_pending());
    let reason = error("the disk is full");
    call(&get(&raw, "controller"), "error", &values([reason.clone()]));
    assert_eq!(second.await.unwrap_err(), reason);
    go(&raw);
    drop(sink);
    assert_eq!(text(unhandled()).await?, "");
    Ok(())
}

#[wasm_bindgen]
pub async fn test_dropping_an_unfinished_sink_aborts() -> Outcome {
    let target = writable(1.0, "");
    let raw = target.as_raw().clone();
    let mut sink = target.into_sink();
    sink.send(1.into()).await?;
    drop(sink);
    task().await;
    let log = log_of(&raw);
    assert!(
        log.starts_with("write 1,abort Error: tidegate: the Rust sink was dropped"),
        "{log}"
    );
    assert!(!WritableStream::from_raw(raw).is_locked());
    assert_eq!(text(unhandled()).await?, "");
    Ok(())
}

#[wasm_bindgen]
pub async fn test_dropping_a_sink_amid_a_write_aborts() -> Outcome {
    let target = writable(1.0, "hang");
    let raw = target.as_raw().clone();
    let mut sink = target.into_sink();
    sink.feed(1.into()).await?;
    assert!(once(&mut sink.flush()).await.is_pending());
    task().await;
    assert_eq!(log_of(&raw), "write 1");
    drop(sink);
    go(&raw);
    task().await;
    let log = log_of(&raw);
    assert!(
        log.starts_with("write 1,abort Error: tidegate: the Rust sink was dropped"),
        "{log}"
    );
    assert_eq!(text(unhandled()).await?, "");
    Ok(())
}

#[wasm_bindgen]
pub async fn test_dropping_a_writers_sink_releases_the_lock_only() -> Outcome {
    let mut target = writable(1.0, "");
    let mut sink = target.get_writer().into_sink();
    sink.send(1.into()).await?;
    drop(sink);
    assert!(!target.is_locked());
    let mut writer = target.get_writer();
    assert_eq!(writer.desired_size(), Some(1.0));
    writer.ready().await?;
    writer.write(2.into()).await?;
    writer.close().await?;
    writer.closed().await?;
    drop(writer);
    assert_eq!(log_of(target.as_raw()), "write 1,write 2,close");
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_writer_locks() -> Outcome {
    let mut target = writable(1.0, "");
    let mut again = WritableStream::from_raw(target.as_raw().clone());
    let mut writer = target.get_writer();
    assert!(again.is_locked());
    assert!(again.try_get_writer().is_err());
    assert!(again.abort().await.is_err());
    let (_, again) = again.try_into_sink().unwrap_err();
    assert!(again.try_into_async_write().is_err());
    writer.abort_with_reason(&"enough".into()).await?;
    assert_eq!(writer.desired_size(), None);
    drop(writer);
    assert_eq!(log_of(target.as_raw()), "abort enough");
    Ok(())
}

#[wasm_bindgen]
pub async fn test_aborts_and_closes_of_handles() -> Outcome {
    let target = writable(1.0, "");
    let raw = target.as_raw().clone();
    target
        .into_sink()
        .abort_with_reason(&"enough".into())
        .await?;
    assert_eq!(log_of(&raw), "abort enough");
    let mut target = writable(1.0, "");
    target.close().await?;
    assert_eq!(log_of(target.as_raw()), "close");
    assert!(target.close().await.is_err());
    assert!(WritableStream::from_js(target.into_raw().into()).is_ok());
    assert!(WritableStream::from_js("a".into()).is_err());
    Ok(())
}

#[wasm_bindgen]
pub async fn test_typed_sinks() -> Outcome {
    let target = writable(1.0, "");
    let raw = target.as_raw().clone();
    let mut sink = target.into_typed_sink::<&str>();
    sink.send("a").await?;
    sink.close().await?;
    assert_eq!(log_of(&raw), "write a,close");
    let target = writable(1.0, "");
    let raw = target.as_raw().clone();
    let mut sink = target.into_typed_sink::<Chunk>();
    sink.send(vec![1, 2].into()).await?;
    sink.into_inner().close().await?;
    assert_eq!(log_of(&raw), "write 1,2,close");
    Ok(())
}

#[wasm_bindgen]
pub async fn test_javascript_writes_into_a_rust_sink() -> Outcome {
    let (sink, kept) = keeping();
    let stream = from_sink(sink);
    let writer = call(stream.as_raw(), "getWriter", &values::<JsValue>([]));
    settled(call(&writer, "write", &values([1]))).await?;
    call(&writer, "write", &values([2]));
    settled(call(&writer, "close", &values::<JsValue>([]))).await?;
    assert_eq!(*kept.borrow(), [1, 2].map(JsValue::from));
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_rust_sink_is_never_polled_from_within_write() -> Outcome {
    let (sink, kept) = keeping();
    let stream = from_sink(sink);
    let writer = call(stream.as_raw(), "getWriter", &values::<JsValue>([]));
    task().await; // the stream has started, so that write() calls the sink at once
    let borrowed = kept.borrow_mut();
    let written = call(&writer, "write", &values([1]));
    drop(borrowed);
    settled(written).await?;
    assert_eq!(kept.borrow().len(), 1);
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_full_rust_channel_is_backpressure_for_javascript() -> Outcome {
    let (sender, mut receiver) = channel::<String>(QueuingStrategy::count(1));
    let sender = sender.sink_map_err(|failure| error(&failure.to_string()));
    let stream = WritableStream::from_typed_sink(sender);
    let writer = call(stream.as_raw(), "getWriter", &values::<JsValue>([]));
    settled(call(&writer, "write", &values(["one"]))).await?;
    let mut second = Box::pin(settled(call(&writer, "write", &values(["two"]))));
    task().await;
    assert!(once(&mut second).await.is_pending());
    assert_eq!(get(&writer, "desiredSize"), 0);
    assert_eq!(receiver.recv().await.unwrap(), Some("one".into()));
    second.await?;
    assert_eq!(receiver.recv().await.unwrap(), Some("two".into()));
    let refused = settled(call(&writer, "write", &values([3])))
        .await
        .unwrap_err();
    assert_eq!(refused, 3);
    assert!(receiver.recv().await.is_err());
    assert_eq!(text(unhandled()).await?, "");
    Ok(())
}

#[wasm_bindgen]
pub async fn test_javascript_gets_a_rust_sinks_error_as_the_same_object() -> Outcome {
    let reason = error("the disk is full");
    let dropped = Dropped::default();
    let (failure, guard) = (reason.clone(), dropped.guard());
    let sink = sink::unfold((), move |(), _chunk: JsValue| {
        let _ = &guard;
        std::future::ready(Err::<(), JsValue>(failure.clone()))
    });
    let stream = from_sink(sink);
    let writer = call(stream.as_raw(), "getWriter", &values::<JsValue>([]));
    assert_eq!(
        settled(call(&writer, "write", &values([1])))
            .await
            .unwrap_err(),
        reason
    );
    assert_eq!(settled(get(&writer, "closed")).await.unwrap_err(), reason);
    assert!(dropped.get());
    Ok(())
}

#[wasm_bindgen]
pub async fn test_an_abort_drops_the_rust_sink_even_amid_a_write() -> Outcome {
    let dropped = Dropped::default();
    let mut stream = from_sink(Stuck(dropped.guard()));
    stream.abort().await?;
    assert!(dropped.get());

    let dropped = Dropped::default();
    let stream = from_sink(Stuck(dropped.guard()));
    let writer = call(stream.as_raw(), "getWriter", &values::<JsValue>([]));
    let written = call(&writer, "write", &values([1]));
    task().await;
    assert!(!dropped.get());
    let reason = error("the user left");
    settled(call(&writer, "abort", &values([reason.clone()]))).await?;
    assert!(dropped.get());
    assert_eq!(settled(written).await.unwrap_err(), reason);
    let closed = settled(get(&writer, "closed")).await.unwrap_err();
    assert_eq!(closed, reason);
    assert_eq!(text(unhandled()).await?, "");
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_close_of_a_rust_sink_closes_and_drops_it() -> Outcome {
    let (sender, mut receiver) = channel::<f64>(QueuingStrategy::count(1));
    let sender = sender.sink_map_err(|failure| error(&failure.to_string()));
    let mut stream = WritableStream::from_typed_sink(sender);
    stream.close().await?;
    assert_eq!(receiver.recv().await.unwrap(), None);
    let (sender, mut receiver) = channel::<f64>(QueuingStrategy::count(1));
    let sender = sender.sink_map_err(|failure| error(&failure.to_string()));
    let mut stream = WritableStream::from_typed_sink(sender);
    stream.get_writer().write(1.into()).await?;
    stream.abort().await?;
    assert!(receiver.recv().await.is_err()); // it does not look complete
    Ok(())
}

#[wasm_bindgen]
pub async fn test_async_write() -> Outcome {
    let target = writable(1.0, "");
    let raw = target.as_raw().clone();
    let mut writer = target.into_async_write();
    writer.write_all(b"ab").await.unwrap();
    writer.flush().await.unwrap();
    writer.close().await.unwrap();
    assert_eq!(log_of(&raw), "write 97,98,close");

    let target = writable(1.0, "fail");
    let raw = target.as_raw().clone();
    let mut writer = target.into_async_write();
    writer.write_all(b"a").await.unwrap();
    writer.write_all(b"b").await.unwrap();
    let failure = writer.flush().await.unwrap_err();
    assert_eq!(JsReason::from(failure).into_value(), get(&raw, "failure"));

    let target = writable(1.0, "");
    let raw = target.as_raw().clone();
    let mut writer = target.into_async_write();
    writer.write_all(b"a").await.unwrap();
    writer.flush().await.unwrap();
    drop(writer);
    task().await;
    assert!(
        log_of(&raw).starts_with("write 97,abort Error"),
        "{}",
        log_of(&raw)
    );

    let mut target = writable(1.0, "");
    target
        .get_writer()
        .into_async_write()
        .write_all(b"a")
        .await
        .unwrap();
    target.close().await?;
    assert_eq!(log_of(target.as_raw()), "write 97,close");
    Ok(())
}
