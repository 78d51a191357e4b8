//! Generates the JS glue of a Wasm module: `tidegate-bindgen IN.wasm OUT_DIR NAME`.
//!
//! Writes `NAME_bg.wasm` and `NAME_bg.js` (wasm-bindgen's bundler target, which neither loads nor
//! instantiates anything by itself) into `OUT_DIR`.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [input, out_dir, name] = args.as_slice() else {
        eprintln!("usage: tidegate-bindgen IN.wasm OUT_DIR NAME");
        return ExitCode::from(2);
    };
    let mut bindgen = Bindgen::new();
    let generated = bindgen
        .input_path(input)
        .out_name(name)
        .typescript(false)
        .bundler(true)
        .and_then(|bindgen| {
            bindgen
                .remove_name_section(true)
                .remove_producers_section(true)
                .generate(out_dir)
        });
    match generated {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tidegate-bindgen: {input}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
