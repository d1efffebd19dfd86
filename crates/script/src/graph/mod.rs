//! The module graph: every file that an entry file reaches, read, bounded and transformed once.
//!
//! A runtime is made from a graph alone, so replacing a runtime neither reads files again nor
//! picks up an edit that happened since.

mod bounds;
pub(crate) mod builtin;
mod mdx;
mod resolve;
mod source_map;
mod stack;
mod transform;

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use smithers_model::workflow::ModuleRevision;

use self::resolve::FileResolver;
use self::source_map::SourceMap;
use self::transform::{Transformed, transform, transform_json, transform_mdx};
use crate::error::{LoadError, Place};
use crate::options::Limits;

/// A loaded graph. Files are named by their path relative to the entry's folder.
#[derive(Debug)]
pub(crate) struct ModuleGraph {
    /// Name of the entry file.
    pub(crate) entry: String,
    /// The entry's folder.
    pub(crate) root: PathBuf,
    /// Hash and sources of all files.
    pub(crate) revision: ModuleRevision,
    modules: HashMap<String, Module>,
    /// What `zod` means to built-in modules.
    zod: String,
}

/// A transformed file.
#[derive(Debug)]
struct Module {
    path: PathBuf,
    code: String,
    map: SourceMap,
    /// Import specifier to module name.
    imports: HashMap<String, String>,
}

impl ModuleGraph {
    /// Reads and transforms `entry` and everything it imports.
    pub(crate) fn read(entry: &Path, limits: &Limits) -> Result<Self, LoadError> {
        let shown = entry.display().to_string();
        let path = entry
            .canonicalize()
            .map_err(|error| LoadError::new(&shown, format!("cannot read the file: {error}")))?;
        let root = path.parent().unwrap_or(Path::new("/")).to_owned();
        let mut reader = Reader::new(root, limits);
        let entry_name = reader.enqueue(path.clone());
        let zod = match reader.files.resolve(&path, builtin::ZOD) {
            Some(own) => reader.enqueue(own),
            None => builtin::ZOD_SUBSET.to_owned(),
        };
        reader.read_all()?;
        Ok(reader.into_graph(entry_name, shown, zod))
    }

    /// Returns the module that `specifier` names in module `from`.
    pub(crate) fn resolve<'a>(&'a self, from: &str, specifier: &'a str) -> Option<&'a str> {
        match self.modules.get(from) {
            Some(module) => module.imports.get(specifier).map(String::as_str),
            None if specifier == builtin::ZOD => Some(&self.zod),
            None if specifier == self.entry => Some(&self.entry),
            None => Some(specifier).filter(|id| builtin::source(id).is_some()),
        }
    }

    /// Returns the code to run for module `name`.
    pub(crate) fn code(&self, name: &str) -> Option<&str> {
        match self.modules.get(name) {
            Some(module) => Some(&module.code),
            None => builtin::source(name),
        }
    }

    /// Returns the file of module `name`; built-in modules have none.
    pub(crate) fn path(&self, name: &str) -> Option<&Path> {
        self.modules.get(name).map(|module| module.path.as_path())
    }

    /// Describes a position of the generated code of module `name` in its source.
    pub(crate) fn place(&self, name: &str, line: u32, column: u32) -> Option<Place> {
        let (line, column) = self.modules.get(name)?.map.original(line, column);
        Some(Place::new(name, self.source(name)?, line, column))
    }

    fn source(&self, name: &str) -> Option<&str> {
        let files = &self.revision.files;
        let found = files
            .binary_search_by(|(file, _)| file.as_str().cmp(name))
            .ok()?;
        Some(&files[found].1)
    }
}

/// Work in progress: files found, files read.
struct Reader<'a> {
    root: PathBuf,
    limits: &'a Limits,
    files: FileResolver,
    names: HashMap<PathBuf, String>,
    queue: VecDeque<(PathBuf, String)>,
    modules: HashMap<String, Module>,
    sources: Vec<(String, String)>,
}

impl<'a> Reader<'a> {
    fn new(root: PathBuf, limits: &'a Limits) -> Self {
        Self {
            root,
            limits,
            files: FileResolver::new(),
            names: HashMap::new(),
            queue: VecDeque::new(),
            modules: HashMap::new(),
            sources: Vec::new(),
        }
    }

    /// Notes that `path` is part of the graph and returns its name.
    fn enqueue(&mut self, path: PathBuf) -> String {
        if let Some(name) = self.names.get(&path) {
            return name.clone();
        }
        let name = relative_name(&self.root, &path);
        self.names.insert(path.clone(), name.clone());
        self.queue.push_back((path, name.clone()));
        name
    }

    fn read_all(&mut self) -> Result<(), LoadError> {
        while let Some((path, name)) = self.queue.pop_front() {
            if self.names.len() > self.limits.files {
                let message = format!("the module graph has more than {} files", self.limits.files);
                return Err(LoadError::new(name, message));
            }
            self.read(path, name)?;
        }
        Ok(())
    }

    fn read(&mut self, path: PathBuf, name: String) -> Result<(), LoadError> {
        let source = read_bounded(&path, &name, self.limits)?;
        let jsx = || self.files.jsx_import_source(&path);
        let done = match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => transform_json(&name, &source)?,
            Some("mdx") => transform_mdx(&name, &source, &jsx(), self.limits.bracket_depth)?,
            _ => transform(&name, &source, &jsx())?,
        };
        let imports = self.follow(&path, &name, &source, &done)?;
        let Transformed { code, map, .. } = done;
        let module = Module {
            path,
            code,
            map,
            imports,
        };
        self.modules.insert(name.clone(), module);
        self.sources.push((name, source));
        Ok(())
    }

    /// Resolves the imports of a file and queues those that are files.
    fn follow(
        &mut self,
        path: &Path,
        name: &str,
        source: &str,
        done: &Transformed,
    ) -> Result<HashMap<String, String>, LoadError> {
        let mut imports = HashMap::new();
        for specifier in &done.imports {
            if imports.contains_key(specifier) {
                continue;
            }
            let target = self.target(path, specifier).ok_or_else(|| {
                LoadError::new(name, builtin::missing_reason(specifier))
                    .at(place_of_specifier(name, source, specifier))
            })?;
            imports.insert(specifier.clone(), target);
        }
        Ok(imports)
    }

    fn target(&mut self, from: &Path, specifier: &str) -> Option<String> {
        if let Some(id) = builtin::for_specifier(specifier) {
            return Some(id.to_owned());
        }
        if let Some(path) = self.files.resolve(from, specifier) {
            return Some(self.enqueue(path));
        }
        matches!(specifier, "zod" | "zod/v4").then(|| builtin::ZOD_SUBSET.to_owned())
    }

    fn into_graph(mut self, entry: String, shown: String, zod: String) -> ModuleGraph {
        self.sources.sort();
        ModuleGraph {
            entry,
            revision: ModuleRevision {
                hash: hash(&self.sources),
                entry: shown,
                files: Arc::new(self.sources),
            },
            root: self.root,
            modules: self.modules,
            zod,
        }
    }
}

fn read_bounded(path: &Path, name: &str, limits: &Limits) -> Result<String, LoadError> {
    let unreadable = |error| LoadError::new(name, format!("cannot read the file: {error}"));
    let size = fs::metadata(path).map_err(unreadable)?.len();
    if size > limits.file_bytes as u64 {
        let message = format!(
            "the file has {size} bytes, more than the {} allowed",
            limits.file_bytes
        );
        return Err(LoadError::new(name, message));
    }
    let source = fs::read_to_string(path).map_err(unreadable)?;
    let is_code = path.extension().is_none_or(|extension| extension != "mdx");
    if is_code && let Some(problem) = bounds::problem(&source, limits.bracket_depth) {
        return Err(LoadError::new(name, problem));
    }
    Ok(source)
}

/// The place where `specifier` is written, if it is written plainly.
fn place_of_specifier(name: &str, source: &str, specifier: &str) -> Option<Place> {
    let offset = ['"', '\'']
        .iter()
        .find_map(|quote| source.find(&format!("{quote}{specifier}{quote}")))?;
    Some(Place::at_offset(name, source, offset))
}

/// `path` as seen from folder `root`, with forward slashes.
fn relative_name(root: &Path, path: &Path) -> String {
    let shared = root
        .components()
        .zip(path.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = root.components().skip(shared).map(|_| "..");
    let down = path
        .components()
        .skip(shared)
        .filter_map(|component| match component {
            Component::Normal(part) => part.to_str(),
            _ => None,
        });
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// SHA-256 over names and sources, each with its length so that no two graphs read the same.
fn hash(files: &[(String, String)]) -> String {
    let mut hash = Sha256::new();
    for text in files.iter().flat_map(|(name, source)| [name, source]) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests;
