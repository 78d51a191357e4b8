//! The values that text stands for: numbers, booleans and points in time. None of them allocates.

/// Without spaces and tabs around it.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let from = text
        .iter()
        .position(|byte| !is_blank(byte))
        .unwrap_or(text.len());
    let to = text
        .iter()
        .rposition(|byte| !is_blank(byte))
        .map_or(from, |at| at + 1);
    &text[from..to]
}

/// The powers of ten that an `f64` has exactly.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The nearest number to a decimal with or without an exponent; `inf`, `infinity` and `nan` in any case as well.
#[inline(never)]
pub(super) fn float(text: &[u8]) -> Option<f64> {
    let text = trim(text);
    plain_decimal(text).or_else(|| std::str::from_utf8(text).ok()?.parse().ok())
}

/// Digits with or without a point, few enough for one exact division: what most numbers are, in a third of the time.
fn plain_decimal(text: &[u8]) -> Option<f64> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        _ => (false, text),
    };
    // 15 digits are less than 2^53.
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let (mut value, mut count, mut behind_point) = (0u64, 0, None);
    for (at, &byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            value = value * 10 + u64::from(digit);
            count += 1;
        } else if byte == b'.' && behind_point.is_none() {
            behind_point = Some(digits.len() - at - 1);
        } else {
            return None;
        }
    }
    if count == 0 || count > 15 {
        return None;
    }
    let value = value as f64 / TENS[behind_point.unwrap_or(0)];
    Some(if is_negative { -value } else { value })
}

/// A decimal whole number.
#[inline(never)]
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match trim(text) {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let digit_of = |byte: u8| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then_some(i64::from(digit))
    };
    // 18 digits fit in any case, and a multiplication that is checked takes long in Wasm. Below zero there is one number more.
    let (few, more) = digits.split_at(digits.len().min(18));
    let mut value = 0i64;
    for &byte in few {
        value = value * 10 - digit_of(byte)?;
    }
    for &byte in more {
        value = value.checked_mul(10)?.checked_sub(digit_of(byte)?)?;
    }
    if is_negative {
        Some(value)
    } else {
        value.checked_neg()
    }
}

/// `true`, `t`, `yes`, `y`, `1`, and their opposites, in any case.
pub(super) fn boolean(text: &[u8]) -> Option<bool> {
    let text = trim(text);
    let is_one_of = |words: [&str; 5]| {
        words
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
    };
    if is_one_of(["true", "1", "t", "yes", "y"]) {
        return Some(true);
    }
    is_one_of(["false", "0", "f", "no", "n"]).then_some(false)
}

/// Microseconds since 1970-01-01T00:00Z of a date or a date with a time, ISO 8601: `2026-11-29`, `2026-11-29T20:15`,
/// `2026-11-29 20:15:30.5+01:00`. Without an offset it is UTC. More digits than six behind the point are cut off.
#[inline(never)]
pub(super) fn timestamp(text: &[u8]) -> Option<i64> {
    let mut rest = Rest(trim(text));
    let year = rest.number(4)?;
    rest.byte(b'-')?;
    let month = rest.number(2)?;
    rest.byte(b'-')?;
    let day = rest.number(2)?;
    if !(1..=12).contains(&month) || day < 1 || day > days_of(year, month) {
        return None;
    }
    let midnight = days_since_1970(year, month, day) * 86_400;
    if rest.0.is_empty() {
        return Some(midnight * 1_000_000);
    }
    if rest.byte(b'T').is_none() && rest.byte(b't').is_none() {
        rest.byte(b' ')?;
    }
    let hours = rest.number(2)?;
    rest.byte(b':')?;
    let minutes = rest.number(2)?;
    let (mut seconds, mut micros) = (0, 0);
    if rest.byte(b':').is_some() {
        seconds = rest.number(2)?;
        if rest.byte(b'.').is_some() || rest.byte(b',').is_some() {
            micros = rest.fraction()?;
        }
    }
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let seconds = midnight + hours * 3600 + minutes * 60 + seconds - rest.offset()?;
    Some(seconds * 1_000_000 + micros)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Of the proleptic Gregorian calendar; a year of the computation begins in March, so that the leap day is its last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    // The year 0 begins with its January in the year before.
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + day_of_year - 719_468
}

/// What has not been read of a point in time.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn byte(&mut self, wanted: u8) -> Option<()> {
        let (&first, rest) = self.0.split_first()?;
        if first != wanted {
            return None;
        }
        self.0 = rest;
        Some(())
    }

    fn digit(&mut self) -> Option<i64> {
        let (&first, rest) = self.0.split_first()?;
        let digit = first.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        self.0 = rest;
        Some(i64::from(digit))
    }

    /// A number of exactly so many digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let mut value = 0;
        for _ in 0..digits {
            value = value * 10 + self.digit()?;
        }
        Some(value)
    }

    /// The digits behind the point, as microseconds.
    fn fraction(&mut self) -> Option<i64> {
        let (mut value, mut unit) = (self.digit()? * 100_000, 10_000);
        while let Some(digit) = self.digit() {
            value += digit * unit;
            unit /= 10;
        }
        Some(value)
    }

    /// The offset from UTC that the text ends with, in seconds.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.0 {
            [] | [b'Z' | b'z'] => return Some(0),
            [b'+', rest @ ..] => {
                self.0 = rest;
                1
            }
            [b'-', rest @ ..] => {
                self.0 = rest;
                -1
            }
            _ => return None,
        };
        let hours = self.number(2)?;
        let mut minutes = 0;
        if !self.0.is_empty() {
            let _ = self.byte(b':');
            minutes = self.number(2)?;
        }
        let is_valid = self.0.is_empty() && hours <= 23 && minutes <= 59;
        is_valid.then_some(sign * (hours * 3600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_point_in_time_is_iso_8601_and_utc_without_an_offset() {
        let seconds = |text: &str| timestamp(text.as_bytes()).map(|micros| micros as f64 / 1e6);
        assert_eq!(seconds("1970-01-01"), Some(0.0));
        assert_eq!(seconds("2000-02-29"), Some(951_782_400.0));
        assert_eq!(seconds("2026-11-29T20:15"), Some(1_795_983_300.0));
        assert_eq!(seconds("2026-11-29 20:15:30.5Z"), Some(1_795_983_330.5));
        assert_eq!(seconds("2026-11-29T20:15:30+01:00"), Some(1_795_979_730.0));
        assert_eq!(seconds("2026-11-29T20:15:30-0130"), Some(1_795_988_730.0));
        assert_eq!(seconds("1969-12-31T23:59:59"), Some(-1.0));
        assert_eq!(seconds("0000-01-01"), Some(-62_167_219_200.0));
        assert_eq!(seconds("9999-12-31"), Some(253_402_214_400.0));
        assert_eq!(timestamp(b"1970-01-01T00:00:00.1234567"), Some(123_456));
    }

    #[test]
    fn what_is_no_point_in_time_is_none() {
        for text in [
            "",
            "2026",
            "2026-1-1",
            "2026-13-01",
            "2026-02-29",
            "2026-00-10",
            "2026-01-00",
            "1900-02-29",
            "2026-01-01T",
            "2026-01-01T24:00",
            "2026-01-01T10:60",
            "2026-01-01T10:00:60",
            "2026-01-01T10:00:00.",
            "2026-01-01T10:00:00+1",
            "2026-01-01T10:00+24:00",
            "2026-01-01T10:00ZZ",
            "2026-01-01x",
            "2026-01-01T10",
        ] {
            assert_eq!(timestamp(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn booleans_have_few_spellings() {
        for (text, expected) in [
            ("true", Some(true)),
            ("F", Some(false)),
            (" Yes ", Some(true)),
            ("0", Some(false)),
            ("2", None),
            ("", None),
        ] {
            assert_eq!(boolean(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn numbers_have_spaces_around_them_but_nothing_else() {
        assert_eq!(float(b" 1.5\t"), Some(1.5));
        assert_eq!(float(b"1e3"), Some(1000.0));
        assert_eq!(float(b"-Infinity"), Some(f64::NEG_INFINITY));
        assert!(float(b"nan").is_some_and(f64::is_nan));
        assert_eq!(integer(b" +7 "), Some(7));
        assert_eq!(integer(b"-9223372036854775808"), Some(i64::MIN));
        for text in [
            "", "-", ".", "1,5", "0x10", "1_000", "1.5.2", "--1", "1 2", "e5",
        ] {
            assert_eq!(float(text.as_bytes()), None, "{text}");
        }
        for text in [
            "",
            "-",
            "1.0",
            "9223372036854775808",
            "-9223372036854775809",
            "1e3",
            "+-1",
        ] {
            assert_eq!(integer(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_float_is_what_the_standard_library_makes_of_it(text in "[-+]?[0-9]{0,18}(\\.[0-9]{0,18})?(e-?[0-9]{1,3})?") {
            prop_assert_eq!(float(text.as_bytes()), text.parse().ok());
        }

        #[test]
        fn an_integer_is_what_the_standard_library_makes_of_it(text in "[-+]?[0-9]{0,20}") {
            prop_assert_eq!(integer(text.as_bytes()), text.parse().ok());
        }

        #[test]
        fn consecutive_days_are_a_day_apart(year in 0i64..9999, month in 1i64..=12) {
            let last = days_since_1970(year, month, days_of(year, month));
            let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            prop_assert_eq!(days_since_1970(next_year, next, 1), last + 1);
        }

        #[test]
        fn no_text_makes_a_parser_panic(text in prop::collection::vec(any::<u8>(), 0..40), digits in "[-+0-9T:. Z]{0,30}") {
            for text in [&text[..], digits.as_bytes()] {
                let _ = (float(text), integer(text), boolean(text), timestamp(text));
            }
        }
    }
}
