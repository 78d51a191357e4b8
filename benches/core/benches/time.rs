//! `npm run bench:core -- --time`: the hot commands' times, natively.
use divan::counter::ItemsCount;
use tidegate_benches::COMMANDS;

const TURNS: u32 = 10_000;

fn main() {
    divan::main();
}

#[divan::bench(args = COMMANDS.iter().map(|command| command.name))]
fn command(bencher: divan::Bencher<'_, '_>, name: &str) {
    let run = COMMANDS
        .iter()
        .find(|command| command.name == name)
        .map(|command| command.run);
    bencher
        .counter(ItemsCount::new(TURNS))
        .bench(|| run.map(|run| run(divan::black_box(TURNS))));
}
