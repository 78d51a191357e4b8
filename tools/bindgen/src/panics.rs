//! Takes the panic messages out of a module with the standard library.
//!
//! Nothing in a page shows such a message, but the code that formats and raises it is several kilobytes of each module.
//! A program cannot leave it out itself: the standard library brings the panic handler.

use anyhow::{Context, ensure};
use walrus::{FunctionBuilder, FunctionKind, Module, ModuleConfig};

/// Parts of mangled names of functions that never return, in the two manglings that there are.
const PANICS: [&str; 10] = [
    "4core9panicking",
    "3std9panicking",
    "11slice_index_fail",
    "16slice_error_fail",
    "13unwrap_failed",
    "13expect_failed",
    "7raw_vec12handle_error",
    "7raw_vec17capacity_overflow",
    "18handle_alloc_error",
    "18panic_access_error",
];

/// The module in this file, with each function that raises a panic replaced by a trap.
pub fn trap(input: &str) -> anyhow::Result<Module> {
    let bytes = std::fs::read(input).context("cannot read it")?;
    let mut module = ModuleConfig::new()
        .strict_validate(false)
        .generate_name_section(true)
        .generate_producers_section(false)
        .parse(&bytes)?;
    let found: Vec<_> = module
        .funcs
        .iter_local()
        .filter(|(id, _)| is_panic(module.funcs.get(*id).name.as_deref()))
        .map(|(id, function)| (id, function.ty(), function.args.clone()))
        .collect();
    ensure!(
        !found.is_empty(),
        "no function has the name of one that panics; has it been stripped of its names?"
    );
    for (id, ty, args) in found {
        let (params, results) = module.types.params_results(ty);
        let (params, results) = (params.to_vec(), results.to_vec());
        let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
        builder.func_body().unreachable();
        module.funcs.get_mut(id).kind = FunctionKind::Local(builder.local_func(args));
    }
    Ok(module)
}

fn is_panic(name: Option<&str>) -> bool {
    // What counts panics is asked when there is none.
    name.is_some_and(|name| {
        PANICS.iter().any(|part| name.contains(part)) && !name.contains("panic_count")
    })
}
