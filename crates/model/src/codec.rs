//! Blobs of our own: bincode behind a version byte, the only place that knows it.
//!
//! What is encoded are plain structs made for it, without renamed, flattened or skipped fields: those encode and then
//! fail to decode. Decoding is bounded before it allocates.

use bincode::config;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// First byte of every blob. A later layout gets the next number, and keeps a reader for this one.
const VERSION: u8 = 1;
/// Most bytes that decoding may claim: far above what a step can hold.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// A blob that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// A newer program has written it, or it is damaged.
    #[error("the blob has version {found}; this program reads version {VERSION}")]
    Version {
        /// What its first byte says; 0 when it has none.
        found: u8,
    },
    /// It is damaged.
    #[error("the blob cannot be read: {reason}")]
    Damaged {
        /// What is wrong with it.
        reason: String,
    },
}

/// Encodes `value`.
pub(crate) fn encode(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    let body = bincode::serde::encode_to_vec(value, config::standard())
        .expect("structs made for this encode without errors");
    bytes.extend_from_slice(&body);
    bytes
}

/// Decodes all of `bytes`.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let (&version, body) = bytes
        .split_first()
        .ok_or(CodecError::Version { found: 0 })?;
    if version != VERSION {
        return Err(CodecError::Version { found: version });
    }
    let bounded = config::standard().with_limit::<MOST_BYTES>();
    let (value, read) = bincode::serde::decode_from_slice(body, bounded).map_err(|error| {
        let reason = error.to_string();
        CodecError::Damaged { reason }
    })?;
    if read < body.len() {
        let reason = format!("{} bytes follow its end", body.len() - read);
        return Err(CodecError::Damaged { reason });
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back() {
        let value = (7_u32, "text".to_owned(), vec![1_i64, -2]);
        let read: (u32, String, Vec<i64>) = decode(&encode(&value)).unwrap();
        assert_eq!(read, value);
    }

    #[test]
    fn a_blob_of_another_version_or_length_is_refused() {
        let mut bytes = encode(&7_u32);
        assert_eq!(decode::<u32>(&[]), Err(CodecError::Version { found: 0 }));
        bytes.push(0);
        assert!(matches!(
            decode::<u32>(&bytes),
            Err(CodecError::Damaged { .. })
        ));
        bytes[0] = 9;
        assert_eq!(decode::<u32>(&bytes), Err(CodecError::Version { found: 9 }));
    }

    #[test]
    fn a_length_that_the_blob_does_not_have_claims_no_memory() {
        let mut bytes = vec![VERSION, 253];
        bytes.extend_from_slice(&u64::MAX.to_le_bytes());
        assert!(matches!(
            decode::<Vec<String>>(&bytes),
            Err(CodecError::Damaged { .. })
        ));
    }
}
