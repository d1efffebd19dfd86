//! Imports whose specifier is computed: they find what the module has loaded anyway, and nothing else.

use super::ModuleGraph;
use super::resolve::EXTENSIONS;

impl ModuleGraph {
    /// Returns the file of the graph that a relative `specifier` names in module `from`.
    pub(super) fn computed(&self, from: &str, specifier: &str) -> Option<&str> {
        if !specifier.starts_with("./") && !specifier.starts_with("../") {
            return None;
        }
        let wanted = joined(from, specifier);
        let index = format!("{wanted}/index");
        let candidates = [wanted.as_str(), index.as_str()]
            .into_iter()
            .flat_map(|stem| {
                let endings = std::iter::once("").chain(EXTENSIONS);
                endings.map(move |ending| format!("{stem}{ending}"))
            });
        candidates
            .into_iter()
            .find_map(|name| self.modules.get_key_value(&name))
            .map(|(name, _)| name.as_str())
    }
}

/// The name that relative `specifier` has beside file `from`.
pub(super) fn joined(from: &str, specifier: &str) -> String {
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in specifier.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn names_are_joined_as_paths_are() {
        assert_eq!(joined("a/b.ts", "./c"), "a/c");
        assert_eq!(joined("a/b.ts", "../c/./d"), "c/d");
        assert_eq!(joined("b.ts", "../c"), "../c");
        assert_eq!(joined("../x/b.ts", "../../c"), "../../c");
    }
}
