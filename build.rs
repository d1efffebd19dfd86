//! Tells the binary which commit it is built from: `SMITHERS_BUILD_COMMIT`, else what is checked out here.

#[path = "src/audit/vcs.rs"]
pub mod vcs;

use std::path::Path;

const NAME: &str = "SMITHERS_BUILD_COMMIT";

fn main() {
    println!("cargo::rerun-if-env-changed={NAME}");
    println!("cargo::rerun-if-changed=build.rs");
    let repository = vcs::Repository::above(Path::new("."));
    for path in repository.iter().flat_map(vcs::Repository::watched) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    let given = std::env::var(NAME).ok().filter(|commit| !commit.is_empty());
    let commit = given.or_else(|| repository?.commit());
    println!("cargo::rustc-env={NAME}={}", commit.unwrap_or_default());
}
