//! What is not exactly the backup that was made is refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use smithers_store::ops::{self, Attachment, CreatedBackup, Method};
use smithers_store::testkit::{ManualClock, ScratchDb};

use super::{back_up, backed_up, fill, options, restore, tamper};
use crate::workload::Workload;

fn copy_of(backup: &CreatedBackup) -> PathBuf {
    backup.folder.join(&backup.manifest.database.name)
}

/// Why the backup in `folder` is refused, by verify and by restore alike.
fn refusal(backup: &CreatedBackup) -> String {
    let verified = ops::verify(&backup.folder, &mut |_| {});
    let error = verified.expect_err("the backup is damaged").to_string();
    let place = ScratchDb::new();
    restore(backup, place.path(), false).expect_err("the backup is damaged");
    assert!(!place.path().exists(), "nothing was restored");
    error
}

fn flip(path: &Path, offset: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[offset] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn one_flipped_bit_anywhere_is_refused() {
    let (_scratch, backup) = backed_up();
    let path = copy_of(&backup);
    let size = fs::metadata(&path).unwrap().len() as usize;
    for offset in (0..size).step_by(size / 17) {
        flip(&path, offset);
        let error = refusal(&backup);
        assert!(
            error.contains("was changed: its SHA-256"),
            "{offset}: {error}"
        );
        flip(&path, offset);
    }
    ops::verify(&backup.folder, &mut |_| {}).unwrap();
}

#[test]
fn a_truncated_copy_is_refused() {
    let (_scratch, backup) = backed_up();
    let path = copy_of(&backup);
    let size = fs::metadata(&path).unwrap().len();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(size - 4096)
        .unwrap();
    let error = refusal(&backup);
    assert!(
        error.contains(&format!("bytes instead of {size}")),
        "{error}"
    );
}

#[test]
fn a_backup_without_one_of_its_files_is_refused() {
    let (scratch, _) = backed_up();
    let attachments = vec![Attachment {
        name: "tokens.json".into(),
        kind: "token-store".into(),
        content: b"{}".to_vec(),
    }];
    for name in ["tokens.json", "manifest.json", "the copy"] {
        let options = ops::BackupOptions {
            attachments: attachments.clone(),
            out: scratch.folder().join(name),
            ..options(&scratch, Method::Online)
        };
        let backup = ops::backup(&options, &ManualClock::default(), &mut |_| {}).unwrap();
        let lost = match name {
            "the copy" => copy_of(&backup),
            name => backup.folder.join(name),
        };
        fs::remove_file(lost).unwrap();
        let error = refusal(&backup);
        assert!(
            error.contains("missing") || error.contains("no backup manifest"),
            "{error}"
        );
    }
}

#[test]
fn the_manifest_of_another_database_is_refused() {
    let (_first, backup) = backed_up();
    let (_second, other) = backed_up();
    // Even with names and hashes made to fit.
    let text = fs::read_to_string(other.folder.join("manifest.json")).unwrap();
    let fields = [
        (
            &other.manifest.database.name,
            &backup.manifest.database.name,
        ),
        (
            &other.manifest.database.sha256,
            &backup.manifest.database.sha256,
        ),
    ];
    let text = fields
        .iter()
        .fold(text, |text, (from, to)| text.replace(*from, to));
    fs::write(backup.folder.join("manifest.json"), &text).unwrap();
    assert!(refusal(&backup).contains("its digest does not fit"));
}

#[test]
fn what_is_cut_off_looks_like_no_backup_and_is_gone_after_the_next() {
    let (scratch, _) = backed_up();
    let out = scratch.folder().join("backups");
    let draft = out.join(".partial-smithers-19700101T000000.000Z");
    fs::create_dir(&draft).unwrap();
    fs::write(draft.join("half.db"), "half").unwrap();
    assert_eq!(ops::list(&out).unwrap().len(), 1);
    let later = ManualClock::default();
    later.advance(Duration::from_secs(1));
    ops::backup(&options(&scratch, Method::Online), &later, &mut |_| {}).unwrap();
    assert!(!draft.exists());
    assert_eq!(ops::list(&out).unwrap().len(), 2);
}

#[test]
fn an_unsound_database_gives_no_backup_and_leaves_nothing() {
    let scratch = ScratchDb::new();
    fill(&scratch.open(), &mut Workload::new(100), 30);
    tamper(&scratch, "DELETE FROM _smithers_events WHERE seq = 3");
    let error = back_up(&scratch, Method::Online).unwrap_err().to_string();
    assert!(
        error.contains("sequences: run `r0` has 9 events from 0 to 9"),
        "{error}"
    );
    assert!(
        ops::list(&scratch.folder().join("backups"))
            .unwrap()
            .is_empty()
    );
}
