//! Every format on the same data, and the flags around it.

use clap::ValueEnum;
use serde_json::{Value, json};

use super::*;

fn sample() -> Value {
    json!({
        "id": "7", "name": "a: b", "note": null, "ok": true, "scopes": ["run:read", "x"],
        "grant": {"ttl": 3, "empty": {}, "none": []},
        "rows": [{"a": 1, "b": "x,y"}, {"a": 2, "b": ""}],
        "mixed": [1, {"a": [{"b": 1}], "c": "two\nlines"}, [true, "-"], {}],
    })
}

fn render(format: Format, value: &Value) -> String {
    format.render(value)
}

#[test]
fn toon_is_short_and_unambiguous() {
    let expected = r#"id: "7"
name: "a: b"
note: null
ok: true
scopes[2]: "run:read",x
grant:
  ttl: 3
  empty:
  none[0]:
rows[2]{a,b}:
  1,"x,y"
  2,""
mixed[4]:
  - 1
  - a[1]{b}:
      1
    c: "two\nlines"
  - [2]: true,"-"
  -
"#;
    assert_eq!(render(Format::Toon, &sample()), expected);
    assert_eq!(render(Format::Toon, &json!([{"a": 1}])), "[1]{a}:\n  1\n");
    assert_eq!(render(Format::Toon, &json!("plain")), "plain");
}

#[test]
fn yaml_quotes_what_could_be_taken_for_something_else() {
    let expected = r#"id: "7"
name: "a: b"
note: null
ok: true
scopes:
  - "run:read"
  - x
grant:
  ttl: 3
  empty: {}
  none: []
rows:
  - a: 1
    b: "x,y"
  - a: 2
    b: ""
mixed:
  - 1
  - a:
      - b: 1
    c: "two\nlines"
  - - true
    - "-"
  - {}
"#;
    assert_eq!(render(Format::Yaml, &sample()), expected);
    assert_eq!(render(Format::Yaml, &json!("no")), "\"no\"\n");
}

#[test]
fn markdown_and_tables_lay_out_lists_and_objects() {
    let list = json!([{"a": 1, "b": "x|y"}, {"a": 22, "c": ["p", "q"]}]);
    let expected = "| a | b | c |\n| --- | --- | --- |\n| 1 | x\\|y |  |\n| 22 |  | p, q |\n";
    assert_eq!(render(Format::Md, &list), expected);
    assert_eq!(
        render(Format::Table, &list),
        "a   b    c\n1   x|y\n22       p, q\n"
    );
    let object = json!({"a": {"b": 1, "c": "d"}, "e": []});
    assert_eq!(
        render(Format::Md, &object),
        "| key | value |\n| --- | --- |\n| a.b | 1 |\n| a.c | d |\n| e |  |\n"
    );
    assert_eq!(render(Format::Table, &object), "a.b  1\na.c  d\ne\n");
}

#[test]
fn json_lines_are_one_line_an_item() {
    assert_eq!(
        render(Format::Jsonl, &json!([{"a": 1}, 2])),
        "{\"a\":1}\n2\n"
    );
    assert_eq!(render(Format::Jsonl, &json!({"a": [1]})), "{\"a\":[1]}");
}

#[test]
fn data_cannot_command_the_terminal() {
    let hostile = json!([{"a": "\u{1b}[2J\r\n"}]);
    for format in Format::value_variants() {
        let text = render(*format, &hostile);
        assert!(!text.contains(['\u{1b}', '\r']), "{format:?}: {text:?}");
    }
}

#[test]
fn colours_surround_the_text_and_do_not_move_the_columns() {
    let mut table = Table::new(["id", "state"]);
    table.row([Cell::from("1"), Cell::new("failed", Paint::Red)]);
    table.row([Cell::from("22"), "ok".into()]);
    assert_eq!(table.render(false), "ID  STATE\n1   failed\n22  ok\n");
    let coloured = table.render(true);
    assert!(
        coloured.contains("1   \u{1b}[31mfailed\u{1b}[0m\n"),
        "{coloured:?}"
    );
}

#[test]
fn the_filter_keeps_the_named_members_and_unwraps_a_single_value() {
    let filter = |paths: &[&str]| {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        filter::apply(sample(), &paths)
    };
    assert_eq!(filter(&[]), sample());
    assert_eq!(filter(&["grant.ttl"]), json!(3));
    assert_eq!(
        filter(&["id", "grant.ttl", "grant.absent", "absent"]),
        json!({"id": "7", "grant": {"ttl": 3}})
    );
    assert_eq!(filter(&["rows.a"]), json!({"rows": [{"a": 1}, {"a": 2}]}));
    assert_eq!(filter(&["id.deeper"]), json!({}));
}

#[test]
fn the_envelope_holds_the_filtered_data_and_the_command() {
    let args = OutputArgs {
        full_output: true,
        filter_output: vec!["id".into(), "ok".into()],
        ..OutputArgs::default()
    };
    let output = Output::new(args, "token issue");
    let text = output.render(&sample(), Format::Json).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["data"], json!({"id": "7", "ok": true}));
    assert_eq!(
        (&value["ok"], &value["meta"]["command"]),
        (&json!(true), &json!("token issue"))
    );
    assert!(value["meta"]["duration"].as_str().unwrap().ends_with("ms"));
}

#[test]
fn the_format_of_a_refused_command_line_is_guessed() {
    let guess = |words: &str| {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        OutputArgs::guessed(&words).chosen()
    };
    assert_eq!(guess("smithers token nonsense"), None);
    assert_eq!(guess("smithers nonsense --json"), Some(Format::Json));
    assert_eq!(guess("smithers --format yaml x"), Some(Format::Yaml));
    assert_eq!(guess("smithers --format=toon x"), Some(Format::Toon));
    assert_eq!(guess("smithers x -- --json"), None);
}
