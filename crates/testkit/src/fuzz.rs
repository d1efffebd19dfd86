//! Fuzzing on a stable toolchain: a corpus of small files, mutated, fed to a function that must not panic.
//!
//! A test runs a fixed number of rounds with a fixed seed. With `SMITHERS_FUZZ_SECONDS` it runs as long as that, with
//! a seed of its own, and keeps the input under way in a file, so that one that ends the process can be looked at.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "whoever fuzzes by hand reads how far it came"
)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Rounds of a test.
const ROUNDS: usize = 150;

/// Longest input that is tried, bytes.
const LONGEST: usize = 8 << 10;

/// Stack of the thread that runs the target: that of the thread which does such work in the product, bytes.
const STACK_BYTES: usize = 512 << 20;

/// Feeds `target` with mutations of the files in `tests/fuzz/corpus/NAME`.
///
/// # Panics
/// The target panics, or there is no corpus.
pub fn drive(name: &str, target: impl Fn(&[u8]) + Send + 'static) {
    let name = name.to_owned();
    let thread = std::thread::Builder::new()
        .name(format!("fuzz-{name}"))
        .stack_size(STACK_BYTES)
        .spawn(move || rounds(&name, &target))
        .expect("a thread for the target");
    if let Err(panic) = thread.join() {
        resume_unwind(panic);
    }
}

fn rounds(name: &str, target: &dyn Fn(&[u8])) {
    let corpus = corpus(name);
    for input in &corpus {
        try_input(name, input, target);
    }
    let seconds = std::env::var("SMITHERS_FUZZ_SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse::<u64>().ok());
    let mut mutator = Mutator {
        state: seconds.map_or(1, |_| seed()),
        corpus: &corpus,
    };
    let Some(seconds) = seconds else {
        return (0..ROUNDS).for_each(|_| try_input(name, &mutator.input(), target));
    };
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let mut tried = 0_u64;
    while Instant::now() < deadline {
        let input = mutator.input();
        let _ = fs::write(kept(name), &input);
        try_input(name, &input, target);
        tried += 1;
    }
    println!("{name}: {tried} inputs in {seconds} s, none ends the process");
}

/// Where the input under way is kept.
fn kept(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("smithers-fuzz-{name}"))
}

fn try_input(name: &str, input: &[u8], target: &dyn Fn(&[u8])) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(input))) {
        let path = kept(name);
        let _ = fs::write(&path, input);
        eprintln!("{name}: the input is in {}", path.display());
        resume_unwind(panic);
    }
}

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fuzz/corpus")
        .join(name);
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("no corpus in {}: {error}", folder.display()))
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    let inputs: Vec<_> = paths
        .iter()
        .filter_map(|path| fs::read(path).ok())
        .collect();
    assert!(!inputs.is_empty(), "no corpus in {}", folder.display());
    inputs
}

fn seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(1, |now| now.as_nanos() as u64)
}

/// Makes inputs from a corpus.
struct Mutator<'a> {
    state: u64,
    corpus: &'a [Vec<u8>],
}

impl Mutator<'_> {
    /// A file of the corpus after a few mutations.
    fn input(&mut self) -> Vec<u8> {
        let mut input = self.corpus[self.below(self.corpus.len())].clone();
        for _ in 0..=self.below(4) {
            self.mutate(&mut input);
            input.truncate(LONGEST);
        }
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let (from, to) = self.range(input.len());
        match self.below(6) {
            0 => drop(input.drain(from..to)),
            1 => {
                let byte = self.below(256) as u8;
                input.insert(from, byte);
            }
            2 => {
                let mask = 1 << self.below(8);
                if let Some(byte) = input.get_mut(from) {
                    *byte ^= mask;
                }
            }
            // What nests is often what is repeated.
            3 => {
                let times = self.below(2_000).min(LONGEST / (to - from).max(1));
                let repeated = input[from..to].repeat(times);
                input.splice(to..to, repeated);
            }
            4 => {
                let other = &self.corpus[self.below(self.corpus.len())];
                let (other_from, other_to) = self.range(other.len());
                input.splice(from..to, other[other_from..other_to].iter().copied());
            }
            _ => {
                let (other_from, other_to) = self.range(input.len());
                let moved = input[other_from..other_to].to_vec();
                input.splice(from..from, moved);
            }
        }
    }

    /// A short range of `0..length`.
    fn range(&mut self, length: usize) -> (usize, usize) {
        let from = self.below(length + 1);
        let most = (length - from).min(24);
        (from, from + self.below(most + 1))
    }

    /// A number below `end`, which is at least 1.
    fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}
