//! The configuration of the reference deployment, of a laptop, and of operators who mistype.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;

mod approvals;
mod file;

fn sources(environment: &[(&str, &str)]) -> Sources {
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Sources {
        environment,
        ..Sources::default()
    }
}

fn container(environment: &[(&str, &str)]) -> Sources {
    let surroundings = Surroundings {
        has_data_dir: true,
        has_workspace_dir: true,
        cores: 4,
        ..Surroundings::default()
    };
    Sources {
        surroundings,
        ..sources(environment)
    }
}

fn read(environment: &[(&str, &str)]) -> Config {
    Config::read(&sources(environment)).expect("accepted")
}

fn problems(environment: &[(&str, &str)]) -> Vec<String> {
    let error = Config::read(&sources(environment)).expect_err("refused");
    error.problems.iter().map(ToString::to_string).collect()
}

fn origin(config: &Config, name: &str) -> String {
    config
        .entries()
        .iter()
        .find(|entry| entry.key.variable == name)
        .expect("known")
        .origin
        .to_string()
}

#[test]
fn the_reference_deployment_needs_no_settings() {
    let config = Config::read(&container(&[])).unwrap();
    assert_eq!(config.listen.address().to_string(), "127.0.0.1:7331");
    assert_eq!(config.storage.db_path, Path::new("/data/smithers.db"));
    assert_eq!(config.access.token_store, Path::new("/data/tokens.json"));
    assert_eq!(config.script.module, Path::new("/workspace/gateway.mjs"));
    assert_eq!(config.streams.heartbeat, Duration::from_secs(15));
    assert_eq!(config.streams.event_window, 10_000);
    assert_eq!(config.listen.headers_timeout, Duration::from_secs(30));
    assert_eq!(config.listen.request_timeout, Duration::from_secs(60));
    assert!(
        config
            .entries()
            .iter()
            .all(|entry| entry.origin == Origin::Default && entry.value == entry.default)
    );
    assert!(config.warnings().is_empty());
}

#[test]
fn the_eight_variables_of_the_reference_deployment_are_read() {
    let config = read(&[
        ("PORT", "8000"),
        ("SMITHERS_DB_PATH", "/srv/a.db"),
        ("SMITHERS_TOKEN_STORE", "/srv/t.json"),
        ("SMITHERS_GATEWAY_MODULE", "/srv/m.ts"),
        ("SMITHERS_GATEWAY_HEARTBEAT_MS", "1000"),
        ("SMITHERS_GATEWAY_EVENT_WINDOW", "4"),
        ("SMITHERS_GATEWAY_HEADERS_TIMEOUT_MS", "1500"),
        ("SMITHERS_GATEWAY_REQUEST_TIMEOUT_MS", "2500"),
    ]);
    assert_eq!((config.listen.port, config.streams.event_window), (8000, 4));
    assert_eq!(config.storage.db_path, Path::new("/srv/a.db"));
    assert_eq!(config.access.token_store, Path::new("/srv/t.json"));
    assert_eq!(config.script.module, Path::new("/srv/m.ts"));
    assert_eq!(config.streams.heartbeat, Duration::from_secs(1));
    assert_eq!(config.listen.headers_timeout, Duration::from_millis(1500));
    assert_eq!(config.listen.request_timeout, Duration::from_millis(2500));
    assert_eq!(origin(&config, "PORT"), "environment");
}

#[test]
fn a_laptop_gets_paths_that_it_has_and_is_told_why() {
    let mut laptop = sources(&[]);
    laptop.surroundings.home = Some(PathBuf::from("/home/ada"));
    let config = Config::read(&laptop).unwrap();
    assert_eq!(config.storage.db_path, Path::new("./smithers.db"));
    assert_eq!(
        config.access.token_store,
        Path::new("/home/ada/.smithers/tokens.json")
    );
    assert_eq!(config.script.module, Path::new("./gateway.mjs"));
    assert_eq!(
        origin(&config, "SMITHERS_DB_PATH"),
        "default (there is no /data)"
    );
    assert_eq!(
        origin(&config, "SMITHERS_GATEWAY_MODULE"),
        "default (there is no /workspace)"
    );
    laptop.surroundings.has_project_dir = true;
    laptop.surroundings.home = None;
    let config = Config::read(&laptop).unwrap();
    assert_eq!(config.storage.db_path, Path::new(".smithers/smithers.db"));
    assert_eq!(
        config.access.token_store,
        Path::new("./.smithers/tokens.json")
    );
    assert_eq!(
        origin(&config, "SMITHERS_TOKEN_STORE"),
        "default (there is no /data and no home folder)"
    );
}

#[test]
fn a_flag_counts_before_the_environment() {
    let mut both = sources(&[("PORT", "8000")]);
    both.flags.insert("PORT", "9000".into());
    let config = Config::read(&both).unwrap();
    assert_eq!(
        (config.listen.port, origin(&config, "PORT").as_str()),
        (9000, "flag")
    );
}

#[test]
fn an_empty_value_counts_as_not_set() {
    let config = read(&[("PORT", ""), ("SMITHERS_DB_PATH", "  ")]);
    assert_eq!(config.listen.port, 7331);
    assert_eq!(
        origin(&config, "SMITHERS_DB_PATH"),
        "default (there is no /data)"
    );
}

#[test]
fn bad_values_are_reported_together_with_what_is_accepted() {
    let found = problems(&[
        ("PORT", "70000"),
        ("SMITHERS_GATEWAY_HOST", "everywhere"),
        ("SMITHERS_GATEWAY_MAX_BODY_BYTES", "12"),
        ("SMITHERS_DB_SYNCHRONOUS", "off"),
        ("SMITHERS_LOG_FORMAT", "xml"),
        ("SMITHERS_METRICS_PUBLIC", "maybe"),
    ]);
    assert_eq!(
        found,
        [
            "SMITHERS_GATEWAY_HOST is not an address; accepted: an IP address, or localhost",
            "PORT is out of range; accepted: 0 to 65535",
            "SMITHERS_GATEWAY_MAX_BODY_BYTES is 12, which is out of range; accepted: 1024 to 67108864",
            "SMITHERS_METRICS_PUBLIC is neither true nor false; accepted: 0, 1, true or false",
            "SMITHERS_DB_SYNCHRONOUS is none of the accepted words; accepted: full, normal",
            "SMITHERS_LOG_FORMAT is none of the accepted words; accepted: text, json",
        ],
    );
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let secret = "smithers_0123456789abcdef0123456789abcdef";
    for entry in Config::read(&container(&[])).unwrap().entries() {
        if let Err(error) = Config::read(&sources(&[(entry.key.variable, secret)])) {
            assert!(!error.to_string().contains(secret), "{error}");
        }
    }
}

#[test]
fn planned_ways_to_authenticate_are_refused_clearly() {
    let accepted = "accepted: token, none (jwt and trusted-proxy are planned)";
    for mode in ["jwt", "trusted-proxy"] {
        let expected = format!(
            "SMITHERS_GATEWAY_AUTH is {mode}, which this build does not offer yet; {accepted}"
        );
        assert_eq!(problems(&[("SMITHERS_GATEWAY_AUTH", mode)]), [expected]);
    }
    assert_eq!(
        read(&[("SMITHERS_GATEWAY_AUTH", "none")]).access.auth,
        AuthMode::None
    );
}

#[test]
fn an_open_gateway_and_weak_durability_are_warned_about() {
    let open = read(&[
        ("SMITHERS_GATEWAY_AUTH", "none"),
        ("SMITHERS_GATEWAY_HOST", "0.0.0.0"),
    ]);
    assert!(
        open.warnings()[0].contains("0.0.0.0"),
        "{:?}",
        open.warnings()
    );
    assert!(
        read(&[("SMITHERS_GATEWAY_AUTH", "none")])
            .warnings()
            .is_empty()
    );
    assert!(read(&[("SMITHERS_DB_SYNCHRONOUS", "normal")]).warnings()[0].contains("loss of power"));
}

#[test]
fn a_mistyped_name_is_warned_about() {
    let config = read(&[
        ("SMITHERS_GATEWAY_PORT", "1"),
        ("SMITHERS_API_KEY", "x"),
        ("SMITHERS_BUILD_COMMIT", "0123abc"),
        ("HOME", "/root"),
    ]);
    assert_eq!(
        config.warnings(),
        ["SMITHERS_GATEWAY_PORT is set but not known, so it has no effect"]
    );
}

#[test]
fn a_value_that_is_not_text_is_refused() {
    let unreadable = Sources {
        unreadable: vec!["SMITHERS_DB_PATH".into(), "OTHER".into()],
        ..Sources::default()
    };
    let error = Config::read(&unreadable).unwrap_err();
    assert_eq!(error.problems.len(), 1);
    assert_eq!(
        error.problems[0].to_string(),
        "SMITHERS_DB_PATH is not UTF-8; accepted: a path"
    );
}

#[test]
fn modules_see_the_variables_that_were_named() {
    let default = read(&[]).script.module_env;
    assert!(
        default.allows("TZ")
            && default.allows("NODE_ENV")
            && !default.allows("SMITHERS_TOKEN_STORE")
    );
    let chosen = read(&[("SMITHERS_MODULE_ENV", "APP_*, LANG")])
        .script
        .module_env;
    assert!(
        chosen.allows("APP_KEY")
            && chosen.allows("LANG")
            && !chosen.allows("LANGUAGE")
            && !chosen.allows("TZ")
    );
    let environment =
        [("APP_A", "1"), ("PATH", "/bin")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let visible = chosen.select(&BTreeMap::from(environment));
    assert_eq!(visible.keys().collect::<Vec<_>>(), ["APP_A"]);
    for value in ["*", "A,*", "A B-C", "9A", "A*B"] {
        assert_eq!(
            problems(&[("SMITHERS_MODULE_ENV", value)]).len(),
            1,
            "{value}"
        );
    }
}

#[test]
fn origins_are_listed_exactly() {
    let config = read(&[(
        "SMITHERS_GATEWAY_ALLOWED_ORIGINS",
        "https://a.example, http://localhost:5173",
    )]);
    assert_eq!(
        config.access.allowed_origins,
        ["https://a.example", "http://localhost:5173"]
    );
    for value in [
        "*",
        "a.example",
        "https://a.example/path",
        "https://*.example",
    ] {
        assert_eq!(
            problems(&[("SMITHERS_GATEWAY_ALLOWED_ORIGINS", value)]).len(),
            1,
            "{value}"
        );
    }
}

#[test]
fn log_filters_are_levels_with_or_without_targets() {
    assert_eq!(
        read(&[("SMITHERS_LOG", "info,smithers=debug")])
            .logging
            .filter,
        "info,smithers=debug"
    );
    assert_eq!(problems(&[("SMITHERS_LOG", "loud")]).len(), 1);
}

#[test]
fn every_value_is_shown_with_its_name_value_and_origin() {
    let config = Config::read(&container(&[("PORT", "8000")])).unwrap();
    let table = config.table();
    assert_eq!(table.lines().count(), config.entries().len());
    let port = table
        .lines()
        .find(|line| line.starts_with("PORT "))
        .unwrap();
    assert_eq!(
        port.split_whitespace().collect::<Vec<_>>(),
        ["PORT", "8000", "environment"]
    );
    let json = config.to_json();
    let entry = json
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["name"] == "PORT")
        .unwrap();
    assert_eq!(entry["default"], "7331");
    assert_eq!(entry["accepted"], "0 to 65535");
    let names: BTreeSet<_> = config
        .entries()
        .iter()
        .map(|entry| entry.key.variable)
        .collect();
    assert_eq!(names.len(), config.entries().len(), "every name once");
}
