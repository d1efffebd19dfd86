//! Which file an import names: relative files, tsconfig paths and installed packages.

use std::path::{Path, PathBuf};

use oxc_resolver::{ResolveOptions, Resolver, TsconfigDiscovery};

/// Package of the JSX runtime when nothing names another.
const DEFAULT_JSX: &str = "smithers-orchestrator";

/// Finds files for specifiers.
pub(crate) struct FileResolver {
    resolver: Resolver,
}

impl FileResolver {
    pub(crate) fn new() -> Self {
        let strings = |texts: &[&str]| {
            texts
                .iter()
                .map(|&text| text.to_owned())
                .collect::<Vec<_>>()
        };
        Self {
            resolver: Resolver::new(ResolveOptions {
                extensions: strings(&[
                    ".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs", ".json", ".mdx",
                ]),
                // TypeScript sources may name the file that a compiler would write.
                extension_alias: vec![
                    (".js".into(), strings(&[".js", ".ts", ".tsx", ".jsx"])),
                    (".mjs".into(), strings(&[".mjs", ".mts"])),
                    (".jsx".into(), strings(&[".jsx", ".tsx"])),
                ],
                condition_names: strings(&["import", "module", "default"]),
                main_fields: strings(&["module", "main"]),
                tsconfig: Some(TsconfigDiscovery::Auto),
                ..ResolveOptions::default()
            }),
        }
    }

    /// Returns the file that `specifier` names in file `from`, links resolved.
    pub(crate) fn resolve(&self, from: &Path, specifier: &str) -> Option<PathBuf> {
        let found = self.resolver.resolve_file(from, specifier).ok()?;
        Some(found.into_path_buf())
    }

    /// Returns the package of the JSX runtime that applies to `file`.
    pub(crate) fn jsx_import_source(&self, file: &Path) -> String {
        let tsconfig = self.resolver.find_tsconfig(file).ok().flatten();
        tsconfig
            .and_then(|config| config.compiler_options.jsx_import_source.clone())
            .unwrap_or_else(|| DEFAULT_JSX.to_owned())
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
        let found = FileResolver::new().resolve(&root.join("gateway.tsx"), specifier)?;
        Some(found.strip_prefix(&root).unwrap().display().to_string())
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
        assert_eq!(FileResolver::new().jsx_import_source(&entry), "preact");
    }
}
