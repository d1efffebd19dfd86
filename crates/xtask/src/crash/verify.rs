//! What the database must show after every restart.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};

use super::ledger::{Ledger, Seen};
use super::schedule;

/// A stored event, without its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    position: u64,
    run: String,
    seq: u64,
    stream_seq: Option<u64>,
    state_version: Option<u64>,
    name: String,
    node: Option<String>,
    payload: String,
}

/// The part of the log that was verified before; it must never change.
#[derive(Debug, Default)]
pub(crate) struct Verified {
    until: u64,
    digest: Vec<u8>,
}

/// Reads the database and checks everything that must hold at any time.
pub(crate) fn check(database: &Path, ledger: &Ledger, verified: &mut Verified) -> Result<usize> {
    let connection = open(database)?;
    let events = events(&connection)?;
    unchanged(&events, verified)?;
    numbers(&events)?;
    acknowledged(&connection, ledger)?;
    heard(&connection, ledger)?;
    exactly_once(&connection)?;
    whole_families(&connection)?;
    whole_chains(&connection)?;
    schedule::check(&connection)?;
    seen(&events, ledger)?;
    ledger.check()?;
    Ok(events.len())
}

/// Returns the runs that have not ended.
pub(crate) fn open_runs(database: &Path) -> Result<Vec<String>> {
    let connection = open(database)?;
    let sql = "SELECT run_id FROM _smithers_runs WHERE status NOT IN ('finished', 'failed', 'cancelled', 'continued')";
    let mut statement = connection.prepare(sql).context("failed to read the runs")?;
    let runs = statement
        .query_map([], |row| row.get(0))
        .and_then(Iterator::collect);
    runs.context("failed to read the runs")
}

fn open(database: &Path) -> Result<Connection> {
    let connection = Connection::open_with_flags(
        database,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .context("failed to open the database")?;
    connection
        .busy_timeout(Duration::from_secs(5))
        .context("failed to set the busy timeout")?;
    Ok(connection)
}

fn events(connection: &Connection) -> Result<Vec<Stored>> {
    let sql = "SELECT position, run_id, seq, stream_seq, state_version, type,
            json_extract(payload_json, '$.nodeId'), payload_json
        FROM _smithers_events ORDER BY position";
    let mut statement = connection
        .prepare(sql)
        .context("failed to read the events")?;
    let rows = statement.query_map([], |row| {
        Ok(Stored {
            position: row.get(0)?,
            run: row.get(1)?,
            seq: row.get(2)?,
            stream_seq: row.get(3)?,
            state_version: row.get(4)?,
            name: row.get(5)?,
            node: row.get(6)?,
            payload: row.get(7)?,
        })
    });
    rows.and_then(Iterator::collect)
        .context("failed to read the events")
}

/// What was there at the last check is there still, byte for byte.
fn unchanged(events: &[Stored], verified: &mut Verified) -> Result<()> {
    let old: Vec<&Stored> = events
        .iter()
        .filter(|event| event.position <= verified.until)
        .collect();
    if verified.until > 0 {
        ensure!(
            digest(&old) == verified.digest,
            "events up to position {} have changed",
            verified.until
        );
    }
    verified.until = events.last().map_or(0, |event| event.position);
    verified.digest = digest(&events.iter().collect::<Vec<_>>());
    Ok(())
}

fn digest(events: &[&Stored]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for event in events {
        hash.update(format!("{event:?}\n"));
    }
    hash.finalize().to_vec()
}

/// Each of the three numberings goes on by one, in the order of the log.
fn numbers(events: &[Stored]) -> Result<()> {
    let mut next_seq: BTreeMap<&str, u64> = BTreeMap::new();
    let mut next_stream: BTreeMap<&str, u64> = BTreeMap::new();
    let mut next_version = 1;
    for event in events {
        let seq = next_seq.entry(&event.run).or_insert(0);
        ensure!(
            event.seq == *seq,
            "{}: seq {} where {seq} was due",
            event.run,
            event.seq
        );
        *seq += 1;
        ensure!(
            event.stream_seq.is_some() == event.state_version.is_some(),
            "{} seq {}: a stream number without a state version, or the other way round",
            event.run,
            event.seq
        );
        if let (Some(stream), Some(version)) = (event.stream_seq, event.state_version) {
            let due = next_stream.entry(&event.run).or_insert(1);
            ensure!(
                stream == *due,
                "{}: stream number {stream} where {due} was due",
                event.run
            );
            *due += 1;
            ensure!(
                version == next_version,
                "{}: state version {version} where {next_version} was due",
                event.run
            );
            next_version += 1;
        }
    }
    Ok(())
}

/// Every acknowledged launch and decision is stored.
fn acknowledged(connection: &Connection, ledger: &Ledger) -> Result<()> {
    let mut statement = connection
        .prepare("SELECT run_id FROM _smithers_runs")
        .context("failed to read the runs")?;
    let runs: rusqlite::Result<BTreeSet<String>> = statement
        .query_map([], |row| row.get(0))
        .and_then(Iterator::collect);
    let runs = runs.context("failed to read the runs")?;
    let lost: Vec<String> = ledger
        .launches()
        .into_iter()
        .filter(|run| !runs.contains(run))
        .collect();
    ensure!(lost.is_empty(), "acknowledged launches are lost: {lost:?}");
    let sql = "SELECT run_id, status FROM _smithers_approvals WHERE status <> 'requested'";
    let mut statement = connection
        .prepare(sql)
        .context("failed to read the approvals")?;
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .and_then(Iterator::collect);
    let decided: BTreeMap<String, String> = rows.context("failed to read the approvals")?;
    for (run, approved) in ledger.decisions() {
        let expected = if approved { "approved" } else { "denied" };
        let stored = decided.get(&run).map_or("nothing", String::as_str);
        ensure!(
            stored == expected,
            "{run}: the decision `{expected}` was acknowledged, but stored is `{stored}`"
        );
    }
    Ok(())
}

/// Every acknowledged signal is stored once, and a run that has ended did not end without it.
fn heard(connection: &Connection, ledger: &Ledger) -> Result<()> {
    let sql = "SELECT signal.run_id, heard.kind FROM _smithers_signals AS signal
        LEFT JOIN heard ON heard.run_id = signal.run_id";
    let mut statement = connection
        .prepare(sql)
        .context("failed to read the signals")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let rows: rusqlite::Result<BTreeMap<String, Option<String>>> = rows.and_then(Iterator::collect);
    let stored = rows.context("failed to read the signals")?;
    for run in ledger.signals() {
        match stored.get(&run) {
            None => bail!("{run}: an acknowledged signal is lost"),
            Some(Some(kind)) if kind != "signal" => bail!("{run}: it did not hear its signal"),
            Some(_) => {}
        }
    }
    Ok(())
}

/// What the loop of `rounds` adds up to: 1 + 2 + 3 + 4.
const SUM_OF_ROUNDS: f64 = 10.0;

/// A run of `rounds` that ended went through its loop exactly four times, whatever was killed in between.
fn exactly_once(connection: &Connection) -> Result<()> {
    let sql = "SELECT run.run_id, total.n,
            (SELECT group_concat(iteration) FROM (SELECT iteration FROM result
                WHERE run_id = run.run_id AND node_id = 'add' ORDER BY iteration))
        FROM _smithers_runs AS run LEFT JOIN total ON total.run_id = run.run_id
        WHERE run.workflow_name = 'rounds' AND run.status IN ('finished', 'failed')";
    let mut statement = connection
        .prepare(sql)
        .context("failed to read the totals")?;
    let rows = statement.query_map([], |row| {
        let run: String = row.get(0)?;
        let total: Option<f64> = row.get(1)?;
        let iterations: Option<String> = row.get(2)?;
        Ok((run, total, iterations))
    });
    for row in rows.context("failed to read the totals")? {
        let (run, total, iterations) = row.context("failed to read a total")?;
        let is_right = total == Some(SUM_OF_ROUNDS) && iterations.as_deref() == Some("0,1,2,3");
        ensure!(
            is_right,
            "{run}: the loop ended with {total:?} after the iterations {iterations:?}"
        );
    }
    Ok(())
}

/// A run of `nested` that ended has the row of each of its three children, and each of them ended well once. Nobody
/// ends before its children.
fn whole_families(connection: &Connection) -> Result<()> {
    let sql = "SELECT parent.run_id, count(child.run_id), sum(child.status = 'finished'),
            (SELECT count(*) FROM _smithers_events AS event
             WHERE event.type = 'RunFinished' AND event.run_id LIKE parent.run_id || ':child:%'),
            (SELECT n FROM total WHERE total.run_id = parent.run_id)
        FROM _smithers_runs AS parent LEFT JOIN _smithers_runs AS child ON child.parent_run_id = parent.run_id
        WHERE parent.workflow_name = 'nested' AND parent.status NOT LIKE 'waiting%' AND parent.status <> 'running'
        GROUP BY parent.run_id";
    let mut statement = connection
        .prepare(sql)
        .context("failed to read the families")?;
    let rows = statement.query_map([], |row| {
        let family: (u64, u64, u64, Option<f64>) =
            (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        Ok((row.get::<_, String>(0)?, family))
    });
    for row in rows.context("failed to read the families")? {
        let (run, family) = row.context("failed to read a family")?;
        ensure!(
            family == (3, 3, 3, Some(3.0)),
            "{run} ended with (children, finished, ends, total) = {family:?}"
        );
    }
    Ok(())
}

/// What the eight rounds of `chain` add up to, and how many runs they take.
const CIRCLE: (f64, u64) = (8.0, 3);

/// A run that goes on as another one has exactly that one, and the last run of `chain` has been through all its rounds
/// once.
fn whole_chains(connection: &Connection) -> Result<()> {
    let sql = "SELECT run.run_id, (SELECT count(*) FROM _smithers_continuations AS next
                                   JOIN _smithers_runs USING (run_id) WHERE next.before_run_id = run.run_id)
        FROM _smithers_runs AS run WHERE run.status = 'continued'";
    let mut statement = connection
        .prepare(sql)
        .context("failed to read the chains")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    for row in rows.context("failed to read the chains")? {
        let (run, next): (String, u64) = row.context("failed to read a chain")?;
        ensure!(next == 1, "{run} goes on as {next} runs");
    }
    let sql = "SELECT run.run_id, total.n, chain.depth
        FROM _smithers_runs AS run LEFT JOIN total USING (run_id)
             LEFT JOIN _smithers_continuations AS chain USING (run_id)
        WHERE run.workflow_name = 'chain' AND run.status IN ('finished', 'failed')";
    let mut statement = connection
        .prepare(sql)
        .context("failed to read the ends of chains")?;
    let rows = statement.query_map([], |row| {
        let end: (Option<f64>, Option<u64>) = (row.get(1)?, row.get(2)?);
        Ok((row.get::<_, String>(0)?, end))
    });
    for row in rows.context("failed to read the ends of chains")? {
        let (run, end) = row.context("failed to read the end of a chain")?;
        ensure!(
            end == (Some(CIRCLE.0), Some(CIRCLE.1)),
            "{run} ended with (total, runs) = {end:?}"
        );
    }
    Ok(())
}

/// What clients saw is what is stored under the same number.
fn seen(events: &[Stored], ledger: &Ledger) -> Result<()> {
    let stored: BTreeMap<(&str, u64), &Stored> = events
        .iter()
        .filter_map(|event| Some(((event.run.as_str(), event.stream_seq?), event)))
        .collect();
    for (run, stream) in ledger.streams() {
        for event in &stream.events {
            let Some(row) = stored.get(&(run.as_str(), event.seq)) else {
                bail!(
                    "{run}: a client saw event {}, but it is not stored",
                    event.seq
                );
            };
            ensure!(
                is_same(event, row),
                "{run}: a client saw {event:?}, stored is {row:?}"
            );
        }
    }
    Ok(())
}

fn is_same(event: &Seen, row: &Stored) -> bool {
    row.state_version == Some(event.state_version)
        && row.node == event.node
        && stored_names(&event.name).contains(&row.name)
}

/// Returns the stored names of an event on the wire: `node.waiting_approval` is `NodeWaitingApproval`.
fn stored_names(wire: &str) -> Vec<String> {
    match wire {
        "run.completed" => [
            "RunFinished",
            "RunFailed",
            "RunCancelled",
            "RunContinuedAsNew",
        ]
        .map(str::to_owned)
        .to_vec(),
        "approval.decided" => ["ApprovalGranted", "ApprovalDenied"]
            .map(str::to_owned)
            .to_vec(),
        other => {
            let capital = |word: &str| {
                let mut letters = word.chars();
                letters
                    .next()
                    .map(|letter| letter.to_ascii_uppercase())
                    .into_iter()
                    .chain(letters)
                    .collect::<String>()
            };
            vec![other.split(['.', '_']).map(capital).collect()]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(position: u64, run: &str, seq: u64, stream: Option<(u64, u64)>) -> Stored {
        Stored {
            position,
            run: run.into(),
            seq,
            stream_seq: stream.map(|numbers| numbers.0),
            state_version: stream.map(|numbers| numbers.1),
            name: "NodeStarted".into(),
            node: Some("a".into()),
            payload: "{}".into(),
        }
    }

    #[test]
    fn three_numberings_without_holes_are_accepted() {
        let log = [
            stored(1, "r", 0, None),
            stored(2, "q", 0, Some((1, 1))),
            stored(4, "r", 1, Some((1, 2))),
        ];
        numbers(&log).unwrap();
    }

    #[test]
    fn a_hole_or_a_repeat_in_any_numbering_is_found() {
        let broken = [
            [stored(1, "r", 0, None), stored(2, "r", 2, None)],
            [stored(1, "r", 0, None), stored(2, "r", 0, None)],
            [
                stored(1, "r", 0, Some((1, 1))),
                stored(2, "r", 1, Some((3, 2))),
            ],
            [
                stored(1, "r", 0, Some((1, 1))),
                stored(2, "q", 0, Some((1, 1))),
            ],
        ];
        for log in broken {
            assert!(numbers(&log).is_err(), "{log:?}");
        }
    }

    #[test]
    fn a_changed_event_is_found_at_the_next_check() {
        let mut verified = Verified::default();
        let mut log = vec![stored(1, "r", 0, None)];
        unchanged(&log, &mut verified).unwrap();
        log.push(stored(2, "r", 1, None));
        unchanged(&log, &mut verified).unwrap();
        log[0].name = "NodeFinished".into();
        assert!(unchanged(&log, &mut verified).is_err());
    }

    #[test]
    fn names_on_the_wire_and_in_the_store_belong_together() {
        assert_eq!(
            stored_names("node.waiting_approval"),
            ["NodeWaitingApproval"]
        );
        let event = Seen {
            seq: 1,
            state_version: 5,
            name: "node.started".into(),
            node: Some("a".into()),
        };
        assert!(is_same(&event, &stored(1, "r", 0, Some((1, 5)))));
        assert!(!is_same(&event, &stored(1, "r", 0, Some((1, 6)))));
    }
}
