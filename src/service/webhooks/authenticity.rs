//! Whether a request comes from somebody who knows the secret of the webhook, and now.

use std::time::Duration;

use ring::hmac;
use smithers_model::Timestamp;
use smithers_model::webhook::{ReplayGuard, Webhook};
use smithers_protocol::error::RpcError;

/// Longest id of a delivery, bytes.
const MAX_DELIVERY_ID: usize = 128;
/// How long a delivery with an id of its sender is known: longer than senders try again.
const KEEP_IDS: Duration = Duration::from_hours(7 * 24);

/// What a request brings to prove itself.
#[derive(Clone, Copy)]
pub(crate) struct Presented<'a> {
    /// The signature.
    pub(crate) signature: Option<&'a str>,
    /// The id of the delivery, when the webhook names a header for it.
    pub(crate) id: Option<&'a str>,
    /// The time of the request, when the webhook names a header for it.
    pub(crate) timestamp: Option<&'a str>,
    /// The body.
    pub(crate) body: &'a [u8],
}

/// What is known of a request whose signature is right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Proven {
    /// What tells the delivery from others; none when the webhook takes requests as often as they come.
    pub(crate) id: Option<String>,
    /// Until when a delivery with this id is to be known.
    pub(crate) expires_at: Timestamp,
}

/// Why a request is refused.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It is not signed with the secret.
    Signature,
    /// It is signed, but was made too long ago or is of the future.
    Stale,
    /// It is signed, and its id is missing or no id.
    Id(RpcError),
}

impl Refused {
    /// The name in the audit trail; none for what is no sign of a forged or recorded request.
    pub(crate) fn outcome(&self) -> Option<&'static str> {
        match self {
            Self::Signature => Some("signature"),
            Self::Stale => Some("stale"),
            Self::Id(_) => None,
        }
    }
}

impl From<Refused> for RpcError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Signature => Self::unauthorized("Webhook signature verification failed"),
            Refused::Stale => Self::unauthorized("Webhook timestamp is outside the tolerance"),
            Refused::Id(error) => error,
        }
    }
}

impl Presented<'_> {
    /// Checks the signature first, so that nothing else is told to somebody without the secret.
    ///
    /// # Errors
    /// The signature, the time or the id is not right.
    pub(crate) fn prove(self, webhook: &Webhook, now: Timestamp) -> Result<Proven, Refused> {
        let signature = self.right_signature(webhook).ok_or(Refused::Signature)?;
        let time = match &webhook.replay {
            Some(guard) => Some(self.fresh_time(guard, now).ok_or(Refused::Stale)?),
            None => None,
        };
        if let Some(header) = &webhook.delivery_header {
            let id = check_delivery_id(header, self.id).map_err(Refused::Id)?;
            return Ok(Proven {
                id: Some(id),
                expires_at: now.plus(KEEP_IDS),
            });
        }
        let expires_at = match (time, &webhook.replay) {
            // Twice the tolerance: a clock that is set back a little must not let it in again.
            (Some(time), Some(guard)) => {
                let good_for = Duration::from_millis(u64::from(guard.tolerance_ms));
                time.plus(good_for * 2)
            }
            _ => now,
        };
        Ok(Proven {
            id: time.map(|_| signature.to_owned()),
            expires_at,
        })
    }

    /// Returns the signature when it is that of the request. Compares in constant time.
    fn right_signature(&self, webhook: &Webhook) -> Option<&str> {
        let signature = self.signature?.strip_prefix(&*webhook.signature_prefix)?;
        let is_lower = !signature.bytes().any(|byte| byte.is_ascii_uppercase());
        let tag = hex::decode(signature).ok().filter(|_| is_lower)?;
        let secret = webhook.secret.expose()?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let signed = self.signed_bytes(webhook);
        hmac::verify(&key, &signed, &tag).ok().map(|()| signature)
    }

    /// What is signed: the body; with a guard, the id if there is one, and the time before it, with dots between.
    fn signed_bytes(&self, webhook: &Webhook) -> Vec<u8> {
        let mut signed = Vec::with_capacity(self.body.len() + 160);
        if webhook.replay.is_some() {
            let id = webhook.delivery_header.as_ref().map(|_| self.id);
            for part in id.into_iter().chain([self.timestamp]) {
                signed.extend_from_slice(part.unwrap_or_default().as_bytes());
                signed.push(b'.');
            }
        }
        signed.extend_from_slice(self.body);
        signed
    }

    /// The time of the request, if it is near enough to the gateway's.
    fn fresh_time(&self, guard: &ReplayGuard, now: Timestamp) -> Option<Timestamp> {
        let text = self.timestamp?;
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let seconds: i64 = text.parse().ok().filter(|_| is_number)?;
        let time = Timestamp(seconds.checked_mul(1_000)?);
        let is_near = now.0.abs_diff(time.0) <= u64::from(guard.tolerance_ms);
        is_near.then_some(time)
    }
}

fn check_delivery_id(header: &str, given: Option<&str>) -> Result<String, RpcError> {
    let is_fit = |id: &&str| {
        !id.is_empty() && id.len() <= MAX_DELIVERY_ID && id.bytes().all(|b| b.is_ascii_graphic())
    };
    given.filter(is_fit).map(str::to_owned).ok_or_else(|| {
        let message = format!(
            "Header {header} must hold the id of the delivery: 1 to {MAX_DELIVERY_ID} printable characters without spaces"
        );
        RpcError::invalid_request(message)
    })
}

#[cfg(test)]
mod tests {
    use smithers_model::webhook::WebhookSecret;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000_000);

    fn webhook(with_id: bool) -> Webhook {
        Webhook {
            secret: WebhookSecret::new("hook-secret"),
            signature_header: "x-signature".into(),
            signature_prefix: "v1=".into(),
            delivery_header: with_id.then(|| "x-delivery".into()),
            replay: Some(ReplayGuard {
                timestamp_header: "x-timestamp".into(),
                tolerance_ms: 60_000,
            }),
            signal: None,
            run: None,
        }
    }

    fn sign(text: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"hook-secret");
        format!("v1={}", hex::encode(hmac::sign(&key, text.as_bytes())))
    }

    fn presented<'a>(signature: &'a str, id: Option<&'a str>, timestamp: &'a str) -> Presented<'a> {
        Presented {
            signature: Some(signature),
            id,
            timestamp: Some(timestamp),
            body: b"{}",
        }
    }

    #[test]
    fn the_time_is_signed_and_good_up_to_the_tolerance_on_both_sides() {
        let prove = |signed: &str, timestamp: &str| {
            let signature = sign(&format!("{signed}.{{}}"));
            presented(&signature, None, timestamp).prove(&webhook(false), NOW)
        };
        for fresh in ["999940", "1000060"] {
            prove(fresh, fresh).unwrap();
        }
        for stale in [
            "999939",
            "1000061",
            "",
            "1e6",
            "+1000000",
            "99999999999999999999",
        ] {
            assert!(
                matches!(prove(stale, stale), Err(Refused::Stale)),
                "{stale}"
            );
        }
        let other = prove("999999", "1000000");
        assert!(matches!(other, Err(Refused::Signature)));
    }

    #[test]
    fn the_id_is_signed_and_without_one_the_signature_tells_deliveries_apart() {
        let signature = sign("d1.1000000.{}");
        let proven = presented(&signature, Some("d1"), "1000000").prove(&webhook(true), NOW);
        assert_eq!(proven.unwrap().id.as_deref(), Some("d1"));
        let other = presented(&signature, Some("d2"), "1000000").prove(&webhook(true), NOW);
        assert!(matches!(other, Err(Refused::Signature)));
        let signature = sign("1000000.{}");
        let proven = presented(&signature, None, "1000000").prove(&webhook(false), NOW);
        let proven = proven.unwrap();
        assert_eq!(proven.id.as_deref(), signature.strip_prefix("v1="));
        assert_eq!(proven.expires_at, Timestamp(NOW.0 + 120_000));
    }
}
