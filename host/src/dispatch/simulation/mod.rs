//! Simulations on a clock of their own: the host's real parts in small worlds made from a seed.
//!
//! [`feed`] plays feed and schedule against a model of the journal, [`delivery`] plays gate,
//! connector, backoff and what a walk makes of their answers against a model of the target. A failure
//! names its seed: `MAPWRIGHT_SEED=.. cargo test -p mapwright --lib simulation` runs that one world
//! again, and `MAPWRIGHT_RUNS=..` runs more of them.

#![expect(
    clippy::cast_possible_truncation,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "numbers are small, names plain, and a run says how much it did"
)]

mod delivery;
mod feed;

/// Worlds played by `cargo test`.
const RUNS: u64 = 200;

/// Plays worlds; `count` is told of each when it is over. Answers whether there were enough of them
/// to expect that everything happened in some.
fn play<W>(world: impl Fn(u64) -> W, mut count: impl FnMut(W)) -> bool {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let runs = number("MAPWRIGHT_RUNS").unwrap_or(RUNS);
    let seeds: Vec<u64> = match number("MAPWRIGHT_SEED") {
        Some(seed) => vec![seed],
        None => (0..runs).map(|_| fastrand::u64(..)).collect(),
    };
    let all = seeds.len() as u64 >= RUNS;
    for seed in seeds {
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world(seed)));
        count(played.unwrap_or_else(|_| panic!("MAPWRIGHT_SEED={seed}")));
    }
    all
}
