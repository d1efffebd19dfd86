//! Measured figures: named, with a unit, in the order in which they were taken.

use std::time::Duration;

use serde::Serialize;

/// One measured figure.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Sample {
    /// Scenario, case and figure, separated by dots.
    pub(crate) key: String,
    /// The figure.
    pub(crate) value: f64,
    /// Its unit, such as `runs/s`.
    pub(crate) unit: &'static str,
}

/// The figures of one or more scenarios.
#[derive(Debug, Default, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct Samples(Vec<Sample>);

impl Samples {
    /// Adds a figure.
    pub(crate) fn add(&mut self, key: impl Into<String>, value: f64, unit: &'static str) {
        let key = key.into();
        self.0.push(Sample { key, value, unit });
    }

    /// Adds the median and the 99th percentile of times, in milliseconds.
    pub(crate) fn add_times(&mut self, key: &str, times: &[Duration]) {
        let mut times: Vec<f64> = times.iter().map(|time| millis(*time)).collect();
        times.sort_by(f64::total_cmp);
        self.add(format!("{key}.p50"), percentile(&times, 50), "ms");
        self.add(format!("{key}.p99"), percentile(&times, 99), "ms");
    }

    /// Adds how much CPU time of the gateway one of `units` took, in microseconds.
    pub(crate) fn add_cpu(&mut self, key: &str, cpu: Duration, units: u64) {
        let each = cpu.as_secs_f64() * 1e6 / units.max(1) as f64;
        self.add(format!("{key}.cpu"), each, "us");
    }

    /// Returns a figure.
    pub(crate) fn get(&self, key: &str) -> Option<f64> {
        let found = self.0.iter().find(|sample| sample.key == key)?;
        Some(found.value)
    }

    /// Returns all figures.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Sample> {
        self.0.iter()
    }

    /// Appends the figures of another scenario.
    pub(crate) fn extend(&mut self, other: Samples) {
        self.0.extend(other.0);
    }

    /// Returns the median of each figure over several rounds of the same scenario.
    pub(crate) fn median(rounds: &[Samples]) -> Samples {
        let Some(first) = rounds.first() else {
            return Samples::default();
        };
        let mut medians = first.clone();
        for sample in &mut medians.0 {
            let of_rounds = rounds.iter().filter_map(|round| round.get(&sample.key));
            let mut values: Vec<f64> = of_rounds.collect();
            values.sort_by(f64::total_cmp);
            sample.value = percentile(&values, 50);
        }
        medians
    }
}

/// Returns a time in milliseconds.
pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Returns the value below which `percent` of the sorted values are; 0 when there are none.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let at = (last * percent + 50) / 100;
    sorted.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&values, 50), 51.0);
        assert_eq!(percentile(&values, 99), 99.0);
        assert_eq!(percentile(&[3.0], 99), 3.0);
        assert_eq!(percentile(&[], 50), 0.0);
    }

    #[test]
    fn rounds_are_summed_up_by_their_median() {
        let round = |value| {
            let mut samples = Samples::default();
            samples.add("a", value, "s");
            samples
        };
        let medians = Samples::median(&[round(9.0), round(1.0), round(2.0)]);
        assert_eq!(medians.get("a"), Some(2.0));
    }
}
