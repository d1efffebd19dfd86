//! What a tree comes to in the record.

use super::*;

fn sample() -> Tree {
    let mut tree = TreeBuilder::default();
    let props = vec![("name".into(), "w".into()), ("cache".into(), "true".into())];
    tree.open(
        Kind::Workflow { name: "w".into() },
        "smithers:workflow",
        props,
    );
    tree.open(Kind::Sequence, "smithers:sequence", vec![]);
    tree.text("hi");
    tree.close();
    tree.open(Kind::Group, "smithers:fragment", vec![]);
    tree.close();
    tree.finish()
}

#[test]
fn children_skip_over_grandchildren() {
    let tree = sample();
    assert_eq!(tree.roots().collect::<Vec<_>>(), [0]);
    assert_eq!(tree.children(0).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(tree.children(1).collect::<Vec<_>>(), [2]);
    assert_eq!(tree.children(3).count(), 0);
}

#[test]
fn xml_has_sorted_properties_and_equal_trees_have_equal_hashes() {
    let content = sample().content();
    assert_eq!(
        content.xml,
        concat!(
            r#"{"kind":"element","tag":"smithers:workflow","props":{"cache":"true","name":"w"},"#,
            r#""children":[{"kind":"element","tag":"smithers:sequence","props":{},"#,
            r#""children":[{"kind":"text","text":"hi"}]},"#,
            r#"{"kind":"element","tag":"smithers:fragment","props":{},"children":[]}]}"#
        )
    );
    assert_eq!(content.hash, sample().content().hash);
    assert_eq!(content.hash.len(), 64);
}
