//! Bearer tokens: their form, their fingerprint, and how new ones are made.

use std::fmt;

use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};
use smithers_protocol::limits::MAX_TOKEN_BYTES;
use subtle::ConstantTimeEq;

/// Beginning of the bearers that we make.
const PREFIX: &str = "smithers_";
/// Beginning of the action handles that we make.
const HANDLE_PREFIX: &str = "smithers_action_";
/// Beginning of a key of the store that is a fingerprint and not a bearer.
const HASHED_PREFIX: &str = "sha256:";
/// Hex digits of a fingerprint that name a token when it has no id of its own.
const ID_DIGITS: usize = 16;

/// SHA-256 of a bearer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Hashes a bearer that has the form of one: 1 to 512 visible ASCII characters.
    pub fn of(bearer: &str) -> Option<Fingerprint> {
        let has_form = (1..=MAX_TOKEN_BYTES).contains(&bearer.len())
            && bearer.bytes().all(|byte| byte.is_ascii_graphic());
        has_form.then(|| Fingerprint(Sha256::digest(bearer).into()))
    }

    /// Reads a key of the store that is a fingerprint: `sha256:` and 64 hex digits.
    pub fn of_store_key(key: &str) -> Option<Fingerprint> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(key.strip_prefix(HASHED_PREFIX)?, &mut bytes).ok()?;
        Some(Fingerprint(bytes))
    }

    /// Returns the key under which the store has a hashed token.
    pub fn store_key(self) -> String {
        format!("{HASHED_PREFIX}{}", self.to_hex())
    }

    /// Returns all hex digits.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }

    /// Takes the bytes of a fingerprint.
    pub fn from_bytes(bytes: [u8; 32]) -> Fingerprint {
        Fingerprint(bytes)
    }

    /// Returns the bytes.
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// Returns the id of a token or handle that has none of its own: the first 16 hex digits.
    pub fn token_id(self) -> String {
        hex::encode(&self.0[..ID_DIGITS / 2])
    }

    /// Compares in a time that does not depend on where the two differ.
    pub fn matches(self, other: Fingerprint) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Fingerprint({}..)", self.token_id())
    }
}

/// Makes a bearer from 32 random bytes of the operating system.
///
/// # Errors
/// The operating system gives no random bytes.
pub fn new_bearer() -> Result<SecretString, rand::rand_core::OsError> {
    random_text::<32>(PREFIX)
}

/// Makes an action handle from 24 random bytes of the operating system.
pub(crate) fn new_handle() -> Result<SecretString, rand::rand_core::OsError> {
    random_text::<24>(HANDLE_PREFIX)
}

fn random_text<const N: usize>(prefix: &str) -> Result<SecretString, rand::rand_core::OsError> {
    let mut bytes = Zeroizing::new([0; N]);
    OsRng.try_fill_bytes(bytes.as_mut())?;
    let digits = Zeroizing::new(base64url(bytes.as_ref()));
    // Sized at once: growing would leave a copy behind.
    let mut text = String::with_capacity(prefix.len() + digits.len());
    text.push_str(prefix);
    text.push_str(&digits);
    Ok(text.into())
}

/// Encodes as URL-safe base64 without padding.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digit = |at: usize| char::from(ALPHABET[(bits >> (18 - 6 * at)) as usize & 63]);
        text.extend((0..=chunk.len()).map(digit));
    }
    text
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_fingerprint_is_taken_of_visible_ascii_only() {
        assert!(Fingerprint::of(&"x".repeat(512)).is_some());
        for text in ["", "a b", "a\0", "é", "a\n", "\u{7f}", &"x".repeat(513)] {
            assert_eq!(Fingerprint::of(text), None, "{text:?}");
        }
    }

    #[test]
    fn token_ids_are_those_that_the_public_tools_derive() {
        assert_eq!(
            Fingerprint::of("operator-token").unwrap().token_id(),
            "0850123315d21ab9"
        );
        assert_eq!(
            Fingerprint::of("read-token").unwrap().token_id(),
            "0328587016f9e316"
        );
    }

    #[test]
    fn a_store_key_is_a_fingerprint_only_with_all_its_digits() {
        let fingerprint = Fingerprint::of("a-token").unwrap();
        let digits = hex::encode(fingerprint.to_bytes());
        let read = Fingerprint::of_store_key(&format!("sha256:{digits}")).unwrap();
        assert!(read.matches(fingerprint));
        assert_eq!(Fingerprint::of_store_key(&digits), None);
        assert_eq!(Fingerprint::of_store_key("sha256:00"), None);
        assert_eq!(
            Fingerprint::of_store_key(&format!("sha256:{}", "z".repeat(64))),
            None
        );
    }

    #[test]
    fn every_new_bearer_is_different_and_has_the_form_of_one() {
        let (one, other) = (new_bearer().unwrap(), new_bearer().unwrap());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert_eq!(one.expose_secret().len(), "smithers_".len() + 43);
        assert!(Fingerprint::of(one.expose_secret()).is_some());
    }

    #[test]
    fn base64url_encodes_the_published_examples() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
        ] {
            assert_eq!(base64url(bytes.as_bytes()), text);
        }
        assert_eq!(base64url(&[0xfb, 0xff, 0xfe]), "-__-");
    }
}
