//! Waiting for a state with a deadline, instead of sleeping for luck.

use std::future::Future;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{Instant, sleep};

/// Pause between two looks at the state that is waited for.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Calls `look` until it returns a value, or fails once `deadline` has passed.
///
/// # Errors
///
/// Returns the first error of `look`, or a message naming `what` after the deadline.
pub async fn until<T, F, Fut>(what: &str, deadline: Duration, mut look: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Option<T>>>,
{
    let end = Instant::now() + deadline;
    loop {
        if let Some(value) = look().await? {
            return Ok(value);
        }
        if Instant::now() >= end {
            bail!("waited {} ms in vain for {what}", deadline.as_millis());
        }
        sleep(POLL_INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_value_is_returned_as_soon_as_it_is_there() {
        let mut looks = 0;
        let value = until("the third look", Duration::from_secs(5), || {
            looks += 1;
            let found = (looks == 3).then_some(looks);
            async move { Ok(found) }
        })
        .await;
        assert_eq!(value.unwrap(), 3);
    }

    #[tokio::test]
    async fn the_deadline_names_what_was_waited_for() {
        let waited = until("rain", Duration::ZERO, || async { Ok(None::<()>) }).await;
        assert_eq!(
            waited.unwrap_err().to_string(),
            "waited 0 ms in vain for rain"
        );
    }
}
