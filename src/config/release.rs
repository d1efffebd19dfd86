//! What is known of the release that runs here, for `smithers doctor`.

use std::path::PathBuf;

use super::key::key;
use super::reader::Reader;

/// What is known of the release that runs here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Result of the pipeline that tried it; its signature is in the file with `.sig` after the name.
    pub ci_result: Option<PathBuf>,
    /// Public Ed25519 key of the pipeline, 64 hexadecimal digits.
    pub ci_key: Option<String>,
}

impl Release {
    pub(super) fn read(reader: &mut Reader<'_>) -> Release {
        reader.section("release", "What is known of the release that runs here.");
        let result = key(
            "release.ci_result",
            "SMITHERS_RELEASE_CI_RESULT",
            "Signed result of the pipeline that tried this release; its signature is beside it in `.sig`.",
        );
        let public_key = key(
            "release.ci_key",
            "SMITHERS_RELEASE_CI_KEY",
            "Public Ed25519 key of the pipeline.",
        );
        Release {
            ci_result: reader.optional(result, "a path").map(PathBuf::from),
            ci_key: reader.optional(public_key, "64 hexadecimal digits"),
        }
    }
}
