//! A codec that passes its input on, for a decoder without one.
use super::{Codec, Fault, Status, Step};

pub(super) struct Pass;

impl Codec for Pass {
    fn name(&self) -> &'static str {
        "pass"
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        let bytes = input.len().min(output.len());
        output[..bytes].copy_from_slice(&input[..bytes]);
        let status = if bytes < input.len() {
            Status::NeedOutput
        } else if last {
            Status::Finished
        } else {
            Status::NeedInput
        };
        Ok(Step {
            status,
            consumed: bytes,
            produced: bytes,
        })
    }
}
