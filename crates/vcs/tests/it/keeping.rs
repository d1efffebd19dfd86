//! Keeping the files of worktrees, telling what differs, and bringing them back.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use smithers_model::RunId;
use smithers_vcs::{Changes, MOST_BYTES, Operation, Patch, Worktrees};

use crate::repository::Repository;

/// A worktree of run `r1` on a branch of its own.
struct Site {
    repository: Repository,
    worktrees: Worktrees,
    path: PathBuf,
}

impl Site {
    async fn new() -> Self {
        let repository = Repository::new();
        let worktrees = repository.worktrees();
        let spec = repository.spec("one", Some("topic"));
        let path = worktrees.prepare(&run(), &spec).await.unwrap();
        Self {
            repository,
            worktrees,
            path,
        }
    }

    fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path.join(file), content).unwrap();
    }

    fn text(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.path.join(file)).ok()
    }

    async fn keep(&self) -> String {
        self.worktrees.keep(&run(), &self.path).await.unwrap()
    }

    async fn changes(&self, base: &str, end: &str) -> Changes {
        let folder = self.repository.path();
        self.worktrees.changes(&folder, base, end).await.unwrap()
    }

    async fn patches(&self, base: &str, end: &str) -> Vec<Patch> {
        match self.changes(base, end).await {
            Changes::Patches(patches) => patches,
            other => panic!("{other:?}"),
        }
    }
}

fn run() -> RunId {
    "r1".into()
}

fn told(patches: &[Patch]) -> Vec<(&str, Operation)> {
    let told = patches.iter();
    told.map(|patch| (patch.path.as_str(), patch.operation))
        .collect()
}

#[tokio::test]
async fn all_files_are_kept_and_neither_branch_nor_index_moves() {
    let site = Site::new().await;
    let base = site.keep().await;
    assert_eq!(site.keep().await, base, "nothing has changed");
    site.write("a.txt", "two\n");
    site.write("new file.txt", "mine\n");
    site.write(".gitignore", "ignored\n");
    site.write("ignored", "theirs\n");
    let status = || {
        site.repository
            .git(&["-C", site.path.to_str().unwrap(), "status", "--porcelain"])
    };
    let (before, head) = (status(), site.repository.git(&["rev-parse", "topic"]));
    let end = site.keep().await;
    assert_ne!(end, base);
    assert_eq!(
        (status(), site.repository.git(&["rev-parse", "topic"])),
        (before, head)
    );
    let patches = site.patches(&base, &end).await;
    let expected = [
        (".gitignore", Operation::Add),
        ("a.txt", Operation::Modify),
        ("new file.txt", Operation::Add),
    ];
    assert_eq!(told(&patches), expected);
    assert!(
        patches[1].diff.contains("-one") && patches[1].diff.contains("+two"),
        "{}",
        patches[1].diff
    );
    assert!(patches[2].diff.contains("+mine"));
}

#[tokio::test]
async fn what_is_no_text_is_told_with_its_content_and_what_is_gone_is_told() {
    let site = Site::new().await;
    site.write("old.bin", [0, 1, 2]);
    site.write("changed.bin", [0, 1, 2]);
    symlink("a.txt", site.path.join("link")).unwrap();
    let base = site.keep().await;
    fs::remove_file(site.path.join("old.bin")).unwrap();
    fs::remove_file(site.path.join("link")).unwrap();
    site.write("link", "diff --git a/x b/x\n");
    site.write("changed.bin", [0, 9, 255]);
    site.write("new.bin", [0, 7]);
    let rights = fs::Permissions::from_mode(0o755);
    fs::set_permissions(site.path.join("a.txt"), rights).unwrap();
    let patches = site.patches(&base, &site.keep().await).await;
    let expected = [
        ("a.txt", Operation::Modify),
        ("changed.bin", Operation::Modify),
        ("link", Operation::Modify),
        ("new.bin", Operation::Add),
        ("old.bin", Operation::Delete),
    ];
    assert_eq!(told(&patches), expected);
    let contents: Vec<_> = patches
        .iter()
        .map(|patch| patch.binary.as_deref())
        .collect();
    assert_eq!(
        contents,
        [None, Some(&[0, 9, 255][..]), None, Some(&[0, 7]), None]
    );
    assert!(patches[0].diff.contains("new mode 100755"));
    assert!(patches[2].diff.contains("deleted file") && patches[2].diff.contains("new file"));
    assert!(patches[2].diff.contains("+diff --git a/x b/x"));
}

#[tokio::test]
async fn more_than_an_answer_may_hold_is_counted_and_not_kept() {
    let site = Site::new().await;
    let base = site.keep().await;
    let line = "0123456789abcdef\n";
    let lines = MOST_BYTES as usize / line.len() + 1;
    site.write("large.txt", line.repeat(lines));
    let Changes::TooLarge { bytes } = site.changes(&base, &site.keep().await).await else {
        panic!("it is too large");
    };
    assert!(bytes > MOST_BYTES, "{bytes}");
    site.write("large.txt", "small");
    site.write("large.bin", vec![0; MOST_BYTES as usize + 1]);
    let changes = site.changes(&base, &site.keep().await).await;
    assert!(matches!(changes, Changes::TooLarge { .. }));
}

#[tokio::test]
async fn files_and_branch_come_back_and_what_was_there_is_not_lost() {
    let site = Site::new().await;
    site.write("draft.txt", "draft");
    let kept = site.keep().await;
    let head = site.repository.git(&["rev-parse", "topic"]);
    site.repository.commit(&site.path, "a.txt", "two");
    site.write("draft.txt", "changed");
    site.write("later.txt", "later");
    fs::create_dir(site.path.join("folder")).unwrap();
    site.write("folder/later.txt", "later");
    let later = site.keep().await;
    for _ in 0..2 {
        let restored = site.worktrees.restore(&run(), &site.path, &kept).await;
        assert!(restored.unwrap());
        assert_eq!(site.text("a.txt").as_deref(), Some("one"));
        assert_eq!(site.text("draft.txt").as_deref(), Some("draft"));
        assert_eq!(
            (site.text("later.txt"), site.path.join("folder").exists()),
            (None, false)
        );
        assert_eq!(site.repository.git(&["rev-parse", "topic"]), head);
        let status = ["-C", site.path.to_str().unwrap(), "status", "--porcelain"];
        assert_eq!(site.repository.git(&status), "?? draft.txt");
    }
    assert!(
        site.worktrees
            .restore(&run(), &site.path, &later)
            .await
            .unwrap()
    );
    assert_eq!(site.text("folder/later.txt").as_deref(), Some("later"));
    assert_eq!(site.text("a.txt").as_deref(), Some("two"));
}

#[tokio::test]
async fn what_was_kept_outlives_the_worktree_and_a_collection_of_garbage() {
    let site = Site::new().await;
    let base = site.keep().await;
    site.write("a.txt", "two\n");
    let end = site.keep().await;
    let place = site.path.to_str().unwrap().to_owned();
    site.repository
        .git(&["worktree", "remove", "--force", "--force", &place]);
    site.repository.git(&["gc", "--quiet", "--prune=now"]);
    assert_eq!(
        told(&site.patches(&base, &end).await),
        [("a.txt", Operation::Modify)]
    );
    assert!(
        !site
            .worktrees
            .restore(&run(), &site.path, &base)
            .await
            .unwrap()
    );
    assert!(site.worktrees.keep(&run(), &site.path).await.is_err());
}

#[tokio::test]
async fn what_is_no_commit_is_not_given_to_git() {
    let site = Site::new().await;
    let base = site.keep().await;
    for wrong in ["HEAD", "--output=x", "", &"0".repeat(39)] {
        let folder = site.repository.path();
        assert!(
            site.worktrees.changes(&folder, &base, wrong).await.is_err(),
            "{wrong}"
        );
        assert!(
            site.worktrees
                .restore(&run(), &site.path, wrong)
                .await
                .is_err()
        );
    }
    let gone = "0".repeat(40);
    let folder = site.repository.path();
    assert!(site.worktrees.changes(&folder, &base, &gone).await.is_err());
}
