//! What the boundary does to texts that the redactor changes.

use smithers_model::Timestamp;
use smithers_model::audit::Channel;
use smithers_redact::SecretRedactor;

use super::*;

fn secret() -> String {
    format!("smithers_{}", "aB3-_".repeat(9))
}

fn boundary() -> Boundary {
    Boundary::new(Arc::new(SecretRedactor::default()))
}

#[test]
fn an_error_is_cleaned_down_to_its_last_cause() {
    let inner = ErrorInfo::thrown("Error", format!("bearer {}", secret()));
    let mut error = ErrorInfo::thrown("Error", "outer").caused_by(inner);
    boundary().of(&RunId::from("r")).error(&mut error);
    assert_eq!(error.cause.unwrap().message, "bearer [REDACTED:bearer]");
}

#[test]
fn a_redactor_that_breaks_json_costs_the_whole_value_not_the_row() {
    struct Quoting;
    impl Redactor for Quoting {
        fn text(&self, _: Place, text: &str) -> Option<Clean> {
            let text = text.replace('x', "\"");
            let certain = Vec::new();
            Some(Clean { text, certain })
        }
        fn json(&self, place: Place, json: &str) -> Option<Clean> {
            self.text(place, json)
        }
        fn pieces(self: Arc<Self>, _: Place) -> Box<dyn Pieces> {
            unreachable!("no text comes in pieces")
        }
        fn certain(&self, _: Place, _: &str) -> Vec<Finding> {
            Vec::new()
        }
    }
    let mut json = RawJson::trusted(r#"{"a":"x"}"#);
    Boundary::new(Arc::new(Quoting)).input(&RunId::from("r"), &mut json);
    assert_eq!(json.as_str(), r#""[REDACTED:whole]""#);
}

#[test]
fn oversized_audit_particulars_are_replaced_by_their_size() {
    let mut record = AuditRecord::new(Timestamp(0), Channel::Gateway, "launch", "accepted");
    record.detail = RawJson::of(&"x".repeat(MAX_AUDIT_DETAIL));
    boundary().audit(&mut record);
    assert_eq!(record.detail.as_str(), r#"{"omittedBytes":16386}"#);
}

#[test]
fn the_source_of_a_module_is_stored_without_its_secrets_and_keeps_its_assignments() {
    let source = format!("const token = read();\nconst key = \"{}\";\n", secret());
    let revision = ModuleRevision {
        hash: "h".into(),
        entry: "gateway.tsx".into(),
        files: Arc::new(vec![("gateway.tsx".into(), source)]),
    };
    let clean = boundary().module(&revision).unwrap();
    let expected = "const token = read();\nconst key = \"[REDACTED:bearer]\";\n";
    assert_eq!(clean.files[0].1, expected);
    assert_eq!(boundary().module(&clean), None);
}
