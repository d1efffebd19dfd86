//! JSON and text files as modules.

use super::source_map::SourceMap;
use super::transform::Transformed;
use crate::error::{LoadError, Place};

/// A JSON file as a module: the value as default export, and the fields that have a name.
pub(crate) fn transform_json(file: &str, source: &str) -> Result<Transformed, LoadError> {
    let value: serde_json::Value = serde_json::from_str(source).map_err(|error| {
        let (line, column) = (error.line() as u32, error.column().max(1) as u32);
        LoadError::new(file, error.to_string()).at(Some(Place::new(file, source, line, column)))
    })?;
    let mut code = format!(
        "const json = JSON.parse({});\nexport default json;\n",
        quoted(source)
    );
    let names = value
        .as_object()
        .into_iter()
        .flat_map(|fields| fields.keys());
    for (index, name) in names.filter(|name| is_name(name)).enumerate() {
        code.push_str(&format!(
            "const field{index} = json.{name};\nexport {{ field{index} as {name} }};\n"
        ));
    }
    Ok(module(code))
}

/// A text file as a module: the text as default export.
pub(crate) fn transform_text(source: &str) -> Transformed {
    module(format!("export default {};\n", quoted(source)))
}

fn module(code: String) -> Transformed {
    Transformed {
        code,
        map: SourceMap::default(),
        imports: Vec::new(),
        composites: false,
        requires: None,
        keeps_state: None,
    }
}

/// `text` as a literal of JavaScript.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text is written as JSON")
}

fn is_name(name: &str) -> bool {
    name != "default"
        && name
            .starts_with(|letter: char| letter.is_ascii_alphabetic() || matches!(letter, '_' | '$'))
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '$'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_json_has_its_place() {
        let error = transform_json("a.json", "{\n  \"a\": }\n").unwrap_err();
        assert_eq!(error.place.unwrap().line, 2);
    }

    #[test]
    fn fields_with_a_name_are_exported() {
        let code = transform_json("a.json", r#"{"a": 1, "b-c": 2, "default": 3, "class": 4}"#)
            .unwrap()
            .code;
        let exported: Vec<_> = code.lines().filter(|line| line.contains("as ")).collect();
        assert_eq!(
            exported,
            ["export { field0 as a };", "export { field1 as class };"]
        );
    }
}
