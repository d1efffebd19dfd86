//! The command line as a whole: everything is described.

use clap::{Arg, Command, CommandFactory};

use super::Cli;

/// Calls `look` with every command and its words.
fn walk(command: &Command, path: &str, look: &mut impl FnMut(&Command, &str)) {
    for below in command.get_subcommands() {
        if below.get_name() == "help" {
            continue;
        }
        let path = format!("{path} {}", below.get_name());
        look(below, &path);
        walk(below, &path, look);
    }
}

fn each(mut look: impl FnMut(&Command, &str)) {
    let mut root = Cli::command();
    root.build();
    walk(&root, "smithers", &mut look);
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_and_every_flag_says_what_it_is_for() {
    let mut silent = Vec::new();
    each(|command, path| {
        if command.get_about().is_none() {
            silent.push(path.to_owned());
        }
        let is_silent = |arg: &&Arg| arg.get_help().is_none();
        let args = command.get_arguments().filter(is_silent);
        silent.extend(args.map(|arg| format!("{path} {arg}")));
    });
    assert_eq!(silent, Vec::<String>::new(), "these have no help");
}

/// The lines of examples below the help of a command, from the word `smithers` on.
fn examples(command: &Command) -> Vec<String> {
    let text = command.get_after_help().map(ToString::to_string);
    let text = text.unwrap_or_default().replace("\\\n", " ");
    let lines = text.lines().filter_map(|line| {
        let begin = line.find("smithers ")?;
        (line.starts_with("  ")).then(|| line[begin..].to_owned())
    });
    lines.collect()
}

/// The words of a line as a shell splits it, up to a pipe, a redirection or a comment.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut is_open) = (Vec::new(), String::new(), None, false);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), letter) => word.push(letter),
            (None, '\'' | '"') => (quote, is_open) = (Some(letter), true),
            (None, '|' | '>' | '<' | '#') => break,
            (None, ' ') if is_open => {
                words.push(std::mem::take(&mut word));
                is_open = false;
            }
            (None, ' ') => {}
            (None, letter) => {
                word.push(letter);
                is_open = true;
            }
        }
    }
    words.extend(is_open.then_some(word));
    words
}

#[test]
fn every_command_shows_examples_of_itself_that_parse() {
    let mut wrong = Vec::new();
    each(|command, path| {
        if command.has_subcommands() || command.is_hide_set() {
            return;
        }
        let examples = examples(command);
        if !examples.iter().any(|line| line.starts_with(path)) {
            wrong.push(format!("{path} has no example"));
        }
        for line in examples {
            if let Err(error) = Cli::command().try_get_matches_from(words(&line)) {
                wrong.push(format!("{line}: {error}"));
            }
        }
    });
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn lines_are_split_as_shells_do() {
    let line = r#"smithers x --input '{"a": "b c"}' --note "" > file"#;
    assert_eq!(
        words(line),
        ["smithers", "x", "--input", r#"{"a": "b c"}"#, "--note", ""]
    );
    assert_eq!(words("smithers  y | head"), ["smithers", "y"]);
}

#[test]
fn no_flag_is_meant_to_hold_a_secret() {
    let mut suspicious = Vec::new();
    each(|command, path| {
        for arg in command.get_arguments() {
            let name = arg.get_long().unwrap_or_default();
            let is_value = arg.get_action().takes_values();
            if is_value && matches!(name, "token" | "bearer" | "api-key" | "password" | "secret") {
                suspicious.push(format!("{path} --{name}"));
            }
        }
    });
    assert_eq!(suspicious, Vec::<String>::new());
}
