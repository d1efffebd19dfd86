//! Names in the file that mean nothing, with a guess at what was meant.

use super::entry::Entry;
use super::file::{Place, Settings, quoted};
use super::key::Section;
use super::problem::Problem;

/// How much alike two names must be (0 to 1) for one to be offered in place of the other.
const ALIKE: f64 = 0.8;

/// Returns a problem for each section and each value of the file that nobody has read.
pub(super) fn of_file(file: &Settings, sections: &[Section], entries: &[Entry]) -> Vec<Problem> {
    let names: Vec<&str> = sections.iter().map(|section| section.name).collect();
    let unknown_section = |name: &str| !names.contains(&name);
    let of_sections = file
        .sections
        .iter()
        .filter(|(name, _)| unknown_section(name));
    let mut problems: Vec<Problem> = of_sections
        .map(|(name, place)| section_problem(name, place, &names))
        .collect();
    for (path, setting) in &file.values {
        let section = path.split_once('.').map_or("", |(section, _)| section);
        if !unknown_section(section) {
            problems.push(key_problem(path, section, &setting.name_place, entries));
        }
    }
    problems
}

fn section_problem(name: &str, place: &Place, sections: &[&str]) -> Problem {
    let guess = closest(name, sections.iter().copied());
    Problem {
        name: format!("section {}", quoted(name)),
        problem: not_known(guess),
        accepted: sections
            .iter()
            .map(|name| format!("[{name}]"))
            .collect::<Vec<_>>()
            .join(", "),
        place: Some(place.clone()),
    }
}

fn key_problem(path: &str, section: &str, place: &Place, entries: &[Entry]) -> Problem {
    let keys: Vec<&str> = entries.iter().map(|entry| entry.key.path).collect();
    let own: Vec<&str> = entries
        .iter()
        .map(|entry| entry.key.parts())
        .filter(|(other, _)| *other == section)
        .map(|(_, name)| name)
        .collect();
    Problem {
        name: quoted(path),
        problem: not_known(closest(path, keys.into_iter())),
        accepted: format!("in [{section}]: {}", own.join(", ")),
        place: Some(place.clone()),
    }
}

fn not_known(guess: Option<&str>) -> String {
    match guess {
        Some(guess) => format!("is not known; did you mean `{guess}`?"),
        None => "is not known".into(),
    }
}

fn closest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|other| (strsim::jaro_winkler(name, other), other))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, other)| other)
}
