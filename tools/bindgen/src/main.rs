//! Generates the JS glue of a Wasm module: `tidegate-bindgen IN.wasm OUT_DIR NAME [--trap-panics]`.
//!
//! Writes `NAME_bg.wasm` and `NAME_bg.js` (wasm-bindgen's bundler target, which neither loads nor
//! instantiates anything by itself) into `OUT_DIR`. With `--trap-panics` a panic traps without a
//! message, and the code that formats it is left out.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

mod panics;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (files, flags) = args.split_at(args.len().min(3));
    let ([input, out_dir, name], [] | ["--trap-panics"]) = (
        files,
        flags
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .as_slice(),
    ) else {
        eprintln!("usage: tidegate-bindgen IN.wasm OUT_DIR NAME [--trap-panics]");
        return ExitCode::from(2);
    };
    match generate(input, out_dir, name, !flags.is_empty()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tidegate-bindgen: {input}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn generate(input: &str, out_dir: &str, name: &str, trap_panics: bool) -> anyhow::Result<()> {
    let mut bindgen = Bindgen::new();
    if trap_panics {
        bindgen.input_module(name, panics::trap(input)?);
    } else {
        bindgen.input_path(input);
    }
    bindgen
        .out_name(name)
        .typescript(false)
        .bundler(true)?
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(out_dir)
}
