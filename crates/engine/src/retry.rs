//! Retries: whether a failed attempt is followed by another one, and when (workflow-model 8.5).

use std::time::Duration;

use smithers_model::error::ErrorInfo;
use smithers_model::planted::{Bug, planted};
use smithers_model::tree::{Backoff, RetryPolicy};

/// Longest delay between two attempts.
const MAX_DELAY: Duration = Duration::from_secs(5 * 60);

/// Codes that another attempt cannot help. Of a wrong output its body knows best: an agent may give a better one.
const NEVER_RETRIED: [&str; 1] = ["AGENT_CONFIG_INVALID"];

/// Returns the delay before the next attempt after the `failures`-th failure (from 1), or `None` when the
/// policy allows no other attempt.
pub(crate) fn delay_after(policy: RetryPolicy, failures: u32) -> Option<Duration> {
    let last = policy.retries - u32::from(planted(Bug::RetryLost) && policy.retries > 0);
    if failures > last && !planted(Bug::RetryNotCounted) {
        return None;
    }
    let base = match planted(Bug::RetryEarly) {
        true => 0,
        false => policy.initial_delay_ms,
    };
    let delay_ms = match policy.backoff {
        Backoff::Fixed => base,
        Backoff::Linear => base.saturating_mul(u64::from(failures)),
        Backoff::Exponential => {
            let doublings = failures.saturating_sub(1).min(63);
            base.saturating_mul(1 << doublings)
        }
    };
    Some(Duration::from_millis(delay_ms).min(MAX_DELAY))
}

/// Returns true when another attempt may end differently.
pub(crate) fn may_help(error: &ErrorInfo) -> bool {
    let never = NEVER_RETRIED.iter().any(|code| error.has_code(code));
    !never && !denies_retry(error)
}

/// The author of the error said that another attempt is pointless.
fn denies_retry(error: &ErrorInfo) -> bool {
    let details = error.details.as_ref().map(|details| details.value());
    details.is_some_and(|details| details["failureRetryable"] == false)
}

#[cfg(test)]
mod tests {
    use smithers_model::RawJson;

    use super::*;

    fn delays(backoff: Backoff, initial_delay_ms: u64, retries: u32) -> Vec<Option<u128>> {
        let policy = RetryPolicy {
            retries,
            backoff,
            initial_delay_ms,
        };
        (1..=retries + 1)
            .map(|k| delay_after(policy, k).map(|delay| delay.as_millis()))
            .collect()
    }

    #[test]
    fn delays_grow_as_the_policy_says_and_end_with_the_retries() {
        assert_eq!(delays(Backoff::Fixed, 40, 2), [Some(40), Some(40), None]);
        assert_eq!(delays(Backoff::Linear, 40, 2), [Some(40), Some(80), None]);
        let doubled = [Some(1000), Some(2000), Some(4000), None];
        assert_eq!(delays(Backoff::Exponential, 1000, 3), doubled);
        assert_eq!(delays(Backoff::Exponential, 0, 1), [Some(0), None]);
    }

    #[test]
    fn a_delay_never_exceeds_five_minutes() {
        let policy = RetryPolicy {
            retries: u32::MAX,
            backoff: Backoff::Exponential,
            initial_delay_ms: 1000,
        };
        assert_eq!(delay_after(policy, 10), Some(MAX_DELAY));
        assert_eq!(delay_after(policy, u32::MAX), Some(MAX_DELAY));
    }

    #[test]
    fn errors_that_cannot_get_better_are_not_tried_again() {
        assert!(may_help(&ErrorInfo::thrown("Error", "boom")));
        assert!(!may_help(&ErrorInfo::coded("AGENT_CONFIG_INVALID", "bad")));
        let mut denied = ErrorInfo::thrown("Error", "boom");
        denied.details = Some(RawJson::trusted(r#"{"failureRetryable":false}"#));
        assert!(!may_help(&denied));
    }
}
