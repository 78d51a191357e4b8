//! CRC-32 as a tap whose sum can be had at any time: a zip file has the CRC of an entry beside the data, not in it.

use super::Crc32;
use crate::codec::{Codec, Fault, Status, Step};

/// Passes its bytes on. Its digest is that of the bytes so far, also in a chain that has failed, so that what a codec before it
/// produced before a fault can be checked.
pub(crate) struct Crc32Tap {
    crc: Crc32,
    digest: [u8; 4],
}

impl Crc32Tap {
    pub(crate) const fn new() -> Self {
        Self {
            crc: Crc32::new(),
            digest: [0; 4],
        }
    }
}

impl Codec for Crc32Tap {
    fn name(&self) -> &'static str {
        "crc32"
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        let bytes = input.len().min(output.len());
        output[..bytes].copy_from_slice(&input[..bytes]);
        self.crc.update(&input[..bytes]);
        self.digest = self.crc.sum().to_be_bytes();
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

    fn digest(&self) -> Option<&[u8]> {
        Some(&self.digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Chain, ErrorCode, Inflate, InflateFormat, InflateOptions};

    #[test]
    fn the_digest_of_a_chain_that_has_failed_is_that_of_what_came_before_the_fault() {
        // "a", deflated into a fixed block, and a byte behind the end.
        let data = [0x4b, 0x04, 0x00, 0xff];
        let options = InflateOptions::default().format(InflateFormat::Raw);
        for cut in 0..=data.len() {
            let inflate = Inflate::new(options);
            let mut chain = Chain::new(vec![Box::new(inflate), Box::new(Crc32Tap::new())]);
            let mut produced = Vec::new();
            let mut fault = None;
            for piece in [&data[..cut], &data[cut..]] {
                chain.input(piece.len())[..piece.len()].copy_from_slice(piece);
                chain.commit(piece.len());
                loop {
                    let state = chain.run();
                    let batch = chain.batch().bytes;
                    produced.extend_from_slice(batch);
                    match state {
                        Ok(crate::codec::ChainState::HasBatch) => {}
                        Ok(_) => break,
                        Err(error) => {
                            fault = Some(error);
                            break;
                        }
                    }
                }
            }
            let fault = fault.unwrap();
            assert_eq!((fault.code, fault.offset), (ErrorCode::TrailingData, 3));
            assert_eq!(produced, b"a", "cut at {cut}");
            assert_eq!(chain.digest(1), Some(&[0xe8, 0xb7, 0xbe, 0x43][..]));
        }
    }
}
