//! Pipes and pipelines, one behaviour a test.
#[path = "channel_support/mod.rs"]
mod support;

use futures_executor::block_on;
use futures_util::future::join;
use futures_util::{SinkExt, StreamExt, TryStreamExt, sink, stream};
use support::Task;
use tidegate::channel::{FailureKind, QueuingStrategy, TryRecvError, channel};
use tidegate::pipe::{PipeError, pipe_through, pipe_to, pipeline};

type Never = std::convert::Infallible;

#[test]
fn a_pipe_between_two_channels_moves_every_value_and_closes() {
    let (sender, source) = channel(QueuingStrategy::count(4));
    let (sink, receiver) = channel(QueuingStrategy::count(2));
    let produce = async move {
        for turn in 0..1_000 {
            sender.send(turn).await.unwrap();
        }
    };
    let consume = receiver.try_collect::<Vec<_>>();
    let ((_, piped), all) = block_on(join(join(produce, pipe_to(source, sink)), consume));
    piped.unwrap();
    assert!(all.unwrap().into_iter().eq(0..1_000));
}

#[test]
fn a_pipe_reads_nothing_while_its_sink_is_full() {
    let (sender, source) = channel(QueuingStrategy::count(8));
    let (sink, mut receiver) = channel(QueuingStrategy::count(2));
    (0..8).for_each(|turn| sender.try_send(turn).unwrap());
    let mut pipe = Task::new(pipe_to(source, sink));
    assert!(pipe.poll().is_pending());
    assert_eq!((receiver.len(), sender.desired_size()), (2, 2));
    assert_eq!(receiver.try_recv(), Ok(0));
    assert!(pipe.take_wakes() > 0);
    assert!(pipe.poll().is_pending());
    assert_eq!((receiver.len(), sender.desired_size()), (2, 3));
}

#[test]
fn a_source_that_fails_aborts_the_sink_after_what_was_read() {
    let (sink, mut receiver) = channel(QueuingStrategy::count(4));
    let source = stream::iter([Ok(1), Ok(2), Err("damaged")]);
    let pipe = pipe_to(source, sink).abort_with(|sink, error| sink.fail(*error));
    assert!(matches!(block_on(pipe), Err(PipeError::Source("damaged"))));
    let failure = block_on(receiver.recv()).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Failed);
}

#[test]
fn a_source_that_fails_aborts_a_sink_without_a_hook_by_its_drop() {
    let (sink, mut receiver) = channel(QueuingStrategy::count(4));
    let source = stream::iter([Ok(1), Err("damaged")]);
    assert!(block_on(pipe_to(source, sink)).is_err());
    let failure = block_on(receiver.recv()).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Aborted);
}

#[test]
fn a_sink_that_fails_cancels_the_source_also_while_that_has_nothing() {
    let (sender, source) = channel::<u32>(QueuingStrategy::count(4));
    let (sink, receiver) = channel(QueuingStrategy::count(4));
    let pipe = pipe_to(source, sink).cancel_with(|_, error| {
        assert_eq!(error.kind(), FailureKind::Cancelled);
    });
    let mut pipe = Task::new(pipe);
    assert!(pipe.poll().is_pending());
    receiver.cancel("enough");
    assert!(pipe.take_wakes() > 0);
    let std::task::Poll::Ready(Err(PipeError::Destination(failure))) = pipe.poll() else {
        panic!("it must have failed");
    };
    assert_eq!(failure.kind(), FailureKind::Cancelled);
    assert!(sender.is_closed());
}

#[test]
fn a_pipe_that_is_dropped_cancels_its_source_and_aborts_its_sink() {
    let (sender, source) = channel::<u32>(QueuingStrategy::count(4));
    let (sink, mut receiver) = channel(QueuingStrategy::count(4));
    sender.try_send(1).unwrap();
    let mut pipe = Task::new(pipe_to(source, sink));
    assert!(pipe.poll().is_pending());
    drop(pipe);
    let failure = block_on(sender.closed()).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Cancelled);
    let failure = block_on(receiver.recv()).unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Aborted);
}

#[test]
fn a_pipe_leaves_open_what_it_is_told_not_to_close() {
    let (mut sink, mut receiver) = channel(QueuingStrategy::count(8));
    for part in [[1, 2], [3, 4]] {
        let source = stream::iter(part.map(Ok::<_, Never>));
        block_on(pipe_to(source, &mut sink).prevent_close()).unwrap();
    }
    block_on(SinkExt::close(&mut sink)).unwrap();
    let all: Vec<_> = std::iter::from_fn(|| receiver.try_recv().ok()).collect();
    assert_eq!(all, [1, 2, 3, 4]);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
}

#[test]
fn a_pipe_leaves_whole_what_it_is_told_not_to_abort_or_cancel() {
    let (mut sink, mut receiver) = channel(QueuingStrategy::count(4));
    let source = stream::iter([Ok(1), Err("damaged")]);
    let pipe = pipe_to(source, &mut sink)
        .prevent_abort()
        .abort_with(|_, _| panic!("prevented"));
    assert!(block_on(pipe).is_err());
    sink.try_send(2).unwrap();
    assert_eq!((receiver.try_recv(), receiver.try_recv()), (Ok(1), Ok(2)));

    let (sender, mut source) = channel(QueuingStrategy::count(4));
    sender.try_send(1).unwrap();
    drop(receiver);
    let pipe = pipe_to(&mut source, &mut sink)
        .prevent_cancel()
        .cancel_with(|_, _| panic!("prevented"));
    assert!(matches!(block_on(pipe), Err(PipeError::Destination(_))));
    assert_eq!(source.try_recv(), Ok(1));
}

#[test]
fn a_pipe_that_always_can_go_on_gives_the_thread_back() {
    let mut pipe = Task::new(pipe_to(stream::repeat(Ok::<_, Never>(1)), sink::drain()));
    for _ in 0..3 {
        assert!(pipe.poll().is_pending());
        assert_eq!(pipe.take_wakes(), 1);
    }
}

#[test]
fn a_sink_that_cannot_be_closed_fails_the_pipe() {
    let closes = sink::unfold((), |(), _: u32| async { Ok::<_, &str>(()) });
    let closes = Box::pin(closes.with(|value| async move { Ok::<u32, &str>(value) }));
    block_on(pipe_to(stream::iter([Ok::<_, Never>(1)]), closes)).unwrap();
    let (mut one, receiver) = channel::<u32>(QueuingStrategy::count(1));
    drop(receiver);
    let result = block_on(pipe_to(stream::empty::<Result<u32, Never>>(), &mut one));
    assert!(matches!(result, Err(PipeError::Destination(_))));
}

#[test]
fn the_first_error_of_a_pair_is_the_streams() {
    let (writable, readable) = channel::<u32>(QueuingStrategy::count(1));
    let source = stream::iter([Ok(1), Err("damaged")]);
    let through = pipe_through(source, (writable, readable));
    let all = block_on(through.collect::<Vec<_>>());
    assert_eq!(all.len(), 2);
    assert_eq!(all[1].as_ref().unwrap_err().to_string(), "damaged");
}

#[test]
fn a_readable_half_that_ends_early_cancels_the_source() {
    let (sender, source) = channel(QueuingStrategy::count(8));
    (0..8).for_each(|turn| sender.try_send(turn).unwrap());
    let (writable, readable) = channel(QueuingStrategy::count(1));
    let through = pipe_through(source, (writable, readable.take(2)));
    let all = block_on(through.try_collect::<Vec<_>>()).unwrap();
    assert_eq!(all, [0, 1]);
    assert!(sender.is_closed());
}

#[test]
fn a_pipeline_says_which_part_failed_and_tears_the_others_down() {
    for bad in 0..4 {
        let (sender, source) = channel(QueuingStrategy::count(8));
        (0..5).for_each(|turn| sender.try_send(turn).unwrap());
        let (writable, readable) = channel(QueuingStrategy::count(1));
        let (mut sink, receiver) = channel(QueuingStrategy::count(1));
        let mut receiver = Some(receiver);
        match bad {
            0 => sender.fail("the source"),
            3 => drop(receiver.take()),
            _ => {}
        }
        let error = block_on(
            pipeline(source)
                .map(|value: u32| (bad != 1).then_some(value).ok_or("the function"))
                .through((
                    writable,
                    readable.map(move |it| {
                        if bad == 2 {
                            Err("the pair".into())
                        } else {
                            it.map_err(|it| it.to_string())
                        }
                    }),
                ))
                .to(&mut sink),
        )
        .unwrap_err();
        assert_eq!(error.part(), bad, "{error}");
        assert!(sender.is_closed());
    }
}

#[test]
fn a_pipeline_that_is_dropped_cancels_its_source_and_aborts_its_sink() {
    let (sender, source) = channel::<u32>(QueuingStrategy::count(8));
    let (sink, mut receiver) = channel(QueuingStrategy::count(1));
    sender.try_send(1).unwrap();
    let mut run = Task::new(pipeline(source).to(sink));
    assert!(run.poll().is_pending());
    drop(run);
    assert!(sender.is_closed());
    assert_eq!(
        block_on(receiver.recv()).unwrap_err().kind(),
        FailureKind::Aborted
    );
}
