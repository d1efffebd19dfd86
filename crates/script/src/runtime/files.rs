//! Reading files for `node:fs`: nothing outside the module's folder, nothing is written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::UNIX_EPOCH;

use rquickjs::{Array, Ctx, Function, IntoJs, Object, Result, TypedArray};

/// Largest file that a module may read, bytes.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// The folder that a module may read.
pub(crate) struct Folder {
    root: PathBuf,
}

/// An error as Node names it.
struct Refusal {
    code: &'static str,
    message: String,
}

impl Folder {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// Returns the real path of `path`, links followed, if it is inside the folder.
    fn find(&self, path: &str) -> std::result::Result<PathBuf, Refusal> {
        let real = self.root.join(path).canonicalize()?;
        if real.starts_with(&self.root) {
            return Ok(real);
        }
        Err(Refusal {
            code: "EACCES",
            message: "modules may only read files of their own folder".into(),
        })
    }

    fn read(&self, path: &str) -> std::result::Result<Vec<u8>, Refusal> {
        let real = self.find(path)?;
        if fs::metadata(&real)?.len() > MAX_FILE_BYTES {
            let message = format!("the file is larger than {MAX_FILE_BYTES} bytes");
            return Err(Refusal {
                code: "EFBIG",
                message,
            });
        }
        Ok(fs::read(real)?)
    }

    fn names(&self, path: &str) -> std::result::Result<Vec<String>, Refusal> {
        let entries = fs::read_dir(self.find(path)?)?;
        let mut names = entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        let code = match error.kind() {
            io::ErrorKind::NotFound => "ENOENT",
            io::ErrorKind::PermissionDenied => "EACCES",
            io::ErrorKind::NotADirectory => "ENOTDIR",
            io::ErrorKind::IsADirectory => "EISDIR",
            _ => "EIO",
        };
        let message = error.to_string();
        Self { code, message }
    }
}

/// Adds the functions to `native`. Each answers `[value]` or `[null, code, message]`.
pub(crate) fn install<'js>(ctx: &Ctx<'js>, native: &Object<'js>, folder: Folder) -> Result<()> {
    let folder = Rc::new(folder);
    let own = Rc::clone(&folder);
    let read_file = move |ctx: Ctx<'js>, path: String| {
        answer(
            &ctx,
            own.read(&path)
                .map(|bytes| TypedArray::new(ctx.clone(), bytes)),
        )
    };
    let own = Rc::clone(&folder);
    let read_text = move |ctx: Ctx<'js>, path: String| {
        answer(&ctx, own.read(&path).map(|bytes| Ok(decode(&bytes))))
    };
    let own = Rc::clone(&folder);
    let read_folder = move |ctx: Ctx<'js>, path: String| answer(&ctx, own.names(&path).map(Ok));
    let own = Rc::clone(&folder);
    let real_path = move |ctx: Ctx<'js>, path: String| {
        let found = own.find(&path);
        answer(
            &ctx,
            found.map(|path| Ok(path.to_string_lossy().into_owned())),
        )
    };
    let stat = move |ctx: Ctx<'js>, path: String| {
        let found = folder.find(&path).and_then(|path| Ok(fs::metadata(path)?));
        answer(&ctx, found.map(|metadata| describe(&ctx, &metadata)))
    };
    native.set("readFile", Function::new(ctx.clone(), read_file)?)?;
    native.set("readText", Function::new(ctx.clone(), read_text)?)?;
    native.set("readFolder", Function::new(ctx.clone(), read_folder)?)?;
    native.set("realPath", Function::new(ctx.clone(), real_path)?)?;
    native.set("stat", Function::new(ctx.clone(), stat)?)
}

/// Text of UTF-8 bytes without a byte order mark; broken sequences become replacement characters.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    String::from_utf8_lossy(bytes).into_owned()
}

/// `[kind, size, modified in milliseconds]`.
fn describe<'js>(ctx: &Ctx<'js>, metadata: &fs::Metadata) -> Result<Array<'js>> {
    let modified = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let stat = Array::new(ctx.clone())?;
    stat.set(0, if metadata.is_dir() { "folder" } else { "file" })?;
    stat.set(1, metadata.len() as f64)?;
    stat.set(2, modified.unwrap_or_default().as_millis() as f64)?;
    Ok(stat)
}

fn answer<'js, T: IntoJs<'js>>(
    ctx: &Ctx<'js>,
    found: std::result::Result<Result<T>, Refusal>,
) -> Result<Array<'js>> {
    let answer = Array::new(ctx.clone())?;
    match found {
        Ok(value) => answer.set(0, value?)?,
        Err(refusal) => {
            answer.set(0, ())?;
            answer.set(1, refusal.code)?;
            answer.set(2, refusal.message)?;
        }
    }
    Ok(answer)
}
