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
