//! `core_instructions NAME TURNS` does one hot command TURNS times; tools/bench-core.mjs counts its instructions under
//! callgrind. Without arguments it lists the names.
use tidegate_benches::COMMANDS;

fn main() {
    let mut args = std::env::args().skip(1);
    let Some(name) = args.next() else {
        for command in COMMANDS {
            println!("{}", command.name);
        }
        return;
    };
    let turns = args
        .next()
        .and_then(|turns| turns.parse().ok())
        .unwrap_or(0);
    match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => println!("{}", (command.run)(std::hint::black_box(turns))),
        None => {
            eprintln!(
                "core_instructions: no command is called {name}; run it without arguments for the names"
            );
            std::process::exit(2);
        }
    }
}
