//! Frames and trees; module graphs, which are stored the same way.

use std::sync::Arc;

use smithers_model::NodeKey;
use smithers_model::frame::{FrameRow, Trigger};
use smithers_model::step::RowChange;
use smithers_model::workflow::ModuleRevision;
use smithers_store::Refusal;
use smithers_store::testkit::frame;

use super::{Subject, for_each_backend, run};

for_each_backend![
    equal_frames_share_their_tree,
    a_tree_is_stored_without_its_secrets,
    a_frame_number_is_given_once,
    triggers_read_back,
    a_module_graph_is_stored_once,
];

fn a_tree_is_stored_without_its_secrets(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let secret = format!("smithers_{}", "aB3-_".repeat(9));
    for number in [1, 2] {
        let frames = vec![frame(number, &format!("bearer {secret}"))];
        subject.commit(script.step(vec![], frames)).unwrap();
    }
    let reader = subject.reader();
    let frame = reader.frame(&run("r"), 2).unwrap().unwrap();
    assert_eq!(frame.tree_hash, format!("hash of bearer {secret}"));
    let tree = reader.tree(&frame.tree_hash).unwrap().unwrap();
    assert_eq!(tree.xml, r#""bearer [REDACTED:bearer]""#);
}

fn equal_frames_share_their_tree(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let frames = vec![
        frame(1, "x"),
        frame(2, "x"),
        frame(3, "ü".repeat(5000).as_str()),
    ];
    subject.commit(script.step(vec![], frames)).unwrap();
    let reader = subject.reader();
    let hash = |number| reader.frame(&run("r"), number).unwrap().unwrap().tree_hash;
    assert_eq!(hash(1), hash(2));
    let tree = reader.tree(&hash(1)).unwrap().unwrap();
    assert_eq!(
        (tree.xml.as_str(), tree.mounted_tasks.as_str()),
        (r#""x""#, r#"["a::0"]"#)
    );
    let latest = reader.latest_frame(&run("r")).unwrap().unwrap();
    assert_eq!(latest.frame_no, 3);
    assert_eq!(
        reader.tree(&latest.tree_hash).unwrap().unwrap().xml.len(),
        10_002
    );
    assert_eq!(reader.frame(&run("r"), 4).unwrap(), None);
    assert_eq!(reader.tree("unknown").unwrap(), None);
    assert_eq!(reader.latest_frame(&run("x")).unwrap(), None);
}

fn a_frame_number_is_given_once(subject: &mut Subject) {
    let mut script = subject.launched("r");
    subject
        .commit(script.step(vec![], vec![frame(1, "x")]))
        .unwrap();
    let again = script.clone().step(vec![], vec![frame(1, "y")]);
    assert!(matches!(
        subject.commit(again),
        Err(Refusal::Constraint { .. })
    ));
    let twice = script
        .clone()
        .step(vec![], vec![frame(2, "y"), frame(2, "z")]);
    assert!(matches!(
        subject.commit(twice),
        Err(Refusal::Constraint { .. })
    ));
    subject
        .commit(script.step(vec![], vec![frame(2, "y")]))
        .unwrap();
}

fn triggers_read_back(subject: &mut Subject) {
    let mut script = subject.launched("r");
    let RowChange::PutFrame { frame, tree } = frame(1, "x") else {
        unreachable!("the helper makes frames")
    };
    let trigger = Trigger::task_finished(&NodeKey::new("a", 2));
    let frame = FrameRow {
        trigger: Some(trigger.clone()),
        ..frame
    };
    let step = script.step(vec![], vec![RowChange::PutFrame { frame, tree }]);
    subject.commit(step).unwrap();
    let stored = subject.reader().frame(&run("r"), 1).unwrap().unwrap();
    assert_eq!(stored.trigger, Some(trigger));
}

fn a_module_graph_is_stored_once(subject: &mut Subject) {
    let revision = ModuleRevision {
        hash: "m".into(),
        entry: "gateway.tsx".into(),
        files: Arc::new(vec![
            ("gateway.tsx".into(), "export default 1".into()),
            ("lib/ü.ts".into(), String::new()),
        ]),
    };
    for _ in 0..2 {
        subject.transactions().register_module(&revision).unwrap();
    }
    assert_eq!(subject.reader().module_graph("m").unwrap(), Some(revision));
    assert_eq!(subject.reader().module_graph("x").unwrap(), None);
}
