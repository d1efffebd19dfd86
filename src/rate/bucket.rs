//! A token bucket: so many at once, then so many a second.

use std::time::{Duration, Instant};

/// How often something may happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// So many at once.
    pub burst: u32,
    /// So many a second after that.
    pub per_second: f64,
}

impl Rate {
    /// Returns the rate of `count` a minute, all of which may come at once.
    pub fn per_minute(count: u32) -> Rate {
        Rate {
            burst: count,
            per_second: f64::from(count) / 60.0,
        }
    }

    /// Returns how long an empty bucket takes to fill.
    pub fn refill(&self) -> Duration {
        Duration::try_from_secs_f64(f64::from(self.burst) / self.per_second)
            .unwrap_or(Duration::MAX)
    }
}

/// Counts events against a rate. It reads no clock, and a time before the last one counts as the last one.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    rate: Rate,
    tokens: f64,
    filled_at: Instant,
}

impl TokenBucket {
    /// Makes a full bucket.
    pub fn new(rate: Rate, now: Instant) -> Self {
        Self {
            rate,
            tokens: f64::from(rate.burst),
            filled_at: now,
        }
    }

    /// Takes one token.
    ///
    /// # Errors
    /// There is none; says how long until there is one.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.look(now)?;
        self.tokens -= 1.0;
        Ok(())
    }

    /// Tells whether there is a token, and takes none.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn look(&mut self, now: Instant) -> Result<(), Duration> {
        let Rate { burst, per_second } = self.rate;
        let elapsed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + elapsed * per_second).min(f64::from(burst));
        self.filled_at = self.filled_at.max(now);
        if self.tokens >= 1.0 {
            return Ok(());
        }
        let missing = (1.0 - self.tokens) / per_second;
        Err(Duration::try_from_secs_f64(missing).unwrap_or(Duration::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        burst: 3,
        per_second: 2.0,
    };

    #[test]
    fn the_burst_is_spent_at_once_and_refills_with_time() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(RATE, start);
        let taken =
            |bucket: &mut TokenBucket, at| (0..10).filter(|_| bucket.take(at).is_ok()).count();
        assert_eq!(taken(&mut bucket, start), 3);
        assert_eq!(taken(&mut bucket, start + Duration::from_secs(1)), 2);
        assert_eq!(taken(&mut bucket, start + Duration::from_secs(60)), 3);
    }

    #[test]
    fn an_empty_bucket_says_how_long_to_wait_and_looking_takes_nothing() {
        let start = Instant::now();
        let mut bucket = TokenBucket::new(RATE, start);
        assert_eq!((0..9).filter(|_| bucket.look(start).is_ok()).count(), 9);
        (0..3).for_each(|_| bucket.take(start).unwrap());
        assert_eq!(bucket.look(start), Err(Duration::from_millis(500)));
        assert_eq!(bucket.take(start), Err(Duration::from_millis(500)));
        bucket.take(start + Duration::from_millis(500)).unwrap();
    }

    #[test]
    fn a_time_before_the_last_one_refills_nothing() {
        let start = Instant::now();
        let later = start + Duration::from_secs(10);
        let mut bucket = TokenBucket::new(RATE, later);
        (0..3).for_each(|_| bucket.take(later).unwrap());
        assert!(bucket.take(start).is_err());
        assert!(bucket.take(later).is_err());
    }
}
