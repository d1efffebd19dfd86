//! A log file that is moved aside by size and by day, and whose old parts are kept for a number of days.
//!
//! ```text
//! access.log                      written to
//! access.log.20261122T213009Z     moved aside at that time; removed `keep_days` after it
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use smithers_model::Timestamp;

/// The owner writes, the group reads.
const MODE: u32 = 0o640;
const DAY_MS: i64 = 86_400_000;
/// Most files that are moved aside in one second.
const MAX_IN_A_SECOND: u32 = 1_000;

/// When a file is moved aside, and how long it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rules {
    pub max_bytes: u64,
    pub keep_days: u32,
}

/// The file that lines are appended to.
#[derive(Debug)]
pub(super) struct RotatingFile {
    path: PathBuf,
    rules: Rules,
    file: File,
    size: u64,
    day: i64,
}

impl RotatingFile {
    /// Opens the file, made if it is not there, and removes parts that are too old.
    pub(super) fn open(path: &Path, rules: Rules, now: Timestamp) -> io::Result<RotatingFile> {
        let (file, size, day) = open(path, now)?;
        let opened = RotatingFile {
            path: path.to_owned(),
            rules,
            file,
            size,
            day,
        };
        opened.prune(now);
        Ok(opened)
    }

    /// Opens the device that is always full in place of the file; after [`reopen`](Self::reopen) it is the file.
    #[cfg(test)]
    pub(super) fn on_a_full_disk(path: &Path, rules: Rules) -> RotatingFile {
        RotatingFile {
            path: path.to_owned(),
            rules,
            file: OpenOptions::new().append(true).open("/dev/full").unwrap(),
            size: 0,
            day: 0,
        }
    }

    /// Appends whole lines, all or none of them.
    pub(super) fn append(&mut self, lines: &[u8], now: Timestamp) -> io::Result<()> {
        let is_too_large = self.size + lines.len() as u64 > self.rules.max_bytes;
        if self.size > 0 && (is_too_large || day(now) != self.day) {
            self.rotate(now)?;
        }
        if let Err(error) = self.file.write_all(lines) {
            // Half a line would spoil the next one. The first error says more than one about its remains.
            let _ = self.file.set_len(self.size);
            return Err(error);
        }
        self.size += lines.len() as u64;
        Ok(())
    }

    /// Opens the path again: somebody may have moved the file.
    pub(super) fn reopen(&mut self, now: Timestamp) -> io::Result<()> {
        (self.file, self.size, self.day) = open(&self.path, now)?;
        Ok(())
    }

    /// Moves the file aside and begins a new one.
    fn rotate(&mut self, now: Timestamp) -> io::Result<()> {
        if self.path.exists() {
            fs::rename(&self.path, self.free_name(now)?)?;
        }
        self.reopen(now)?;
        self.prune(now);
        Ok(())
    }

    fn free_name(&self, now: Timestamp) -> io::Result<PathBuf> {
        let named = |suffix: String| {
            let mut name = self.path.clone().into_os_string();
            name.push(suffix);
            PathBuf::from(name)
        };
        let moment = compact(now);
        let numbered = (1..MAX_IN_A_SECOND).map(|n| format!(".{moment}-{n:03}"));
        let mut names = std::iter::once(format!(".{moment}"))
            .chain(numbered)
            .map(named);
        let free = names.find(|name| !name.exists());
        free.ok_or_else(|| io::Error::other("too many parts in one second"))
    }

    /// Removes parts that were moved aside too long ago. What cannot be removed is tried again with the next part.
    fn prune(&self, now: Timestamp) {
        let oldest = Timestamp(
            now.0
                .saturating_sub(i64::from(self.rules.keep_days) * DAY_MS),
        );
        let oldest = compact(oldest);
        for (part, moment) in self.parts() {
            if moment < oldest
                && let Err(error) = fs::remove_file(&part)
            {
                let part = part.display();
                tracing::warn!(%error, %part, "an old part of the access log cannot be removed");
            }
        }
    }

    /// Returns the parts that were moved aside, each with the text of the time at which it was.
    fn parts(&self) -> Vec<(PathBuf, String)> {
        let folder = self
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let (Some(name), Ok(entries)) = (
            self.path.file_name().and_then(|name| name.to_str()),
            fs::read_dir(folder.unwrap_or(Path::new("."))),
        ) else {
            return Vec::new();
        };
        let part = |path: PathBuf| {
            let suffix = path
                .file_name()?
                .to_str()?
                .strip_prefix(name)?
                .strip_prefix('.')?;
            let moment = suffix
                .split('-')
                .next()
                .filter(|moment| is_compact(moment))?;
            let moment = moment.to_owned();
            Some((path, moment))
        };
        entries
            .filter_map(|entry| part(entry.ok()?.path()))
            .collect()
    }
}

/// Opens a file for appending. Returns it with its size and the day of its newest line.
fn open(path: &Path, now: Timestamp) -> io::Result<(File, u64, i64)> {
    // Opening a pipe would wait for a reader, so the kind is looked at before.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a file",
        ));
    }
    let mut file = OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .mode(MODE)
        .open(path)?;
    let metadata = file.metadata()?;
    if metadata.mode() & 0o777 & !MODE != 0 {
        // Only its owner may; a file that was made for us keeps the mode that it was given.
        let _ = file.set_permissions(fs::Permissions::from_mode(MODE));
    }
    let mut size = metadata.size();
    if size == 0 {
        return Ok((file, 0, day(now)));
    }
    if !ends_with_a_line(&mut file)? {
        file.write_all(b"\n")?;
        size += 1;
    }
    let changed = Timestamp(metadata.mtime().saturating_mul(1_000));
    Ok((file, size, day(changed)))
}

fn ends_with_a_line(file: &mut File) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == [b'\n'])
}

fn day(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY_MS)
}

/// Returns `20261122T213009Z`; such texts sort as their times do.
fn compact(at: Timestamp) -> String {
    let iso = at.to_iso();
    let seconds = iso
        .split_once('.')
        .map_or(iso.as_str(), |(seconds, _)| seconds);
    let digits = seconds
        .chars()
        .filter(|letter| !matches!(letter, '-' | ':'));
    digits.chain(['Z']).collect()
}

fn is_compact(text: &str) -> bool {
    let shape = text
        .bytes()
        .map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    shape.eq("00000000T000000Z".bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_795_348_800_000);
    const RULES: Rules = Rules {
        max_bytes: 40,
        keep_days: 30,
    };

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Folder {
            Folder(tempfile::tempdir().unwrap())
        }

        fn log(&self) -> PathBuf {
            self.0.path().join("access.log")
        }

        fn open(&self, now: Timestamp) -> RotatingFile {
            RotatingFile::open(&self.log(), RULES, now).unwrap()
        }

        /// Names and texts of all files, in the order of their names.
        fn files(&self) -> Vec<(String, String)> {
            let read = |path: PathBuf| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, fs::read_to_string(path).unwrap())
            };
            let entries = fs::read_dir(self.0.path()).unwrap();
            let mut files: Vec<_> = entries.map(|entry| read(entry.unwrap().path())).collect();
            files.sort();
            files
        }
    }

    fn file(name: &str, text: &str) -> (String, String) {
        (name.into(), text.into())
    }

    #[test]
    fn a_file_is_moved_aside_before_it_grows_too_large_and_no_line_is_lost_or_cut() {
        let folder = Folder::new();
        let mut log = folder.open(NOON);
        for n in 0..5 {
            log.append(format!("a line of twenty: {n}\n").as_bytes(), NOON)
                .unwrap();
        }
        assert_eq!(
            folder.files(),
            [
                file("access.log", "a line of twenty: 4\n"),
                file(
                    "access.log.20261122T120000Z",
                    "a line of twenty: 0\na line of twenty: 1\n"
                ),
                file(
                    "access.log.20261122T120000Z-001",
                    "a line of twenty: 2\na line of twenty: 3\n"
                ),
            ]
        );
    }

    #[test]
    fn a_file_is_moved_aside_when_the_day_changes_also_backwards_and_after_a_restart() {
        let folder = Folder::new();
        let mut log = folder.open(NOON);
        log.append(b"sunday\n", NOON).unwrap();
        let monday = Timestamp(NOON.0 + DAY_MS);
        log.append(b"monday\n", monday).unwrap();
        log.append(b"back\n", NOON).unwrap();
        let texts: Vec<_> = folder.files().into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["back\n", "monday\n", "sunday\n"]);
        drop(log);
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        File::open(folder.log())
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        folder.open(NOON).append(b"later\n", NOON).unwrap();
        assert_eq!(fs::read_to_string(folder.log()).unwrap(), "later\n");
    }

    #[test]
    fn parts_are_kept_for_their_days_and_other_files_for_ever() {
        let folder = Folder::new();
        let names = [
            "access.log.20261023T115959Z",
            "access.log.20261023T120000Z",
            "access.log.20261023T115959Z-001",
            "access.log.old",
            "access.log.20261023",
            "other.log.20200101T000000Z",
        ];
        for name in names {
            fs::write(folder.0.path().join(name), "").unwrap();
        }
        drop(folder.open(NOON));
        let left: Vec<_> = folder.files().into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            left,
            [
                "access.log",
                "access.log.20261023",
                "access.log.20261023T120000Z",
                "access.log.old",
                "other.log.20200101T000000Z",
            ]
        );
    }

    #[test]
    fn a_line_that_was_cut_by_a_crash_is_ended_before_the_next_one() {
        let folder = Folder::new();
        fs::write(folder.log(), "cut").unwrap();
        let mut log = RotatingFile::open(&folder.log(), RULES, now()).unwrap();
        log.append(b"whole\n", now()).unwrap();
        assert_eq!(fs::read_to_string(folder.log()).unwrap(), "cut\nwhole\n");
    }

    fn now() -> Timestamp {
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp(since.as_millis().try_into().unwrap())
    }

    #[test]
    fn a_file_is_for_its_owner_and_its_group_only() {
        let folder = Folder::new();
        fs::write(folder.log(), "").unwrap();
        fs::set_permissions(folder.log(), fs::Permissions::from_mode(0o666)).unwrap();
        drop(folder.open(NOON));
        assert_eq!(fs::metadata(folder.log()).unwrap().mode() & 0o777, 0o640);
    }

    #[test]
    fn a_file_that_was_moved_by_somebody_else_is_begun_anew_when_asked() {
        let folder = Folder::new();
        let mut log = folder.open(NOON);
        log.append(b"one\n", NOON).unwrap();
        fs::rename(folder.log(), folder.0.path().join("moved")).unwrap();
        log.append(b"two\n", NOON).unwrap();
        log.reopen(NOON).unwrap();
        log.append(b"three\n", NOON).unwrap();
        assert_eq!(
            folder.files(),
            [file("access.log", "three\n"), file("moved", "one\ntwo\n")]
        );
    }

    #[test]
    fn what_is_no_file_is_refused_without_waiting() {
        let folder = Folder::new();
        assert!(RotatingFile::open(folder.0.path(), RULES, NOON).is_err());
        assert!(RotatingFile::open(Path::new("/dev/null"), RULES, NOON).is_err());
    }
}
