//! What `smithers.toml` sets, and how its mistakes are told.

use super::*;

const PATH: &str = "conf/smithers.toml";

fn with_file(environment: &[(&str, &str)], text: &str) -> Sources {
    Sources {
        file: Some(ConfigFile {
            path: PATH.into(),
            text: Ok(text.to_owned()),
        }),
        ..sources(environment)
    }
}

fn read_file(text: &str) -> Config {
    Config::read(&with_file(&[], text)).expect("accepted")
}

fn file_problems(text: &str) -> Vec<String> {
    let error = Config::read(&with_file(&[], text)).expect_err("refused");
    error.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn flags_count_before_the_environment_before_the_file_before_the_default() {
    let text = "[listen]\nport = 7001\nmax_connections = 7\n\n[streams]\nevent_window = 9\n";
    let environment = [("PORT", "7002"), ("SMITHERS_GATEWAY_MAX_CONNECTIONS", "8")];
    let mut all = with_file(&environment, text);
    all.flags.insert("PORT", "7003".into());
    let config = Config::read(&all).unwrap();
    assert_eq!(
        (config.listen.port, origin(&config, "PORT")),
        (7003, "flag".into())
    );
    let connections = "SMITHERS_GATEWAY_MAX_CONNECTIONS";
    assert_eq!(config.listen.max_connections, 8);
    assert_eq!(origin(&config, connections), "environment");
    assert_eq!(config.streams.event_window, 9);
    assert_eq!(
        origin(&config, "SMITHERS_GATEWAY_EVENT_WINDOW"),
        "file (conf/smithers.toml:6)"
    );
    assert_eq!(config.listen.workers, 1);
    assert_eq!(origin(&config, "SMITHERS_GATEWAY_WORKERS"), "default");
    assert_eq!(config.file(), Some(Path::new(PATH)));
}

#[test]
fn every_kind_of_value_is_read_from_the_file() {
    let text = r#"
        [listen]
        host = "0.0.0.0"
        max_body_bytes = 0x10_0000
        [access]
        metrics_public = true
        allowed_origins = ["https://a.example", "https://b.example"]
        [script]
        module_env = "APP_*, TZ"
        [storage]
        synchronous = 'normal'
        db_path = ""
    "#;
    let config = read_file(text);
    assert_eq!(config.listen.host.to_string(), "0.0.0.0");
    assert_eq!(config.listen.max_body_bytes, 1024 * 1024);
    assert!(config.access.metrics_public);
    assert_eq!(
        config.access.allowed_origins,
        ["https://a.example", "https://b.example"]
    );
    assert!(config.script.module_env.allows("APP_X"));
    assert_eq!(config.storage.synchronous, Synchronous::Normal);
    assert_eq!(
        origin(&config, "SMITHERS_DB_PATH"),
        "default (there is no /data)",
        "an empty value counts as not set"
    );
}

#[test]
fn everything_wrong_is_told_together_with_file_line_column_key_and_what_is_accepted() {
    let text = "\
[listen]
port = \"7331\"
  max_body_bytes = 12
prot = 1
[acces]
auth = \"token\"
[storage]
synchronous = \"secret-word\"
[access]
metrics_public = 1
allowed_origins = [1]
[logging]
format = 1979-05-27
";
    let found = file_problems(text);
    let expected = [
        "2:8: listen.port is text in quotes, and must be a number without quotes; accepted: 0 to 65535",
        "3:20: listen.max_body_bytes is 12, which is out of range; accepted: 1024 to 67108864",
        "11:19: access.allowed_origins is a list of something else than texts, and must be a list of texts; \
         accepted: origins such as https://example.org, separated by commas",
        "10:18: access.metrics_public is a number, and must be true or false without quotes; accepted: 0, 1, true or false",
        "8:15: storage.synchronous is none of the accepted words; accepted: full, normal",
        "13:10: logging.format is a date, and must be text in quotes; accepted: text, json",
        "5:2: section `acces` is not known; did you mean `access`?; accepted: [listen], [access], ",
        "4:1: `listen.prot` is not known; did you mean `listen.port`?; accepted: in [listen]: host, port, workers, ",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (problem, start) in found.iter().zip(expected) {
        let start = format!("{PATH}:{start}");
        assert!(problem.starts_with(&start), "{problem}\n{start}");
    }
}

#[test]
fn a_value_of_the_file_is_checked_even_when_the_environment_counts() {
    let hidden = with_file(&[("PORT", "1")], "[listen]\nport = 70000\n");
    let error = Config::read(&hidden).unwrap_err();
    assert_eq!(error.problems.len(), 1);
    assert_eq!(error.problems[0].name, "listen.port");
}

#[test]
fn a_fault_of_the_syntax_names_its_place_and_nothing_that_follows_from_it() {
    let found = file_problems("[listen]\nport = \n[nonsense]\n");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].starts_with("conf/smithers.toml:2:"), "{found:#?}");
    assert!(found[0].contains("is not TOML"), "{found:#?}");
    let twice = file_problems("[listen]\nport = 1\nport = 2\n");
    assert!(
        twice[0].starts_with("conf/smithers.toml:3:1: "),
        "{twice:#?}"
    );
}

#[test]
fn a_value_outside_of_sections_is_refused() {
    let found = file_problems("port = 7331\n");
    assert!(
        found[0].starts_with("conf/smithers.toml:1:1: `port` stands outside of any section"),
        "{found:#?}"
    );
}

#[test]
fn no_message_repeats_a_value_of_the_file() {
    let secret = "smithers_0123456789abcdef0123456789abcdef";
    for entry in Config::read(&container(&[])).unwrap().entries() {
        let (section, name) = entry.key.parts();
        let text = format!("[{section}]\n{name} = \"{secret}\"\n");
        if let Err(error) = Config::read(&with_file(&[], &text)) {
            assert!(!error.to_string().contains(secret), "{error}");
        }
    }
    for text in [
        format!("[listen]\nport = \"{secret}\n"),
        format!("[listen]\nport = {secret}\n"),
    ] {
        for problem in file_problems(&text) {
            assert!(!problem.contains(secret), "{problem}");
        }
    }
}

#[test]
fn a_file_that_was_named_must_exist_and_be_text() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent.toml");
    let binary = folder.path().join("binary.toml");
    std::fs::write(&binary, b"\xff\xfe").unwrap();
    for (path, problem) in [(absent, "does not exist"), (binary, "is not UTF-8")] {
        let named = Sources::default().with_file(Some(&path));
        let error = Config::read(&named).unwrap_err().to_string();
        assert!(error.contains(problem), "{error}");
        assert!(error.contains(&path.display().to_string()), "{error}");
    }
}

#[test]
fn the_example_shows_every_key_with_its_default_and_is_accepted_as_it_is_and_with_every_key_set() {
    let example = Config::example();
    let untouched = read_file(&example);
    assert!(
        untouched
            .entries()
            .iter()
            .all(|entry| !matches!(entry.origin, Origin::File(_)))
    );
    let set: Vec<&str> = example
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => rest,
            _ => line,
        })
        .collect();
    let config = read_file(&set.join("\n"));
    for entry in config.entries() {
        assert_eq!(entry.value, entry.default, "{}", entry.key.path);
        let is_empty = entry.default.is_empty();
        assert_eq!(
            matches!(entry.origin, Origin::File(_)),
            !is_empty,
            "{} is in the example",
            entry.key.path
        );
        assert!(example.contains(entry.key.variable));
    }
}

#[test]
fn every_key_has_one_path_one_variable_and_a_section() {
    let config = read(&[]);
    let unique = |name: fn(&Entry) -> &str| {
        let names: BTreeSet<_> = config.entries().iter().map(name).collect();
        assert_eq!(names.len(), config.entries().len());
    };
    unique(|entry| entry.key.path);
    unique(|entry| entry.key.variable);
    for entry in config.entries() {
        let (section, _) = entry.key.parts();
        let mut sections = config.sections().iter();
        assert!(
            sections.any(|known| known.name == section),
            "{}",
            entry.key.path
        );
        assert!(entry.key.help.ends_with('.'), "{}", entry.key.path);
    }
}
