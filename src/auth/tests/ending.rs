//! Which tokens somebody should be told of before they end.

use std::time::Duration;

use serde_json::json;
use smithers_actors::session::Transport;
use smithers_model::Timestamp;

use super::{Folder, NOW};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn a_token_is_ending_when_it_was_long_in_use_and_has_less_than_that_left() {
    let folder = Folder::new();
    let until =
        |end: Timestamp| json!({"role": "operator", "scopes": ["run:read"], "expiresAtMs": end.0});
    let tomorrow = NOW.plus(DAY).plus(HOUR);
    folder.write_tokens(json!({
        "relied-on": until(tomorrow),
        "unused": until(tomorrow),
        "lasting": until(NOW.plus(30 * DAY)),
        "endless": {"role": "operator", "scopes": ["run:read"]},
    }));
    let store = folder.open();
    for bearer in ["relied-on", "lasting", "endless"] {
        let identity = store.authenticate(Some(bearer), NOW).unwrap();
        store.trail().token_used(&identity, Transport::Http, NOW);
    }
    let id = store
        .authenticate(Some("relied-on"), NOW)
        .unwrap()
        .token_id
        .unwrap();
    assert_eq!(
        store.ending(NOW.plus(HOUR), DAY),
        Vec::<String>::new(),
        "used for an hour only"
    );
    let later = NOW.plus(DAY).plus(Duration::from_millis(1));
    assert_eq!(store.ending(later, DAY), [id]);
    assert_eq!(
        store.ending(tomorrow, DAY),
        Vec::<String>::new(),
        "it has ended"
    );
}
