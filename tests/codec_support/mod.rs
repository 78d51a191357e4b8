//! Ways to drive codecs, shared by the tests of each.
#![allow(dead_code)]

use tidegate::codec::{Chain, ChainState, Codec, CodecError, RecordBatch, Status};

pub mod any_chain;
pub mod any_codec;
pub mod json_model;
pub mod zstd;

/// What was produced before the end, and how it ended.
pub type Outcome = (Vec<u8>, Result<(), CodecError>);

/// Steps a codec through `pieces`, giving it room for `room` bytes a step.
pub fn drive(codec: &mut dyn Codec, pieces: &[&[u8]], room: usize) -> Outcome {
    let mut produced = Vec::new();
    let mut output = vec![0; room];
    for (number, piece) in pieces.iter().enumerate() {
        let last = number + 1 == pieces.len();
        let mut rest = *piece;
        loop {
            let step = match codec.step(rest, &mut output, last) {
                Ok(step) => step,
                Err(fault) => {
                    produced.extend_from_slice(&output[..fault.produced]);
                    return (produced, Err(fault.error));
                }
            };
            assert!(step.consumed <= rest.len() && step.produced <= room);
            produced.extend_from_slice(&output[..step.produced]);
            rest = &rest[step.consumed..];
            match step.status {
                Status::NeedOutput => {
                    assert!(
                        step.consumed + step.produced > 0 || room < 16,
                        "no progress"
                    );
                }
                Status::NeedInput => {
                    assert!(rest.is_empty() && !last);
                    break;
                }
                Status::Finished => {
                    assert!(rest.is_empty() && last);
                    break;
                }
            }
        }
    }
    (produced, Ok(()))
}

/// The input in two pieces, split at every point, then byte by byte with empty pieces between.
pub fn splits(input: &[u8]) -> Vec<Vec<&[u8]>> {
    let mut all: Vec<Vec<&[u8]>> = (0..=input.len())
        .map(|at| vec![&input[..at], &[][..], &input[at..]])
        .collect();
    all.push(input.chunks(1).flat_map(|byte| [byte, &[][..]]).collect());
    all.push(vec![input, &[]]);
    all.iter_mut()
        .filter(|pieces| pieces.is_empty())
        .for_each(|pieces| pieces.push(&[]));
    all
}

/// Records as a chain's host sees them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// All bytes of all batches.
    pub bytes: Vec<u8>,
    /// The fields of each record; a line is a record of one.
    pub records: Vec<Vec<String>>,
}

/// Sends `pieces` through a chain, taking a batch whenever there is one, and after every piece.
pub fn drive_chain(chain: &mut Chain, pieces: &[&[u8]]) -> (Collected, Result<(), CodecError>) {
    drive_to(chain, pieces, true)
}

/// The same without saying that the input has ended.
pub fn drive_chain_unended(
    chain: &mut Chain,
    pieces: &[&[u8]],
) -> (Collected, Result<(), CodecError>) {
    drive_to(chain, pieces, false)
}

fn drive_to(chain: &mut Chain, pieces: &[&[u8]], end: bool) -> (Collected, Result<(), CodecError>) {
    let mut collected = Collected::default();
    let result = (|| {
        for piece in pieces {
            let mut rest = *piece;
            loop {
                let room = chain.input(rest.len());
                let bytes = room.len().min(rest.len());
                room[..bytes].copy_from_slice(&rest[..bytes]);
                rest = &rest[bytes..];
                chain.commit(bytes);
                let state = chain.run()?;
                if state == ChainState::NeedInput && !rest.is_empty() {
                    continue;
                }
                collect(chain, &mut collected);
                // A restored state may be that of an input that has ended.
                if state != ChainState::HasBatch {
                    break;
                }
            }
        }
        if !end {
            return Ok(());
        }
        chain.end_input();
        loop {
            let state = chain.run()?;
            collect(chain, &mut collected);
            match state {
                ChainState::HasBatch => {}
                ChainState::NeedInput => panic!("wants input after the end"),
                ChainState::Finished => return Ok(()),
            }
        }
    })();
    (collected, result)
}

fn collect(chain: &mut Chain, collected: &mut Collected) {
    let batch = chain.batch();
    collected.bytes.extend_from_slice(batch.bytes);
    if batch.ends.is_empty() {
        return;
    }
    let owned = RecordBatch::from(batch);
    assert_eq!(owned.len(), batch.records().len());
    for (record, same) in batch.records().zip(&owned) {
        let fields: Vec<_> = record.iter().map(str::to_owned).collect();
        assert!(same.iter().eq(&fields));
        collected.records.push(fields);
    }
    let fields = batch.records().map(|record| record.len()).sum::<usize>();
    assert_eq!(fields, batch.ends.len(), "fields outside of rows");
}
