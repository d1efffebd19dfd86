//! The inside of runs: frames, attempts, nodes, tokens.

mod rows;
mod stories;
mod tokens;
