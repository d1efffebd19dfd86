//! Which file an import names: relative files, tsconfig paths and installed packages.

use std::path::{Component, Path, PathBuf};

use oxc_resolver::{ModuleType, ResolveError, ResolveOptions, ResolverGeneric, TsconfigDiscovery};

use super::builtin;
use super::disk::Disk;

/// Package of the JSX runtime when nothing names another.
const DEFAULT_JSX: &str = "smithers-orchestrator";

/// Extensions that a specifier may leave out, in the order in which they are tried.
pub(crate) const EXTENSIONS: [&str; 9] = [
    ".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs", ".cjs", ".json", ".mdx",
];

/// Who asks: packages may give each another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// An `import`.
    Import,
    /// A `require`.
    Require,
}

/// A file that a specifier names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Links resolved.
    pub(crate) path: PathBuf,
    /// What the package of the file says about its `.js` files.
    pub(crate) package: Package,
}

/// What the package of a file says about its `.js` files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Package {
    /// They are the author's own; their syntax tells.
    #[default]
    Own,
    /// An installed package without `"type": "module"`.
    CommonJs,
    /// `"type": "module"`.
    Module,
}

/// Finds files for specifiers.
pub(crate) struct FileResolver {
    import: ResolverGeneric<Disk>,
    require: ResolverGeneric<Disk>,
    disk: Disk,
    /// Links from inside this folder may not lead out of it.
    root: PathBuf,
}

impl FileResolver {
    /// `root` is the folder of the entry file.
    pub(crate) fn new(root: &Path) -> Self {
        let disk = Disk::default();
        let import = ResolverGeneric::new_with_file_system(disk.clone(), options(Style::Import));
        let require = import.clone_with_options(options(Style::Require));
        Self {
            import,
            require,
            disk,
            root: project_root(root),
        }
    }

    /// Returns the file that `specifier` names in file `from`, or why there is none.
    pub(crate) fn resolve(
        &self,
        from: &Path,
        specifier: &str,
        style: Style,
    ) -> Result<Found, String> {
        let resolver = match style {
            Style::Import => &self.import,
            Style::Require => &self.require,
        };
        let found = resolver
            .resolve_file(from, specifier)
            .map_err(|error| reason(specifier, &error))?;
        let package = match found.module_type() {
            Some(ModuleType::Module) => Package::Module,
            _ if is_installed(found.path()) => Package::CommonJs,
            _ => Package::Own,
        };
        let path = self.real(specifier, found.path())?;
        Ok(Found { path, package })
    }

    /// The paths that decided what imports mean, those that are missing included.
    pub(crate) fn looked_at(&self) -> Vec<PathBuf> {
        self.disk.looked_at()
    }

    /// Follows links; those of the author's own files must stay in the project.
    fn real(&self, specifier: &str, path: &Path) -> Result<PathBuf, String> {
        let real = path
            .canonicalize()
            .map_err(|error| format!("cannot read `{specifier}`: {error}"))?;
        let escapes = path.starts_with(&self.root) && !real.starts_with(&self.root);
        if escapes && !is_installed(path) && !is_installed(&real) {
            return Err(format!(
                "`{specifier}` is a link that leads out of the project"
            ));
        }
        Ok(real)
    }

    /// Returns the package of the JSX runtime that applies to `file`.
    pub(crate) fn jsx_import_source(&self, file: &Path) -> String {
        let tsconfig = self.import.find_tsconfig(file).ok().flatten();
        tsconfig
            .and_then(|config| config.compiler_options.jsx_import_source.clone())
            .unwrap_or_else(|| DEFAULT_JSX.to_owned())
    }
}

fn options(style: Style) -> ResolveOptions {
    let strings = |texts: &[&str]| {
        texts
            .iter()
            .map(|&text| text.to_owned())
            .collect::<Vec<_>>()
    };
    let (conditions, main_fields) = match style {
        Style::Import => (["import", "module", "node", "default"], ["module", "main"]),
        Style::Require => (
            ["require", "commonjs", "node", "default"],
            ["main", "module"],
        ),
    };
    ResolveOptions {
        extensions: strings(&EXTENSIONS),
        // TypeScript sources may name the file that a compiler would write.
        extension_alias: vec![
            (".js".into(), strings(&[".js", ".ts", ".tsx", ".jsx"])),
            (".mjs".into(), strings(&[".mjs", ".mts"])),
            (".jsx".into(), strings(&[".jsx", ".tsx"])),
        ],
        condition_names: strings(&conditions),
        main_fields: strings(&main_fields),
        tsconfig: Some(TsconfigDiscovery::Auto),
        module_type: true,
        // Links are followed here, where it is seen where they lead.
        symlinks: false,
        ..ResolveOptions::default()
    }
}

/// The nearest folder that says it is a project, else the entry's own.
fn project_root(folder: &Path) -> PathBuf {
    let marks = ["package.json", "tsconfig.json", ".git"];
    let is_project = |folder: &&Path| marks.iter().any(|mark| folder.join(mark).exists());
    folder
        .ancestors()
        .find(is_project)
        .unwrap_or(folder)
        .to_owned()
}

/// Whether `path` lies in a folder of installed packages.
pub(super) fn is_installed(path: &Path) -> bool {
    path.components()
        .any(|component| component == Component::Normal("node_modules".as_ref()))
}

/// Says why `specifier` names no file.
fn reason(specifier: &str, error: &ResolveError) -> String {
    match error {
        ResolveError::NotFound(_)
        | ResolveError::MatchedAliasNotFound(..)
        | ResolveError::ExtensionAlias(..)
        | ResolveError::Builtin { .. } => builtin::missing_reason(specifier),
        ResolveError::Json(problem) => format!(
            "{} is not valid JSON: {} (line {}, column {})",
            problem.path.display(),
            problem.message,
            problem.line,
            problem.column
        ),
        other => format!("`{specifier}` cannot be resolved: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn resolved(folder: &tempfile::TempDir, specifier: &str) -> Option<String> {
        let root = folder.path().canonicalize().unwrap();
        let found = resolve(&root, specifier, Style::Import).ok()?.path;
        Some(found.strip_prefix(&root).unwrap().display().to_string())
    }

    fn resolve(root: &Path, specifier: &str, style: Style) -> Result<Found, String> {
        FileResolver::new(root).resolve(&root.join("gateway.tsx"), specifier, style)
    }

    #[test]
    fn relative_files_are_found_without_and_with_a_foreign_extension() {
        let folder = project(&[("a.ts", ""), ("b/index.tsx", ""), ("c.json", "{}")]);
        assert_eq!(resolved(&folder, "./a").as_deref(), Some("a.ts"));
        assert_eq!(resolved(&folder, "./a.js").as_deref(), Some("a.ts"));
        assert_eq!(resolved(&folder, "./b").as_deref(), Some("b/index.tsx"));
        assert_eq!(resolved(&folder, "./c.json").as_deref(), Some("c.json"));
        assert_eq!(resolved(&folder, "./d"), None);
    }

    #[test]
    fn packages_are_entered_through_their_import_condition() {
        let manifest = r#"{"name":"p","main":"a.cjs","exports":{".":{"require":"./a.cjs","import":"./a.mjs"}}}"#;
        let folder = project(&[
            ("node_modules/p/package.json", manifest),
            ("node_modules/p/a.mjs", ""),
        ]);
        assert_eq!(
            resolved(&folder, "p").as_deref(),
            Some("node_modules/p/a.mjs")
        );
    }

    #[test]
    fn tsconfig_gives_paths_and_the_jsx_runtime() {
        let config =
            r#"{"compilerOptions":{"jsxImportSource":"preact","paths":{"~/*":["./lib/*"]}}}"#;
        let folder = project(&[
            ("tsconfig.json", config),
            ("lib/x.ts", ""),
            ("gateway.tsx", ""),
        ]);
        assert_eq!(resolved(&folder, "~/x").as_deref(), Some("lib/x.ts"));
        let entry = folder.path().canonicalize().unwrap().join("gateway.tsx");
        assert_eq!(
            FileResolver::new(folder.path()).jsx_import_source(&entry),
            "preact"
        );
    }

    #[test]
    fn a_package_gives_each_kind_of_import_its_own_file() {
        let manifest = r#"{"name":"p","exports":{".":{"require":"./a.cjs","import":"./a.mjs"},"./sub/*":{"node":"./s/*.js"}},"type":"module"}"#;
        let folder = project(&[
            ("node_modules/@me/p/package.json", manifest),
            ("node_modules/@me/p/a.mjs", ""),
            ("node_modules/@me/p/a.cjs", ""),
            ("node_modules/@me/p/s/x.js", ""),
            ("node_modules/old/package.json", r#"{"main":"lib"}"#),
            ("node_modules/old/lib/index.js", ""),
        ]);
        let root = folder.path().canonicalize().unwrap();
        let found = |specifier, style| {
            let found = resolve(&root, specifier, style).unwrap();
            (
                found
                    .path
                    .strip_prefix(root.join("node_modules"))
                    .unwrap()
                    .display()
                    .to_string(),
                found.package,
            )
        };
        assert_eq!(
            found("@me/p", Style::Import),
            ("@me/p/a.mjs".into(), Package::Module)
        );
        assert_eq!(found("@me/p", Style::Require).0, "@me/p/a.cjs");
        assert_eq!(
            found("@me/p/sub/x", Style::Import),
            ("@me/p/s/x.js".into(), Package::Module)
        );
        assert_eq!(
            found("old", Style::Import),
            ("old/lib/index.js".into(), Package::CommonJs)
        );
        let hidden = resolve(&root, "@me/p/s/x.js", Style::Import).unwrap_err();
        assert!(hidden.contains("not exported"), "{hidden}");
    }

    #[test]
    fn a_tsconfig_extends_others_and_a_broken_one_is_named() {
        let folder = project(&[
            (
                "tsconfig.json",
                "{ /* base */ \"extends\": \"./base/tsconfig.base.json\", }",
            ),
            (
                "base/tsconfig.base.json",
                r#"{"compilerOptions":{"baseUrl":"..","paths":{"~/*":["lib/*"]},"jsxImportSource":"x"}}"#,
            ),
            ("lib/x.ts", ""),
        ]);
        assert_eq!(resolved(&folder, "~/x").as_deref(), Some("lib/x.ts"));
        let broken = project(&[("tsconfig.json", "{ \"extends\": "), ("a.ts", "")]);
        let root = broken.path().canonicalize().unwrap();
        let reason = resolve(&root, "./a", Style::Import).unwrap_err();
        assert!(reason.contains("tsconfig.json"), "{reason}");
        let circular = project(&[
            ("tsconfig.json", r#"{"extends":"./tsconfig.json"}"#),
            ("a.ts", ""),
        ]);
        let root = circular.path().canonicalize().unwrap();
        assert!(resolve(&root, "./a", Style::Import).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_in_the_project_or_lead_to_packages() {
        use std::os::unix::fs::symlink;
        let elsewhere = project(&[
            ("secret.json", "{}"),
            ("node_modules/.store/p/index.js", ""),
        ]);
        let folder = project(&[("package.json", "{}"), ("inner/a.ts", "")]);
        symlink(
            elsewhere.path().join("secret.json"),
            folder.path().join("data.json"),
        )
        .unwrap();
        symlink(folder.path().join("inner/a.ts"), folder.path().join("b.ts")).unwrap();
        fs::create_dir(folder.path().join("node_modules")).unwrap();
        symlink(
            elsewhere.path().join("node_modules/.store/p"),
            folder.path().join("node_modules/p"),
        )
        .unwrap();
        let root = folder.path().canonicalize().unwrap();
        let refused = resolve(&root, "./data.json", Style::Import).unwrap_err();
        assert!(refused.contains("leads out of the project"), "{refused}");
        assert_eq!(resolved(&folder, "./b").as_deref(), Some("inner/a.ts"));
        assert!(resolve(&root, "p", Style::Import).is_ok());
    }
}
