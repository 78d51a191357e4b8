//! Bytes of any encoding of the Encoding Standard as UTF-8.

use encoding_rs::{CoderResult, Decoder, DecoderResult, Encoding, UTF_8};

use super::{Codec, CodecError, ErrorCode, Fault, Status, Step};

const NAME: &str = "decodeText";

/// How text is decoded.
///
/// ```
/// use tidegate::codec::DecodeTextOptions;
///
/// assert_ne!(DecodeTextOptions::default().fatal(true), DecodeTextOptions::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeTextOptions {
    pub(crate) fatal: bool,
    pub(crate) ignore_bom: bool,
}

impl DecodeTextOptions {
    /// Whether bytes that are no text are an error; else each sequence of them becomes U+FFFD. Default: false.
    ///
    /// ```
    /// use tidegate::codec::{Codec, DecodeText, DecodeTextOptions, ErrorCode};
    ///
    /// let options = DecodeTextOptions::default().fatal(true);
    /// let fault = DecodeText::new("shift_jis", options).unwrap().step(b"a\xff", &mut [0; 16], true).unwrap_err();
    /// assert_eq!((fault.error.code, fault.error.offset), (ErrorCode::InvalidText, 1));
    /// ```
    pub fn fatal(mut self, fatal: bool) -> Self {
        self.fatal = fatal;
        self
    }

    /// Whether a byte order mark at the start is text. Default: false, it is dropped.
    ///
    /// ```
    /// use tidegate::codec::{Codec, DecodeText, DecodeTextOptions};
    ///
    /// let mut output = [0; 16];
    /// let options = DecodeTextOptions::default().ignore_bom(true);
    /// let step = DecodeText::new("utf-16le", options).unwrap().step(b"\xff\xfea\0", &mut output, true).unwrap();
    /// assert_eq!(&output[..step.produced], "\u{feff}a".as_bytes());
    /// ```
    pub fn ignore_bom(mut self, ignore_bom: bool) -> Self {
        self.ignore_bom = ignore_bom;
        self
    }
}

/// Decodes text as <https://encoding.spec.whatwg.org/> says, and makes UTF-8 of it.
///
/// ```
/// use tidegate::codec::{Chain, DecodeText, DecodeTextOptions};
///
/// let decode = DecodeText::new("windows-1252", DecodeTextOptions::default()).unwrap();
/// let mut chain = Chain::new(vec![Box::new(decode)]);
/// chain.input(2).copy_from_slice(b"\x80\xe9");
/// chain.commit(2);
/// chain.end_input();
/// chain.run()?;
/// assert_eq!(chain.batch().bytes, "\u{20ac}\u{e9}".as_bytes());
/// # Ok::<(), tidegate::codec::CodecError>(())
/// ```
pub struct DecodeText {
    decoder: Decoder,
    fatal: bool,
    /// Bytes of input before this step.
    offset: u64,
}

impl DecodeText {
    /// A decoder of the encoding with this [label](https://encoding.spec.whatwg.org/#names-and-labels); none if there is no such encoding.
    ///
    /// ```
    /// use tidegate::codec::{DecodeText, DecodeTextOptions};
    ///
    /// assert!(DecodeText::new("latin1", DecodeTextOptions::default()).is_some());
    /// assert!(DecodeText::new("utf-7", DecodeTextOptions::default()).is_none());
    /// ```
    pub fn new(label: &str, options: DecodeTextOptions) -> Option<Self> {
        let encoding = Encoding::for_label_no_replacement(label.as_bytes())?;
        let decoder = if options.ignore_bom {
            encoding.new_decoder_without_bom_handling()
        } else {
            encoding.new_decoder_with_bom_removal()
        };
        Some(Self {
            decoder,
            fatal: options.fatal,
            offset: 0,
        })
    }

    fn error(&self, offset: u64) -> CodecError {
        let encoding = self.decoder.encoding();
        let code = if encoding == UTF_8 {
            ErrorCode::InvalidUtf8
        } else {
            ErrorCode::InvalidText
        };
        let detail = format!("the bytes are no character in {}", encoding.name());
        CodecError::new(NAME, code, offset, detail)
    }
}

impl Codec for DecodeText {
    fn name(&self) -> &'static str {
        NAME
    }

    fn step(&mut self, input: &[u8], output: &mut [u8], last: bool) -> Result<Step, Fault> {
        let decoder = &mut self.decoder;
        let (is_empty, consumed, produced) = if self.fatal {
            let (result, consumed, produced) =
                decoder.decode_to_utf8_without_replacement(input, output, last);
            if let DecoderResult::Malformed(length, after) = result {
                let end = self.offset + consumed as u64;
                let error = self.error(end - u64::from(length) - u64::from(after));
                return Err(Fault { error, produced });
            }
            (result == DecoderResult::InputEmpty, consumed, produced)
        } else {
            let (result, consumed, produced, _) = decoder.decode_to_utf8(input, output, last);
            (result == CoderResult::InputEmpty, consumed, produced)
        };
        self.offset += consumed as u64;
        let status = match is_empty {
            false => Status::NeedOutput,
            true if last => Status::Finished,
            true => Status::NeedInput,
        };
        Ok(Step {
            status,
            consumed,
            produced,
        })
    }
}
