//! Byte streams: single behaviours through a host that carries out the core's answers on real
//! bytes, and any program of calls against the standard's text taken word for word.
#![cfg(feature = "core")]

mod core_byte_support;

use core_byte_support::host::Host;
use core_byte_support::model::Model;
use core_byte_support::{Answer, ByteStream, ReadInto, Reader, Refusal, State};
use proptest::prelude::*;
use tidegate::core::{Core, Id};

fn bytes(length: usize) -> ReadInto {
    at_least(1, length)
}

fn at_least(min: usize, length: usize) -> ReadInto {
    ReadInto {
        byte_offset: 0,
        elements: length,
        element_size: 1,
        min,
    }
}

fn started(reader: Reader, auto_allocate: usize) -> Host {
    let mut stream = Host::new(0.0, auto_allocate);
    stream.acquire(reader);
    stream.started();
    stream
}

fn chunk(bytes: &[u8]) -> Answer {
    Answer::Chunk(bytes.to_vec())
}

#[test]
fn a_chunk_that_waits_in_the_queue_answers_a_default_read() {
    let mut stream = started(Reader::Default, 0);
    stream.enqueue(&[1, 2, 3]).unwrap();
    assert_eq!(stream.desired_size(), -3.0);
    stream.read(0);
    assert_eq!(stream.answers(), [(0, chunk(&[1, 2, 3]))]);
    assert_eq!(stream.desired_size(), 0.0);
}

#[test]
fn a_read_into_a_buffer_takes_what_fits_and_leaves_the_rest_of_the_chunk() {
    let mut stream = started(Reader::Byob, 0);
    stream.enqueue(&[1, 2, 3]).unwrap();
    stream.read_into(0, bytes(2));
    stream.read_into(1, bytes(2));
    assert_eq!(stream.answers(), [(0, chunk(&[1, 2])), (1, chunk(&[3]))]);
}

#[test]
fn a_chunk_that_was_read_in_part_goes_to_a_default_reader_from_where_it_is_left() {
    let mut stream = started(Reader::Byob, 0);
    stream.enqueue(&[1, 2, 3, 4]).unwrap();
    stream.read_into(0, bytes(1));
    stream.release();
    stream.acquire(Reader::Default);
    stream.read(1);
    assert_eq!(stream.answers()[1], (1, chunk(&[2, 3, 4])));
}

#[test]
fn one_chunk_fills_several_reads_into_buffers() {
    let mut stream = started(Reader::Byob, 0);
    stream.read_into(0, bytes(2));
    stream.read_into(1, bytes(2));
    stream.enqueue(&[1, 2, 3]).unwrap();
    assert_eq!(stream.answers(), [(0, chunk(&[1, 2])), (1, chunk(&[3]))]);
}

#[test]
fn a_read_with_min_waits_for_that_many_elements() {
    let mut stream = started(Reader::Byob, 0);
    stream.read_into(0, at_least(3, 4));
    stream.enqueue(&[1, 2]).unwrap();
    assert_eq!(stream.answers(), []);
    assert_eq!(stream.byob_request(), Some((2, 2)));
    stream.respond(&[3]).unwrap();
    assert_eq!(stream.answers(), [(0, chunk(&[1, 2, 3]))]);
}

#[test]
fn bytes_that_do_not_make_up_an_element_stay_in_the_queue() {
    let mut stream = started(Reader::Byob, 0);
    let words = ReadInto {
        byte_offset: 4,
        elements: 2,
        element_size: 2,
        min: 1,
    };
    stream.read_into(0, words);
    stream.respond(&[1, 2, 3]).unwrap();
    assert_eq!(stream.answers(), [(0, chunk(&[1, 2]))]);
    assert_eq!(stream.desired_size(), -1.0);
}

#[test]
fn a_close_with_part_of_an_element_in_a_buffer_errors_the_stream() {
    let mut stream = started(Reader::Byob, 0);
    let word = ReadInto {
        byte_offset: 0,
        elements: 1,
        element_size: 2,
        min: 1,
    };
    stream.read_into(0, word);
    stream.respond(&[1]).unwrap();
    assert_eq!(stream.close(), Err(Refusal::Type));
    assert_eq!(stream.state(), State::Errored);
    assert_eq!(stream.answers(), [(0, Answer::Failed)]);
    assert_eq!(stream.core.live(), 0);
}

#[test]
fn the_slot_of_a_closed_stream_lives_until_its_pending_reads_are_answered() {
    let mut stream = started(Reader::Byob, 0);
    stream.read_into(0, bytes(2));
    stream.close().unwrap();
    assert_eq!(stream.state(), State::Closed);
    assert_eq!(stream.core.live(), 1);
    assert_eq!(stream.respond(&[9]), Err(Refusal::Type));
    stream.respond(&[]).unwrap();
    assert_eq!(stream.answers(), [(0, Answer::Done(Some(vec![])))]);
    assert_eq!(stream.core.live(), 0);
}

#[test]
fn a_stream_that_closes_with_nothing_pending_frees_its_slot() {
    let mut stream = started(Reader::Default, 0);
    stream.enqueue(&[1]).unwrap();
    stream.close().unwrap();
    assert_eq!(stream.core.live(), 1);
    stream.read(0);
    assert_eq!(stream.state(), State::Closed);
    assert_eq!(stream.core.live(), 0);
}

#[test]
fn cancel_frees_the_slot_whatever_is_pending() {
    let mut stream = started(Reader::Byob, 0);
    stream.read_into(0, bytes(2));
    stream.cancel();
    assert_eq!(stream.answers(), [(0, Answer::Done(None))]);
    assert_eq!(stream.core.live(), 0);
}

#[test]
fn a_default_read_of_an_auto_allocating_source_brings_a_buffer() {
    let mut stream = started(Reader::Default, 8);
    stream.read(0);
    assert_eq!(stream.pulls(), 1);
    assert_eq!(stream.byob_request(), Some((0, 8)));
    stream.respond(&[5, 6]).unwrap();
    assert_eq!(stream.answers(), [(0, chunk(&[5, 6]))]);
}

#[test]
fn what_is_written_for_a_released_reader_goes_to_the_next_one() {
    let mut stream = started(Reader::Byob, 0);
    stream.read_into(0, bytes(4));
    stream.release();
    stream.acquire(Reader::Byob);
    stream.read_into(1, bytes(2));
    stream.respond(&[1, 2, 3]).unwrap();
    assert_eq!(stream.answers(), [(0, Answer::Failed), (1, chunk(&[1, 2]))]);
}

#[test]
fn a_chunk_behind_what_a_released_reader_left_asks_for_a_pull_of_its_own() {
    fn pulls(mut stream: impl ByteStream) -> (u32, Vec<(u32, Answer)>) {
        stream.started();
        stream.pull_settled();
        stream.acquire(Reader::Byob);
        stream.read_into(0, bytes(4));
        stream.pull_settled();
        stream.release();
        stream.acquire(Reader::Default);
        stream.read(1);
        stream.pull_settled();
        stream.respond(&[1, 2]).unwrap();
        stream.pull_settled();
        stream.enqueue(&[3]).unwrap();
        stream.pull_settled();
        (stream.pulls(), stream.answers().to_vec())
    }
    let host = pulls(Host::new(16.0, 0));
    assert_eq!(host, (6, vec![(0, Answer::Failed), (1, chunk(&[1, 2]))]));
    assert_eq!(host, pulls(Model::new(16.0, 0)));
}

#[test]
fn a_response_that_does_not_fit_its_request_is_refused() {
    let mut stream = started(Reader::Byob, 0);
    stream.read_into(0, bytes(2));
    assert_eq!(stream.respond(&[]), Err(Refusal::Type));
    assert_eq!(stream.respond(&[1, 2, 3]), Err(Refusal::Range));
    assert_eq!(stream.respond_with_view(&[1], 1, 3), Err(Refusal::Range));
    assert_eq!(stream.respond_with_view(&[1], 0, 9), Err(Refusal::Range));
    assert_eq!(stream.respond_with_view(&[1], 0, 3), Ok(()));
}

#[test]
fn arguments_that_no_view_has_are_refused_rather_than_believed() {
    let mut stream = started(Reader::Byob, 0);
    let id = stream.id;
    for (length, minimum, element) in [
        (0.0, 0.0, 1),
        (4.0, 5.0, 1),
        (4.0, 3.0, 2),
        (-1.0, 1.0, 1),
        (f64::NAN, 1.0, 1),
        (1.0, 2.0, 2),
    ] {
        let effects = stream
            .core
            .byte_readable_pull_into(id, 8.0, 0.0, length, minimum, element);
        assert_eq!(
            effects,
            tidegate::core::effect::ByteReadableEffects::REFUSED
        );
    }
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (0..9u32).prop_map(f64::from),
        1 => any::<f64>(),
    ]
}

/// A call of a random program; numbers are cut to what the state allows.
#[derive(Debug, Clone)]
enum Call {
    Started,
    PullSettled,
    Acquire(bool),
    Release,
    Read,
    ReadInto(usize, usize, usize, usize),
    Enqueue(usize),
    Respond(usize),
    RespondWithView(usize, usize, usize),
    Close,
    Error,
    Cancel,
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        1 => Just(Call::Started),
        4 => Just(Call::PullSettled),
        4 => any::<bool>().prop_map(Call::Acquire),
        2 => Just(Call::Release),
        6 => Just(Call::Read),
        8 => (0..3usize, 1..5usize, 0..4u32, 1..5usize)
            .prop_map(|(offset, elements, power, min)| Call::ReadInto(
                offset * 8,
                elements,
                1 << power,
                min
            )),
        8 => (1..12usize).prop_map(Call::Enqueue),
        8 => (0..9usize).prop_map(Call::Respond),
        3 => (0..9usize, 0..3usize, 0..3usize)
            .prop_map(|(length, offset, buffer)| Call::RespondWithView(length, offset, buffer)),
        2 => Just(Call::Close),
        1 => Just(Call::Error),
        1 => Just(Call::Cancel),
    ]
}

/// Makes one call, and says what it threw. Calls that the classes around it rule out are left out.
fn make(
    stream: &mut impl ByteStream,
    call: &Call,
    request: u32,
    next_byte: u8,
    is_started: &mut bool,
) -> Result<(), Refusal> {
    let data = |length: usize| -> Vec<u8> {
        (0..length)
            .map(|i| next_byte.wrapping_add(i as u8))
            .collect()
    };
    match *call {
        Call::Started if !*is_started => {
            *is_started = true;
            if stream.state() == State::Readable {
                stream.started();
            }
        }
        Call::PullSettled if stream.pulling() => stream.pull_settled(),
        Call::Acquire(byob) if stream.reader() == Reader::None => {
            stream.acquire(if byob { Reader::Byob } else { Reader::Default });
        }
        Call::Release if stream.reader() != Reader::None => stream.release(),
        Call::Read if stream.reader() == Reader::Default => stream.read(request),
        Call::ReadInto(byte_offset, elements, element_size, min)
            if stream.reader() == Reader::Byob =>
        {
            stream.read_into(
                request,
                ReadInto {
                    byte_offset,
                    elements,
                    element_size,
                    min: min.min(elements),
                },
            );
        }
        Call::Enqueue(length) => return stream.enqueue(&data(length)),
        Call::Respond(length) if stream.byob_request().is_some() => {
            return stream.respond(&data(length));
        }
        Call::RespondWithView(length, offset, buffer) => {
            if let Some((at, _)) = stream.byob_request() {
                let buffer_length = stream.byob_buffer_length() + buffer / 2;
                return stream.respond_with_view(&data(length), at + offset / 2, buffer_length);
            }
        }
        Call::Close => return stream.close(),
        Call::Error => stream.error(),
        Call::Cancel => stream.cancel(),
        _ => {}
    }
    Ok(())
}

/// 2000 programs, or as many as the environment's `PROPTEST_CASES` says.
fn config() -> ProptestConfig {
    if std::env::var_os("PROPTEST_CASES").is_some() {
        ProptestConfig::default()
    } else {
        ProptestConfig::with_cases(2000)
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_program_of_calls_does_what_the_standard_says(
        high_water_mark in prop_oneof![Just(0.0), Just(1.0), Just(16.0), Just(f64::INFINITY)],
        auto_allocate in prop_oneof![3 => Just(0usize), 1 => 1..9usize],
        calls in prop::collection::vec(call(), 1..80),
    ) {
        let mut host = Host::new(high_water_mark, auto_allocate);
        let mut model = Model::new(high_water_mark, auto_allocate);
        let (mut host_started, mut model_started) = (false, false);
        for (step, call) in calls.iter().enumerate() {
            let request = step as u32;
            let next_byte = (step * 16) as u8;
            let expected = make(&mut model, call, request, next_byte, &mut model_started);
            let got = make(&mut host, call, request, next_byte, &mut host_started);
            prop_assert_eq!(got, expected, "{:?}", call);
            prop_assert_eq!(host.state(), model.state(), "{:?}", call);
            prop_assert_eq!(host.answers(), model.answers(), "{:?}", call);
            prop_assert_eq!(host.byob_request(), model.byob_request(), "{:?}", call);
            prop_assert_eq!(host.pulls(), model.pulls(), "{:?}", call);
            if host.state() == State::Readable {
                prop_assert_eq!(host.desired_size(), model.desired_size(), "{:?}", call);
            }
            let is_over = host.state() != State::Readable && host.byob_request().is_none();
            prop_assert_eq!(host.core.live(), u32::from(!is_over), "{:?}", call);
        }
    }
    #[test]
    fn any_numbers_at_all_neither_panic_nor_hang(
        calls in prop::collection::vec((0..14u32, number(), number(), number(), number(), any::<u32>()), 1..200),
    ) {
        let mut core = Core::new();
        let mut ids = vec![Id::NONE, Id::from_bits(u32::MAX)];
        for (which, a, b, c, d, e) in calls {
            let id = ids[e as usize % ids.len()];
            match which {
                0 => ids.push(core.byte_readable_new(a, e)),
                1 => drop(core.byte_readable_started(id)),
                2 => drop(core.byte_readable_pull_settled(id)),
                3 => drop(core.byte_readable_read(id)),
                4 => drop(core.byte_readable_read_allocated(id, a)),
                5 => drop(core.byte_readable_pull_into(id, a, b, c, d, e % 9)),
                6 => drop(core.byte_readable_enqueue(id, a)),
                7 => drop(core.byte_readable_respond(id, a)),
                8 => drop(core.byte_readable_check_respond_with_view(id, a, b, c)),
                9 => drop(core.byte_readable_close(id)),
                10 => core.byte_readable_release(id),
                11 => while core.byte_readable_next_copy() != 0 {},
                12 if e % 4 == 0 => drop(core.byte_readable_end(id)),
                _ => drop((core.byte_readable_head_filled(id), core.byte_readable_desired_size(id))),
            }
        }
    }
}
