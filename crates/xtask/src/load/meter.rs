//! What the kernel says of the gateway's process: CPU time and memory.

use std::time::Duration;

use anyhow::{Context, Result};

/// Ticks of `/proc/PID/stat` in a second; the same on every Linux that runs this.
const TICKS_PER_SECOND: u64 = 100;

/// Reads the figures of one process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meter {
    process: u32,
}

impl Meter {
    /// Reads the figures of `process`.
    pub(crate) fn of(process: u32) -> Self {
        Self { process }
    }

    /// Returns the CPU time of all threads so far, in steps of 10 ms.
    pub(crate) fn cpu(self) -> Result<Duration> {
        let text = self.read("stat")?;
        let ticks = ticks(&text).context("failed to understand the process's stat")?;
        Ok(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
    }

    /// Returns resident memory now, in MiB.
    pub(crate) fn rss_mib(self) -> Result<f64> {
        self.status("VmRSS:")
    }

    /// Returns the highest resident memory so far, in MiB.
    pub(crate) fn peak_mib(self) -> Result<f64> {
        self.status("VmHWM:")
    }

    fn status(self, name: &str) -> Result<f64> {
        let text = self.read("status")?;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let words = line.and_then(|line| line.split_whitespace().next());
        let kib: f64 = words
            .and_then(|word| word.parse().ok())
            .with_context(|| format!("the process's status has no {name}"))?;
        Ok(kib / 1_024.0)
    }

    fn read(self, file: &str) -> Result<String> {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.process))
            .context("the gateway's process has gone")
    }
}

/// User and system time. The name of the program is in brackets and may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_are_found_behind_any_name() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194304 100 0 0 0 7 5 0 0 20 0 9 0 100 1 1";
        assert_eq!(ticks(stat), Some(12));
    }

    #[test]
    fn this_process_has_memory_and_time() {
        let meter = Meter::of(std::process::id());
        assert!(meter.rss_mib().unwrap() > 0.5);
        assert!(meter.peak_mib().unwrap() >= 0.5);
        meter.cpu().unwrap();
    }
}
