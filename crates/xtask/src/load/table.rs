//! How figures are shown: as they come, and as the table of docs/performance.md.

use std::path::Path;

use super::samples::Samples;

/// A row of the table: what, the public gateway, the targets in both modes, and what was measured.
struct Row {
    what: &'static str,
    public: &'static str,
    normal: &'static str,
    full: &'static str,
    measured: &'static [Shown],
}

/// A figure in a cell: its key, the decimals, and what follows it.
type Shown = (&'static str, usize, &'static str);

/// Figures that are not of a scenario but of `cargo bench --bench render`.
const RENDER: [Shown; 4] = [
    ("render.flat.100", 2, " ms"),
    ("render.flat.1000", 2, " ms"),
    ("render.nested.100", 2, " ms"),
    ("render.nested.1000", 2, " ms"),
];

const ROWS: [Row; 22] = [
    Row {
        what: "cold start to /health with the demo module; idle RSS",
        public: "1.0 s; 170 MiB",
        normal: "50 ms; 25 MiB",
        full: "same",
        measured: &[("start.again", 0, " ms"), ("start.rss", 1, " MiB")],
    },
    Row {
        what: "chain of 100 static tasks, tasks/s",
        public: "36",
        normal: "4,000",
        full: "2,000",
        measured: &[("chain.static.100.rate", 0, "")],
    },
    Row {
        what: "chain of 1,000 static: wall; CPU per task against n = 100; store growth; RSS",
        public: "65 s; 2.2x; 248 MB; 998 MiB",
        normal: "0.5 s; 1.3x; 6 MB; 60 MiB",
        full: "1 s",
        measured: &[
            ("chain.static.1000.wall", 2, " s"),
            ("chain.static.ratio", 2, "x"),
            ("chain.static.1000.growth", 1, " MB"),
            ("chain.static.1000.rss", 0, " MiB"),
        ],
    },
    Row {
        what: "chain of 100 compute callbacks, tasks/s",
        public: "36",
        normal: "1,500",
        full: "800",
        measured: &[("chain.compute.100.rate", 0, "")],
    },
    Row {
        what: "chain of 1,000 compute callbacks, wall",
        public: "over 65 s",
        normal: "3 s",
        full: "4 s",
        measured: &[("chain.compute.1000.wall", 2, " s")],
    },
    Row {
        what: "runs of 3 static tasks, 50 in flight, runs/s",
        public: "15 to 19",
        normal: "800",
        full: "600",
        measured: &[("runs.50.rate", 0, "")],
    },
    Row {
        what: "launch to run.completed, 3 tasks, one in flight, p50",
        public: "100 ms",
        normal: "3 ms",
        full: "5 ms",
        measured: &[("runs.1.p50", 2, " ms")],
    },
    Row {
        what: "fan-out in bursts, 100 and 500 subscribers, frames/s; server CPU a frame",
        public: "44 k, 39 k; 24 us",
        normal: "1.5 M; 0.8 us",
        full: "same",
        measured: &[
            ("fanout.100.rate", 0, ""),
            ("fanout.500.rate", 0, ""),
            ("fanout.100.cpu", 2, " us"),
            ("fanout.500.cpu", 2, " us"),
        ],
    },
    Row {
        what: "fan-out one event at a time, server CPU a frame",
        public: "24 us",
        normal: "7 us",
        full: "same",
        measured: &[("fanout.single.cpu", 1, " us")],
    },
    Row {
        what: "2,000 subscribers on one run (caps lifted), none lost: frames/s; server CPU a frame",
        public: "500 subscribers",
        normal: "2,000 subscribers",
        full: "same",
        measured: &[("fanout.2000.rate", 0, ""), ("fanout.2000.cpu", 2, " us")],
    },
    Row {
        what: "getRun, listRuns(50), /health, requests/s at 8 connections",
        public: "1.2 k, 300, 16 k",
        normal: "25 k, 5 k, 60 k",
        full: "same",
        measured: &[
            ("rpc.getRun.rate", 0, ""),
            ("rpc.listRuns.rate", 0, ""),
            ("rpc.health.rate", 0, ""),
        ],
    },
    Row {
        what: "authenticated connects/s without and with 500 finished runs stored; RSS per idle socket",
        public: "6 to 9; 30 KiB",
        normal: "2,500, independent of stored runs; 14 KiB",
        full: "same",
        measured: &[
            ("idle.empty.rate", 0, ""),
            ("idle.stored.rate", 0, ""),
            ("idle.socket", 1, " KiB"),
        ],
    },
    Row {
        what: "catch-up of 10,000 events, one reader: warm; after a restart",
        public: "150 ms; impossible",
        normal: "20 ms; 60 ms",
        full: "same",
        measured: &[("catchup.warm", 0, " ms"), ("catchup.restarted", 0, " ms")],
    },
    Row {
        what: "approvals, 100 waiting runs, concurrency 16: approvals/s; submit to run.completed p50",
        public: "21; 4.5 s",
        normal: "800; 30 ms",
        full: "500; 50 ms",
        measured: &[("approvals.rate", 0, ""), ("approvals.p50", 1, " ms")],
    },
    Row {
        what: "10-step compute workflows: steps/s one at a time, 50 at once",
        public: "25, 44 (Restate 1.7 with node: 587, 1,890)",
        normal: "1,500, 4,000",
        full: "800, 3,000",
        measured: &[("steps.1.rate", 0, ""), ("steps.50.rate", 0, "")],
    },
    Row {
        what: "50 tasks with 200 lines of output a second each, one reader: lines/s; server CPU a line; delay p50",
        public: "-",
        normal: "-",
        full: "-",
        measured: &[
            ("output.rate", 0, ""),
            ("output.cpu", 0, " us"),
            ("output.delay.p50", 0, " ms"),
        ],
    },
    Row {
        what: "100,000 parked runs: start to /health; RSS; lateness of the next timers p50, p99",
        public: "-",
        normal: "start-up reads none of them; 50 ms",
        full: "same",
        measured: &[
            ("parked.start", 0, " ms"),
            ("parked.rss", 1, " MiB"),
            ("parked.late.p50", 0, " ms"),
            ("parked.late.p99", 0, " ms"),
        ],
    },
    Row {
        what: "chains of 100, 1,000 and 10,000 static tasks with snapshots: time; history; database, each a task",
        public: "grows with the length",
        normal: "the same for each length",
        full: "same",
        measured: &[
            ("travel.static.100.time", 0, " us"),
            ("travel.static.1000.time", 0, " us"),
            ("travel.static.10000.time", 0, " us"),
            ("travel.static.100.history", 0, " B"),
            ("travel.static.1000.history", 0, " B"),
            ("travel.static.10000.history", 0, " B"),
            ("travel.static.100.growth", 0, " B"),
            ("travel.static.1000.growth", 0, " B"),
            ("travel.static.10000.growth", 0, " B"),
        ],
    },
    Row {
        what: "rewind of those chains, static: to frame 1; to the frame before the last",
        public: "-",
        normal: "-",
        full: "-",
        measured: &[
            ("travel.static.100.first", 1, " ms"),
            ("travel.static.1000.first", 1, " ms"),
            ("travel.static.10000.first", 0, " ms"),
            ("travel.static.100.late", 1, " ms"),
            ("travel.static.1000.late", 1, " ms"),
            ("travel.static.10000.late", 0, " ms"),
        ],
    },
    Row {
        what: "chains of 100, 1,000 and 10,000 compute tasks with snapshots: time; history; database, each a task",
        public: "grows with the length",
        normal: "the same for each length",
        full: "same",
        measured: &[
            ("travel.compute.100.time", 0, " us"),
            ("travel.compute.1000.time", 0, " us"),
            ("travel.compute.10000.time", 0, " us"),
            ("travel.compute.100.history", 0, " B"),
            ("travel.compute.1000.history", 0, " B"),
            ("travel.compute.10000.history", 0, " B"),
            ("travel.compute.100.growth", 0, " B"),
            ("travel.compute.1000.growth", 0, " B"),
            ("travel.compute.10000.growth", 0, " B"),
        ],
    },
    Row {
        what: "rewind of those chains, compute: to frame 1; to the frame before the last",
        public: "-",
        normal: "-",
        full: "-",
        measured: &[
            ("travel.compute.100.first", 1, " ms"),
            ("travel.compute.1000.first", 1, " ms"),
            ("travel.compute.10000.first", 0, " ms"),
            ("travel.compute.100.late", 1, " ms"),
            ("travel.compute.1000.late", 1, " ms"),
            ("travel.compute.10000.late", 0, " ms"),
        ],
    },
    Row {
        what: "frame of 100, 1,000 tasks rendered and decoded: flat; nested components",
        public: "0.16, 1 ms in bun, without decoding",
        normal: "0.1, 1 ms; 0.4, 4 ms",
        full: "same",
        measured: &RENDER,
    },
];

/// Shows figures, one a line.
pub(super) fn show(samples: &Samples, print: fn(&str)) {
    for sample in samples.iter() {
        let decimals = if sample.value < 100.0 { 2 } else { 0 };
        let (key, value, unit) = (&sample.key, sample.value, sample.unit);
        print(&format!("  {key:<32} {value:>12.decimals$} {unit}"));
    }
}

/// Writes the table; `target` is where the benches have left what they measured.
pub(super) fn markdown(normal: &Samples, full: &Samples, target: &Path) -> String {
    let mut normal = derived(normal);
    let full = derived(full);
    for (key, ..) in RENDER {
        if let Some(time) = of_bench(target, key) {
            normal.add(key, time, "ms");
        }
    }
    let mut text = String::from(
        "| what | public gateway | target NORMAL | target FULL | measured NORMAL | measured FULL |\n\
         |---|---|---|---|---|---|\n",
    );
    for row in &ROWS {
        let Row {
            what,
            public,
            normal: wanted,
            full: wanted_full,
            measured,
        } = row;
        let (cell, cell_full) = (cell(&normal, measured), cell(&full, measured));
        let line =
            format!("| {what} | {public} | {wanted} | {wanted_full} | {cell} | {cell_full} |\n");
        text.push_str(&line);
    }
    text
}

/// Adds figures that follow from others.
fn derived(samples: &Samples) -> Samples {
    let mut samples = samples.clone();
    let cpu = |length: u64| samples.get(&format!("chain.static.{length}.cpu"));
    if let (Some(long), Some(short)) = (cpu(1_000), cpu(100)) {
        samples.add("chain.static.ratio", long / short, "x");
    }
    samples
}

fn cell(samples: &Samples, shown: &[Shown]) -> String {
    let figures = shown.iter().filter_map(|(key, decimals, unit)| {
        let value = samples.get(key)?;
        Some(format!("{}{unit}", number(value, *decimals)))
    });
    let figures: Vec<String> = figures.collect();
    match figures.is_empty() {
        true => "-".to_owned(),
        false => figures.join("; "),
    }
}

/// A number with thousands apart.
fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut apart = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            apart.push(',');
        }
        apart.push(digit);
    }
    apart + rest
}

/// Reads the mean that a bench has left behind, in milliseconds: `render.flat.100` is `render/flat/100`.
fn of_bench(target: &Path, key: &str) -> Option<f64> {
    let folder = key
        .split('.')
        .fold(target.join("criterion"), |path, part| path.join(part));
    let text = std::fs::read_to_string(folder.join("new/estimates.json")).ok()?;
    let estimates: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(estimates["mean"]["point_estimate"].as_f64()? / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_every_row_and_shows_what_was_measured() {
        let mut samples = Samples::default();
        samples.add("chain.static.100.rate", 12_345.6, "tasks/s");
        samples.add("chain.static.100.cpu", 100.0, "us");
        samples.add("chain.static.1000.cpu", 130.0, "us");
        let text = markdown(&samples, &Samples::default(), Path::new("no-such-folder"));
        assert_eq!(text.lines().count(), ROWS.len() + 2);
        assert!(
            text.contains("| 36 | 4,000 | 2,000 | 12,346 | - |"),
            "{text}"
        );
        assert!(text.contains("| 1.30x |"), "{text}");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(number(1_234_567.0, 0), "1,234,567");
        assert_eq!(number(999.5, 1), "999.5");
        assert_eq!(number(1_000.25, 2), "1,000.25");
    }
}
