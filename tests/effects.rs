//! src/core/effect.rs and js/core/effects.ts hold the same numbers under the same names.
#![cfg(feature = "core")]

use std::collections::BTreeMap;

/// The Rust files that constants of effects.ts come from, with what JavaScript puts before the names of each
/// module; names of a module that has no prefix are as they are.
const RUST: [&str; 7] = [
    include_str!("../src/core/effect.rs"),
    include_str!("../src/core/figure.rs"),
    include_str!("../src/core/readable.rs"),
    include_str!("../src/core/byte_plan.rs"),
    include_str!("../src/core/byte_readable.rs"),
    include_str!("../src/core/pipe.rs"),
    include_str!("../src/core/pull.rs"),
];
const JS: &str = include_str!("../js/core/effects.ts");

const PREFIXES: [(&str, &str); 7] = [
    ("readable", "R_"),
    ("byte_readable", "B_"),
    ("tee", "TEE_"),
    ("channel", "C_"),
    ("writable", "W_"),
    ("transform", "T_"),
    ("pipe", "P_"),
];

/// A number as both languages write it: `1 << 3`, `0xf`, `16`.
fn value(text: &str) -> Option<u32> {
    let number = |text: &str| {
        let text = text.trim();
        match text.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        }
    };
    match text.split_once("<<") {
        Some((left, right)) => Some(number(left)? << number(right)?),
        None => number(text),
    }
}

/// The constants of one Rust file under the names that JavaScript gives them.
fn rust_constants(source: &str) -> BTreeMap<String, u32> {
    let mut constants = BTreeMap::new();
    let mut prefix = "";
    for line in source.lines() {
        if let Some(module) = line.strip_prefix("pub mod ") {
            let name = module.trim_end_matches([' ', '{']);
            prefix = PREFIXES
                .iter()
                .find(|(module, _)| *module == name)
                .unwrap_or_else(|| panic!("no prefix is known for the module {name}"))
                .1;
        } else if line == "}" {
            prefix = "";
        } else if let Some(constant) = line.trim().strip_prefix("pub const ") {
            let Some((name, rest)) = constant.split_once(": ") else {
                continue;
            };
            let Some((kind, number)) = rest.trim_end_matches(';').split_once(" = ") else {
                continue;
            };
            let is_word = ["Effects", "Answer", "Report"]
                .iter()
                .any(|end| kind.ends_with(end));
            if kind == "u32" || is_word {
                // As `Kind(1 << 3)` where it is a bit of a machine's own word.
                let number = number
                    .strip_prefix(kind)
                    .map_or(number, |inner| inner.trim_matches(['(', ')']));
                let number = value(number).unwrap_or_else(|| panic!("no number: {line}"));
                constants.insert(format!("{prefix}{name}"), number);
            }
        }
    }
    constants
}

fn js_constants() -> BTreeMap<String, u32> {
    JS.lines()
        .filter_map(|line| line.strip_prefix("export const "))
        .map(|line| {
            let (name, number) = line
                .trim_end_matches(';')
                .split_once(" = ")
                .unwrap_or_else(|| panic!("not a constant: {line}"));
            let number = value(number).unwrap_or_else(|| panic!("no number: {line}"));
            (name.to_owned(), number)
        })
        .collect()
}

#[test]
fn each_constant_of_javascript_is_one_of_the_core_with_the_same_number() {
    let mut rust = BTreeMap::new();
    for source in RUST {
        rust.extend(rust_constants(source));
    }
    let js = js_constants();
    assert!(js.len() > 50, "effects.ts was not understood: {js:?}");
    let wrong: Vec<_> = js
        .iter()
        .filter(|(name, number)| rust.get(*name) != Some(*number))
        .map(|(name, number)| format!("{name}: {number} in JS, {:?} in Rust", rust.get(name)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_effect_of_the_core_is_known_to_javascript() {
    let rust = rust_constants(RUST[0]);
    let js = js_constants();
    assert!(rust.len() > 70, "effect.rs was not understood: {rust:?}");
    let missing: Vec<_> = rust.keys().filter(|name| !js.contains_key(*name)).collect();
    assert!(missing.is_empty(), "not in effects.ts: {missing:?}");
}
