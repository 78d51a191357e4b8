//! Frames that the zstd command has made, and what they unpack to.

/// What a fixture is made of.
pub struct Fixture {
    pub name: &'static str,
    /// What the frames unpack to; empty where the name does not tell.
    pub plain: Vec<u8>,
    pub packed: Vec<u8>,
}

/// Lines of text, which begin anew after `period` lines.
pub fn rows(count: usize, period: usize) -> Vec<u8> {
    (0..count)
        .map(|row| row % period)
        .flat_map(|row| format!("{row},{},tide {}\n", row * row, row % 7).into_bytes())
        .collect()
}

/// Bytes that do not compress.
pub fn noise(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..count).map(|_| next()).collect()
}

fn plain(description: &str) -> Vec<u8> {
    let mut parts = description.split(':');
    let kind = parts.next();
    let numbers: Vec<usize> = parts.map(|part| part.parse().unwrap()).collect();
    match (kind, &numbers[..]) {
        (Some("rows"), &[count]) => rows(count, count.max(1)),
        (Some("rows"), &[count, period]) => rows(count, period),
        (Some("noise"), &[count]) => noise(count),
        (Some("zeros"), &[count]) => vec![0; count],
        (Some("json"), _) => {
            b"{\"id\":5,\"city\":\"Paris\",\"amount\":77,\"note\":\"tide 1\"}\n".to_vec()
        }
        _ => Vec::new(),
    }
}

fn from_base64(text: &str) -> Vec<u8> {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut bytes = Vec::new();
    for group in text.trim_end_matches('=').as_bytes().chunks(4) {
        let word = (group.iter()).fold(0, |word, &letter| word << 6 | u32::from(value(letter)));
        let word = word << (6 * (4 - group.len()));
        bytes.extend_from_slice(&word.to_be_bytes()[1..group.len()]);
    }
    bytes
}

/// All of them.
pub fn fixtures() -> Vec<Fixture> {
    let lines = include_str!("zstd.txt").lines();
    let read = |line: &'static str| {
        let mut parts = line.split(' ');
        Fixture {
            name: parts.next().unwrap(),
            plain: plain(parts.next().unwrap()),
            packed: from_base64(parts.next().unwrap()),
        }
    };
    lines
        .filter(|line| !line.starts_with('#'))
        .map(read)
        .collect()
}

/// The one of this name.
pub fn fixture(name: &str) -> Fixture {
    let found = fixtures().into_iter().find(|each| each.name == name);
    found.unwrap_or_else(|| panic!("no fixture has the name {name}"))
}
