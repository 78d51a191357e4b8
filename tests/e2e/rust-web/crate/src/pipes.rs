//! Pipes, tees and pairs, between streams of one class and of two.
use futures_util::{SinkExt, StreamExt, TryStreamExt, stream};
use tidegate::channel::{QueuingStrategy, channel};
use tidegate::web::readable::PipeOptions;
use tidegate::web::{ReadableStream, TransformStream, WritableStream};
use wasm_bindgen::prelude::*;

use crate::harness::*;

/// A sink of the engine's own class, and one of the run's class.
fn sinks(how: &str) -> [WritableStream; 2] {
    let of_engine = call(
        &engine("writable"),
        "make",
        &values::<JsValue>([1.into(), how.into()]),
    );
    [
        writable(1.0, how),
        WritableStream::from_js(of_engine).unwrap(),
    ]
}

/// A stream of the engine's own class, and one of the run's class.
fn sources(end: &JsValue) -> [ReadableStream; 2] {
    let numbers = values([1, 2, 3]);
    let of_engine = call(
        &engine("readable"),
        "make",
        &values::<JsValue>([numbers.into(), end.clone()]),
    );
    [
        readable_to(&[1, 2, 3], end),
        ReadableStream::from_js(of_engine).unwrap(),
    ]
}

#[wasm_bindgen]
pub async fn test_pipe_to_between_any_two() -> Outcome {
    for at in 0..4 {
        let [a, b] = sources(&JsValue::UNDEFINED);
        let [c, d] = sinks("");
        let mut source = if at & 1 == 0 { a } else { b };
        let mut sink = if at & 2 == 0 { c } else { d };
        source.pipe_to(&mut sink).await?;
        assert_eq!(
            log_of(sink.as_raw()),
            "write 1,write 2,write 3,close",
            "{at}"
        );
        assert!(!source.is_locked() && !sink.is_locked());
    }
    Ok(())
}

#[wasm_bindgen]
pub async fn test_errors_cross_a_pipe() -> Outcome {
    for at in 0..4 {
        let reason = error("the file is damaged");
        let [a, b] = sources(&reason);
        let [c, d] = sinks("");
        let mut source = if at & 1 == 0 { a } else { b };
        let mut sink = if at & 2 == 0 { c } else { d };
        assert_eq!(source.pipe_to(&mut sink).await.unwrap_err(), reason, "{at}");
        let log = log_of(sink.as_raw());
        assert!(
            log.ends_with("abort Error: the file is damaged"),
            "{at}: {log}"
        );
        assert!(!source.is_locked() && !sink.is_locked());

        let [a, b] = sources(&JsValue::UNDEFINED);
        let [c, d] = sinks("fail");
        let mut source = if at & 1 == 0 { a } else { b };
        let mut sink = if at & 2 == 0 { c } else { d };
        let reason = get(sink.as_raw(), "failure");
        assert_eq!(source.pipe_to(&mut sink).await.unwrap_err(), reason, "{at}");
        let log = log_of(source.as_raw());
        assert!(
            log.ends_with("cancel Error: the second write fails"),
            "{at}: {log}"
        );
        assert!(!source.is_locked() && !sink.is_locked());
    }
    assert_eq!(text(unhandled()).await?, "");
    Ok(())
}

#[wasm_bindgen]
pub async fn test_a_pipe_learns_of_an_idle_sinks_error() -> Outcome {
    for (source, mut sink) in sources(&"hang".into()).into_iter().zip(sinks("")) {
        let mut source = source;
        let reason = error("the disk is gone");
        let controller = get(sink.as_raw(), "controller");
        let raw = sink.as_raw().clone();
        let mut piped = Box::pin(source.pipe_to(&mut sink));
        assert!(once(&mut piped).await.is_pending());
        for _ in 0..5 {
            task().await;
        }
        assert!(log_of(&raw).ends_with("write 3"), "{}", log_of(&raw));
        call(&controller, "error", &values([reason.clone()]));
        assert_eq!(piped.await.unwrap_err(), reason);
    }
    let [_, mut source] = sources(&"hang".into());
    let [mut sink, _] = sinks("");
    let reason = error("the disk is gone");
    let controller = get(sink.as_raw(), "controller");
    let mut piped = Box::pin(source.pipe_to(&mut sink));
    assert!(once(&mut piped).await.is_pending());
    task().await;
    call(&controller, "error", &values([reason.clone()]));
    assert_eq!(piped.await.unwrap_err(), reason);
    Ok(())
}

#[wasm_bindgen]
pub async fn test_options_of_a_pipe() -> Outcome {
    for at in 0..4 {
        let [a, b] = sources(&JsValue::UNDEFINED);
        let [c, d] = sinks("");
        let mut source = if at & 1 == 0 { a } else { b };
        let mut sink = if at & 2 == 0 { c } else { d };
        let mut options = PipeOptions::new();
        options
            .prevent_close(true)
            .prevent_abort(true)
            .prevent_cancel(true);
        source.pipe_to_with_options(&mut sink, &options).await?;
        assert_eq!(log_of(sink.as_raw()), "write 1,write 2,write 3");
        sink.get_writer().write(4.into()).await?;

        let controller = web_sys::AbortController::new()?;
        let mut options = PipeOptions::new();
        options.signal(controller.signal());
        let [a, b] = sources(&"hang".into());
        let [c, d] = sinks("");
        let mut source = if at & 1 == 0 { a } else { b };
        let mut sink = if at & 2 == 0 { c } else { d };
        let raw = sink.as_raw().clone();
        let mut piped = Box::pin(source.pipe_to_with_options(&mut sink, &options));
        assert!(once(&mut piped).await.is_pending());
        task().await;
        controller.abort_with_reason(&"enough".into());
        assert_eq!(piped.await.unwrap_err(), "enough");
        assert!(
            log_of(&raw).ends_with("abort enough"),
            "{at}: {}",
            log_of(&raw)
        );
    }
    Ok(())
}

/// Doubles, in Rust.
fn doubling() -> TransformStream {
    let failed = |failure: tidegate::channel::Failure| error(&failure.to_string());
    let (sender, receiver) = channel::<f64>(QueuingStrategy::count(1));
    TransformStream::from_pair(
        WritableStream::from_typed_sink(sender.sink_map_err(failed)),
        ReadableStream::from_typed_stream(
            receiver.map(move |number| number.map(|number| 2.0 * number).map_err(failed)),
        ),
    )
}

#[wasm_bindgen]
pub async fn test_pipe_through() -> Outcome {
    for source in sources(&JsValue::UNDEFINED) {
        let doubled = source.pipe_through(doubling());
        assert_eq!(text(collect(doubled.as_raw())).await?, "2,4,6");
    }
    let pair = call(&engine("pair"), "make", &values::<JsValue>([]));
    for source in sources(&JsValue::UNDEFINED) {
        let through =
            TransformStream::from_js(call(&engine("pair"), "make", &values::<JsValue>([])));
        let same = source.pipe_through(through.unwrap());
        assert_eq!(text(collect(same.as_raw())).await?, "1,2,3");
    }
    assert!(TransformStream::from_js(pair.clone()).is_ok());
    assert!(TransformStream::from_js(1.into()).is_err());
    Ok(())
}

#[wasm_bindgen]
pub async fn test_pipe_through_a_pair_of_the_runs_class() -> Outcome {
    for at in 0..2 {
        let [a, b] = sources(&JsValue::UNDEFINED);
        let source = if at == 0 { a } else { b };
        let failed = |failure: tidegate::channel::Failure| error(&failure.to_string());
        let (sender, receiver) = channel::<f64>(QueuingStrategy::count(1));
        let sink = WritableStream::from_sink_with_options(
            sender.sink_map_err(failed).with(|chunk: JsValue| {
                std::future::ready(Ok::<_, JsValue>(chunk.as_f64().unwrap()))
            }),
            &options("WritableStream"),
        )?;
        let through = TransformStream::from_pair(
            sink,
            from_stream(receiver.map_ok(JsValue::from).map_err(failed)),
        );
        let same = source.pipe_through(through);
        assert_eq!(text(collect(same.as_raw())).await?, "1,2,3");
    }
    Ok(())
}

#[wasm_bindgen]
pub async fn test_pipe_through_refuses_a_locked_stream() -> Outcome {
    for source in sources(&JsValue::UNDEFINED) {
        let mut locked = ReadableStream::from_raw(source.as_raw().clone());
        let _reader = locked.get_reader();
        assert!(
            source
                .try_pipe_through(doubling(), &PipeOptions::new())
                .is_err()
        );
    }
    Ok(())
}

#[wasm_bindgen]
pub async fn test_tee() -> Outcome {
    let (left, right) = readable(&[1, 2]).tee();
    assert_eq!(text(collect(left.as_raw())).await?, "1,2");
    assert_eq!(text(collect(right.as_raw())).await?, "1,2");
    let (left, right) = from_stream(stream::iter([Ok(3.into())])).tee();
    drop(left.into_stream());
    let rest: Vec<JsValue> = right.into_stream().try_collect().await?;
    assert_eq!(rest, [3]);
    Ok(())
}

#[wasm_bindgen]
pub async fn test_rust_pipes_between_handles() -> Outcome {
    let source = readable(&[1, 2, 3]).into_stream();
    let sink = writable(1.0, "");
    let raw = sink.as_raw().clone();
    tidegate::pipe::pipe_to(source, sink.into_sink())
        .await
        .map_err(|_| error("the pipe failed"))?;
    assert_eq!(log_of(&raw), "write 1,write 2,write 3,close");
    let source = readable_to(&[1], &error("broken")).into_stream();
    let sink = writable(1.0, "");
    let raw = sink.as_raw().clone();
    assert!(
        tidegate::pipe::pipe_to(source, sink.into_sink())
            .await
            .is_err()
    );
    task().await;
    assert!(
        log_of(&raw).contains("abort Error: tidegate"),
        "{}",
        log_of(&raw)
    );
    Ok(())
}
