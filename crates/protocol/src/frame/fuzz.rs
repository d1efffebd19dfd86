//! Fuzz target of the frame parser: whatever a socket sends ends with a request or an error.

use smithers_testkit::fuzz::drive;

use super::RequestFrame;

#[test]
fn fuzz_frame() {
    drive("frame", |input| {
        let _ = RequestFrame::parse(input);
    });
}
