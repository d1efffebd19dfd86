//! Whether the path of a request can be decoded at all.

/// Returns whether every `%` begins a valid escape and the decoded path is valid UTF-8.
pub(super) fn is_well_formed(path: &str) -> bool {
    if !path.contains('%') {
        return true;
    }
    decode(path).is_some_and(|bytes| std::str::from_utf8(&bytes).is_ok())
}

fn decode(path: &str) -> Option<Vec<u8>> {
    let mut bytes = path.bytes();
    let mut decoded = Vec::with_capacity(path.len());
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' {
            hex(bytes.next()?)? << 4 | hex(bytes.next()?)?
        } else {
            byte
        });
    }
    Some(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::is_well_formed;

    #[test]
    fn escapes_must_be_complete_hex_and_decode_to_text() {
        for good in ["/v1/rpc/listRuns", "/a%20b", "/%C3%A9", "/%2F"] {
            assert!(is_well_formed(good), "{good}");
        }
        for bad in ["/%zz", "/%", "/a%2", "/%ff", "/%C3", "/%+1"] {
            assert!(!is_well_formed(bad), "{bad}");
        }
    }
}
