//! Where in a JSON document something stands, as people write it: `customers[0].key`.

use crate::json;

/// Goes through a document once, forwards; made only when something was found.
pub(crate) struct Paths<'t> {
    root: &'static str,
    json: &'t [u8],
    at: usize,
    levels: Vec<Level<'t>>,
}

enum Level<'t> {
    /// In an object, at the value of the member with this name; none before the first and inside a name.
    Member(Option<&'t [u8]>),
    /// In a list, at the item with this number.
    Item(usize),
}

impl<'t> Paths<'t> {
    pub(crate) fn new(root: &'static str, json: &'t [u8]) -> Self {
        Self {
            root,
            json,
            at: 0,
            levels: Vec::new(),
        }
    }

    /// Returns the path of the byte at `offset`, which is not before the last one asked for.
    pub(crate) fn at(&mut self, offset: usize) -> String {
        while self.at < offset.min(self.json.len()) {
            match self.json[self.at] {
                b'{' => self.levels.push(Level::Member(None)),
                b'[' => self.levels.push(Level::Item(0)),
                b'}' | b']' => drop(self.levels.pop()),
                b',' => self.next(),
                b'"' => {
                    let end = json::string_end(self.json, self.at + 1);
                    let is_inside = offset <= end;
                    self.string(end, is_inside);
                    if is_inside {
                        break;
                    }
                    self.at = end;
                }
                _ => {}
            }
            self.at += 1;
        }
        let root = self.root.to_owned();
        self.levels
            .iter()
            .fold(root, |path, level| path + &level.text())
    }

    /// Takes note of the string that begins here if it names a member.
    fn string(&mut self, end: usize, is_inside: bool) {
        let names = json::member_value(self.json, end).is_some();
        if let Some(Level::Member(name)) = self.levels.last_mut()
            && names
        {
            *name = (!is_inside).then_some(&self.json[self.at + 1..end]);
        }
    }

    fn next(&mut self) {
        match self.levels.last_mut() {
            Some(Level::Item(number)) => *number += 1,
            Some(Level::Member(name)) => *name = None,
            None => {}
        }
    }
}

impl Level<'_> {
    fn text(&self) -> String {
        match self {
            Level::Member(Some(name)) => format!(".{}", String::from_utf8_lossy(name)),
            Level::Member(None) => ".(name)".to_owned(),
            Level::Item(number) => format!("[{number}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_members_and_items() {
        let json = r#"{"a":[1,{"b c":"X"},["Y"]],"d":"Z","W":1}"#;
        let mut paths = Paths::new("input", json.as_bytes());
        let mut path = |wanted: &str| paths.at(json.find(wanted).unwrap());
        assert_eq!(path("X"), "input.a[1].b c");
        assert_eq!(path("Y"), "input.a[2][0]");
        assert_eq!(path("Z"), "input.d");
        assert_eq!(path("W"), "input.(name)");
    }
}
