//! The module graph: every file that an entry file reaches, read, bounded and transformed once.
//!
//! A runtime is made from a graph alone, so replacing a runtime neither reads files again nor
//! picks up an edit that happened since.

mod bounds;
pub(crate) mod builtin;
mod commonjs;
mod composites;
mod computed;
mod disk;
mod json;
mod mdx;
mod reader;
mod resolve;
mod source_map;
mod stack;
mod state;
mod transform;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use smithers_model::workflow::ModuleRevision;

use self::reader::Reader;
use self::source_map::SourceMap;
pub use self::stack::place_of;
use crate::error::{LoadError, Place};
use crate::options::Limits;

/// Stack of the thread that parses, bytes. Parser and transforms recurse; only what is used is taken.
const STACK_BYTES: usize = 512 << 20;

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
    /// Where a file may keep state; one of the author's own when there is one.
    keeps_state: Option<Place>,
    /// Every path that, if it changed, could change the graph.
    pub(crate) looked_at: Arc<[PathBuf]>,
}

/// How a module comes to its exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// By `import` and `export`.
    EsModule,
    /// By `require` and `module.exports`.
    CommonJs,
    /// It is a JSON text.
    Json,
}

/// A transformed file.
#[derive(Debug)]
struct Module {
    path: PathBuf,
    form: Form,
    code: String,
    map: SourceMap,
    /// Import specifier to module name.
    imports: HashMap<String, String>,
    /// Specifier of a `require` to module name; what is missing fails when it is required.
    requires: HashMap<String, String>,
}

impl ModuleGraph {
    /// Reads and transforms `entry` and everything it imports.
    pub(crate) fn read(entry: &Path, limits: &Limits) -> Result<Self, LoadError> {
        let shown = entry.display().to_string();
        let failed =
            |error: io::Error| LoadError::new(&shown, format!("cannot read the file: {error}"));
        std::thread::scope(|scope| {
            std::thread::Builder::new()
                .name("module-graph".into())
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, || Reader::graph(entry, limits))
                .map_err(failed)?
                .join()
                .unwrap_or_else(|_| Err(LoadError::new(&shown, "reading the module failed")))
        })
    }

    /// Returns the module that `specifier` names in module `from`.
    pub(crate) fn resolve<'a>(&'a self, from: &str, specifier: &'a str) -> Option<&'a str> {
        match self.modules.get(from) {
            Some(module) if module.form == Form::CommonJs && specifier == builtin::COMMONJS => {
                Some(specifier)
            }
            Some(module) => module
                .imports
                .get(specifier)
                .map(String::as_str)
                .or_else(|| self.computed(from, specifier)),
            None if specifier == builtin::ZOD => Some(&self.zod),
            None if specifier == self.entry => Some(&self.entry),
            None => Some(specifier).filter(|id| builtin::source(id).is_some()),
        }
    }

    /// Returns the module that a `require` of `specifier` names in module `from`.
    pub(crate) fn required<'a>(&'a self, from: &str, specifier: &'a str) -> Option<&'a str> {
        let known = self.modules.get(from)?.requires.get(specifier);
        known
            .map(String::as_str)
            .or_else(|| self.computed(from, specifier))
    }

    /// Returns the code to run for module `name`.
    pub(crate) fn code(&self, name: &str) -> Option<&str> {
        match self.modules.get(name) {
            Some(module) => Some(&module.code),
            None => builtin::source(name),
        }
    }

    /// Returns how module `name` comes to its exports; none for built-in modules.
    pub(crate) fn form(&self, name: &str) -> Option<Form> {
        self.modules.get(name).map(|module| module.form)
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

    /// Whether what the modules render may depend on how often they were asked.
    pub(crate) fn may_keep_state(&self) -> bool {
        self.keeps_state.is_some()
    }

    /// Returns where a file of the author's own may keep state.
    pub(crate) fn state_of_author(&self) -> Option<&Place> {
        let place = self.keeps_state.as_ref();
        place.filter(|place| !reader::is_of_package(&place.file))
    }

    /// Returns the source text of module `name`.
    pub(crate) fn source(&self, name: &str) -> Option<&str> {
        let files = &self.revision.files;
        let found = files
            .binary_search_by(|(file, _)| file.as_str().cmp(name))
            .ok()?;
        Some(&files[found].1)
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
