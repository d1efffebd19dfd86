//! The release itself: the pipeline that tried this very commit.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Deserialize;

use crate::doctor::{Finding, Site};

/// Largest file of results in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
/// What a pipeline must have tried: the required checks of the public project, as ours are named.
const REQUIRED_JOBS: [&str; 2] = ["check", "test"];

/// What a pipeline says of one commit; written by `cargo xtask ci-result`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CiResult {
    commit: String,
    clean_tree: bool,
    workflow: String,
    jobs: Vec<Job>,
}

#[derive(Debug, Deserialize)]
struct Job {
    name: String,
    outcome: String,
}

/// Reads the signed result of the pipeline and compares its commit with that of this binary.
pub(super) fn ci(site: &Site<'_>) -> Finding {
    let release = &site.config.release;
    let (Some(file), Some(key)) = (&release.ci_result, &release.ci_key) else {
        return Finding::skip(
            "no signed result of a pipeline is configured",
            "set SMITHERS_RELEASE_CI_RESULT and SMITHERS_RELEASE_CI_KEY (see `cargo xtask ci-result --help`)",
        );
    };
    match signed_result(file, key) {
        Ok(result) => judge(&result, crate::audit::BUILD_COMMIT),
        Err(problem) => Finding::fail(
            format!("{}: {problem}", file.display()),
            "let the pipeline write and sign it again",
        ),
    }
}

fn signed_result(file: &Path, key: &str) -> Result<CiResult, String> {
    let text = read(file)?;
    let mut signature_file = file.as_os_str().to_owned();
    signature_file.push(".sig");
    let signature = read(Path::new(&signature_file))?;
    let bytes = |hex_text: &[u8]| hex::decode(hex_text.trim_ascii()).ok();
    let (Some(key), Some(signature)) = (bytes(key.as_bytes()), bytes(&signature)) else {
        return Err("the key or the signature is not hexadecimal".into());
    };
    UnparsedPublicKey::new(&ED25519, key)
        .verify(&text, &signature)
        .map_err(|_| "the signature is not by the configured key".to_owned())?;
    serde_json::from_slice(&text).map_err(|error| format!("it cannot be read: {error}"))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes))
        .map_err(|error| format!("{error}"))?;
    Ok(bytes)
}

fn judge(result: &CiResult, deployed: &str) -> Finding {
    let green = |name: &str| {
        let job = result.jobs.iter().find(|job| job.name == name);
        job.is_some_and(|job| job.outcome == "success")
    };
    let red: Vec<&str> = REQUIRED_JOBS
        .into_iter()
        .filter(|name| !green(name))
        .collect();
    if !red.is_empty() {
        let evidence = format!("not green in {}: {}", result.workflow, red.join(", "));
        return Finding::fail(evidence, "mend them and build again");
    }
    if result.commit != deployed {
        let evidence = format!(
            "the pipeline tried {}, this binary is {deployed}",
            result.commit
        );
        return Finding::fail(evidence, "deploy the commit that the pipeline tried");
    }
    if !result.clean_tree {
        let evidence = "the pipeline tried a tree with changes that are in no commit";
        return Finding::fail(evidence, "commit, and let the pipeline run again");
    }
    Finding::pass(format!(
        "{} green for {}",
        REQUIRED_JOBS.join(", "),
        result.commit
    ))
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::*;
    use crate::doctor::Status;

    fn result(commit: &str, clean_tree: bool, outcome: &str) -> CiResult {
        let job = |name: &str, outcome: &str| Job {
            name: name.into(),
            outcome: outcome.into(),
        };
        CiResult {
            commit: commit.into(),
            clean_tree,
            workflow: "ci".into(),
            jobs: vec![job("check", "success"), job("test", outcome)],
        }
    }

    #[test]
    fn only_a_green_result_of_this_very_commit_and_a_clean_tree_passes() {
        let status = |result: CiResult| judge(&result, "abc").status;
        assert_eq!(status(result("abc", true, "success")), Status::Pass);
        assert_eq!(status(result("abd", true, "success")), Status::Fail);
        assert_eq!(status(result("abc", false, "success")), Status::Fail);
        assert_eq!(status(result("abc", true, "failure")), Status::Fail);
        let mut without = result("abc", true, "success");
        without.jobs.pop();
        assert_eq!(status(without), Status::Fail);
    }

    #[test]
    fn a_result_counts_only_with_the_signature_of_the_configured_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ci.json");
        let text = r#"{"commit":"abc","cleanTree":true,"workflow":"ci","jobs":[]}"#;
        std::fs::write(&file, text).unwrap();
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
        let key = hex::encode(pair.public_key().as_ref());
        let sign = |text: &str| {
            let signature = hex::encode(pair.sign(text.as_bytes()));
            std::fs::write(folder.path().join("ci.json.sig"), signature).unwrap();
        };
        assert!(signed_result(&file, &key).is_err(), "there is no signature");
        sign("something else");
        assert!(signed_result(&file, &key).is_err());
        sign(text);
        assert_eq!(signed_result(&file, &key).unwrap().commit, "abc");
        assert!(signed_result(&file, &"00".repeat(32)).is_err());
    }
}
