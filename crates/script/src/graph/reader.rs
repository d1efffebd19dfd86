//! Reading a graph: files found, files read, each transformed once.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use smithers_model::workflow::ModuleRevision;

use super::json::{transform_json, transform_text};
use super::resolve::{FileResolver, Found, Package, Style};
use super::transform::{Transformed, transform, transform_mdx};
use super::{Form, Module, ModuleGraph, bounds, builtin};
use crate::error::{LoadError, Place};
use crate::options::Limits;

/// Work in progress.
pub(super) struct Reader<'a> {
    root: PathBuf,
    limits: &'a Limits,
    files: FileResolver,
    names: HashMap<PathBuf, String>,
    queue: VecDeque<(Found, String)>,
    modules: HashMap<String, Module>,
    sources: Vec<(String, String)>,
    keeps_state: Option<Place>,
}

impl<'a> Reader<'a> {
    /// Reads `entry` and everything it imports.
    pub(super) fn graph(entry: &Path, limits: &'a Limits) -> Result<ModuleGraph, LoadError> {
        let shown = entry.display().to_string();
        let path = entry
            .canonicalize()
            .map_err(|error| LoadError::new(&shown, format!("cannot read the file: {error}")))?;
        let root = path.parent().unwrap_or(Path::new("/")).to_owned();
        let mut reader = Self {
            files: FileResolver::new(&root),
            root,
            limits,
            names: HashMap::new(),
            queue: VecDeque::new(),
            modules: HashMap::new(),
            sources: Vec::new(),
            keeps_state: None,
        };
        let entry_name = reader.enqueue(Found {
            path: path.clone(),
            package: Package::Own,
        });
        let zod = match reader.files.resolve(&path, builtin::ZOD, Style::Import) {
            Ok(own) => reader.enqueue(own),
            Err(_) => builtin::ZOD_SUBSET.to_owned(),
        };
        match reader.read_all() {
            Ok(()) => Ok(reader.into_graph(entry_name, shown, zod)),
            Err(error) => Err(error.after(reader.looked_at())),
        }
    }

    /// Notes that a file is part of the graph and returns its name.
    fn enqueue(&mut self, found: Found) -> String {
        if let Some(name) = self.names.get(&found.path) {
            return name.clone();
        }
        let name = relative_name(&self.root, &found.path);
        self.names.insert(found.path.clone(), name.clone());
        self.queue.push_back((found, name.clone()));
        name
    }

    fn read_all(&mut self) -> Result<(), LoadError> {
        while let Some((found, name)) = self.queue.pop_front() {
            if self.names.len() > self.limits.files {
                let message = format!("the module graph has more than {} files", self.limits.files);
                return Err(LoadError::new(name, message));
            }
            self.read(found, name)?;
        }
        Ok(())
    }

    fn read(&mut self, Found { path, package }: Found, name: String) -> Result<(), LoadError> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let source = self.source(&path, &name)?;
        let jsx = || self.files.jsx_import_source(&path);
        let done = match extension.unwrap_or_default() {
            "json" => transform_json(&name, &source)?,
            "txt" | "md" => transform_text(&source),
            "mdx" => transform_mdx(&name, &source, &jsx(), self.limits.bracket_depth)?,
            _ => {
                self.refuse_absurd(&name, &source)?;
                transform(&name, &source, &jsx(), package)?
            }
        };
        let form = match (&done.requires, extension) {
            (Some(_), _) => Form::CommonJs,
            (None, Some("json")) => Form::Json,
            (None, _) => Form::EsModule,
        };
        let imports = self.follow(&path, &name, &source, &done)?;
        let requires = self.follow_requires(&path, &done);
        self.note_state(&name, done.keeps_state);
        let module = Module {
            path,
            form,
            code: done.code,
            map: done.map,
            imports,
            requires,
        };
        self.modules.insert(name.clone(), module);
        self.sources.push((name, source));
        Ok(())
    }

    /// Remembers the first place that keeps state; one in a file of the author's own before those in packages.
    fn note_state(&mut self, name: &str, place: Option<Place>) {
        let better = match &self.keeps_state {
            None => !keeps_only_caches(name),
            Some(known) => is_of_package(&known.file) && !is_of_package(name),
        };
        if better && place.is_some() {
            self.keeps_state = place;
        }
    }

    fn source(&self, path: &Path, name: &str) -> Result<String, LoadError> {
        let unreadable = |error| LoadError::new(name, format!("cannot read the file: {error}"));
        let size = fs::metadata(path).map_err(unreadable)?.len();
        if size > self.limits.file_bytes as u64 {
            let most = self.limits.file_bytes;
            let message = format!("the file has {size} bytes, more than the {most} allowed");
            return Err(LoadError::new(name, message));
        }
        fs::read_to_string(path).map_err(unreadable)
    }

    fn refuse_absurd(&self, name: &str, source: &str) -> Result<(), LoadError> {
        match bounds::problem(source, self.limits.bracket_depth) {
            Some(problem) => Err(LoadError::new(name, problem)),
            None => Ok(()),
        }
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
            let target = self
                .target(path, specifier, Style::Import, done.composites)
                .map_err(|reason| {
                    LoadError::new(name, reason).at(place_of_specifier(name, source, specifier))
                })?;
            imports.insert(specifier.clone(), target);
        }
        Ok(imports)
    }

    /// Resolves what a file requires. Packages try what may be absent, so nothing missing is an error here.
    fn follow_requires(&mut self, path: &Path, done: &Transformed) -> HashMap<String, String> {
        let specifiers = done.requires.iter().flatten();
        specifiers
            .filter_map(|specifier| {
                let target = self
                    .target(path, specifier, Style::Require, done.composites)
                    .ok()?;
                Some((specifier.clone(), target))
            })
            .collect()
    }

    /// `composites`: whether file `from` may use them.
    fn target(
        &mut self,
        from: &Path,
        specifier: &str,
        style: Style,
        composites: bool,
    ) -> Result<String, String> {
        if let Some(id) = builtin::for_specifier(specifier) {
            let is_index = id == builtin::INDEX && composites;
            return Ok(if is_index { builtin::WHOLE } else { id }.to_owned());
        }
        match self.files.resolve(from, specifier, style) {
            Ok(found) => Ok(self.enqueue(found)),
            Err(reason) => builtin::instead_of_package(specifier)
                .map(str::to_owned)
                .ok_or(reason),
        }
    }

    /// The files that were read, and whatever else decided what they import.
    fn looked_at(&self) -> Arc<[PathBuf]> {
        let files = self.names.keys().cloned();
        files.chain(self.files.looked_at()).collect()
    }

    fn into_graph(mut self, entry: String, shown: String, zod: String) -> ModuleGraph {
        self.sources.sort();
        let looked_at = self.looked_at();
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
            keeps_state: self.keeps_state,
            looked_at,
        }
    }
}

/// Whether file `name` is not the author's own.
pub(super) fn is_of_package(name: &str) -> bool {
    name.split('/').any(|part| part == "node_modules")
}

/// Whether file `name` belongs to a package that is known to keep nothing but caches between calls.
fn keeps_only_caches(name: &str) -> bool {
    name.contains("node_modules/zod/")
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
