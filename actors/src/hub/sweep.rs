//! What is due by time: ticks, heartbeats, pings, deadlines, and tokens that are no longer valid.
//!
//! One sweep for all sockets of the hub, so that it also acts on a socket that is never read.

use std::time::{Duration, Instant};

use smithers_model::Timestamp;
use smithers_protocol::frame::{Heartbeat, Tick};

use super::SessionId;
use super::member::Member;
use super::state::{Hub, Parts, encode};
use super::timing::Timing;

/// Close code of a socket whose token was revoked or has expired.
const ACCESS_LOST: u16 = 4001;

/// A socket with more than this queued needs no sign of life from us.
const BUSY_BYTES: usize = 64 * 1024;

/// Why a socket must go.
enum Verdict {
    Close(String),
    HangUp(&'static str),
}

impl Hub {
    /// Does what is due at `now`.
    pub(super) fn sweep(&mut self, now: Instant) {
        let wall = self.parts.clock.now();
        self.remove_expired(now, wall);
        self.send_ticks(now, wall);
        self.send_heartbeats(now, wall);
        let timing = self.parts.timing;
        self.members
            .values_mut()
            .for_each(|member| member.ping_if_silent(now, &timing));
    }

    fn remove_expired(&mut self, now: Instant, wall: Timestamp) {
        let grants = self.parts.authenticator.generation();
        let changed = std::mem::replace(&mut self.grants, grants) != grants;
        let verdict = |member: &Member| {
            let lost = || {
                member
                    .access_lost(&self.parts, wall, changed)
                    .map(Verdict::Close)
            };
            let dead = || member.is_dead(now, &self.parts.timing).map(Verdict::HangUp);
            Some((member.id, lost().or_else(dead)?))
        };
        let verdicts: Vec<(SessionId, Verdict)> =
            self.members.values().filter_map(verdict).collect();
        for (id, verdict) in verdicts {
            match verdict {
                Verdict::Close(reason) => self.close(id, ACCESS_LOST, &reason),
                Verdict::HangUp(why) => self.hang_up(id, why),
            }
        }
    }

    fn send_ticks(&mut self, now: Instant, wall: Timestamp) {
        let payload = encode(&Tick { ts: wall.0 });
        let period = self.parts.timing.tick;
        let due = self
            .members
            .values_mut()
            .filter(|member| member.access.is_some());
        for member in due {
            if advance(&mut member.tick_at, now, period) && !member.is_busy() {
                // A full outbox is dealt with where it overflows.
                let _ = member.lane.put_own(
                    &mut self.scratch,
                    Tick::EVENT,
                    &payload,
                    self.state_version,
                );
            }
        }
    }

    fn send_heartbeats(&mut self, now: Instant, wall: Timestamp) {
        let period = self.parts.timing.stream_heartbeat;
        for stream in self.streams.values_mut() {
            if !advance(&mut stream.heartbeat_at, now, period) {
                continue;
            }
            let Some(member) = self.members.get_mut(&stream.session) else {
                continue;
            };
            if !member.is_busy() {
                let beat = Heartbeat::new(stream.id.as_str(), stream.run.as_str(), wall.0);
                let _ = member.lane.put_own(
                    &mut self.scratch,
                    Heartbeat::EVENT,
                    &encode(&beat),
                    self.state_version,
                );
            }
        }
    }
}

impl Member {
    /// Returns why the identity is no longer valid.
    fn access_lost(&self, parts: &Parts, wall: Timestamp, grants_changed: bool) -> Option<String> {
        let identity = &self.access.as_ref()?.identity;
        if !grants_changed && !identity.is_expired(wall) {
            return None;
        }
        // Also for one that has expired by our clock: whoever keeps the grants remembers that it was seen so.
        let refused = parts.authenticator.recheck(identity).err();
        if identity.is_expired(wall) {
            return Some("token expired".to_owned());
        }
        Some(refused?.message().to_owned())
    }

    /// Returns why nobody is waited for at the other end.
    fn is_dead(&self, now: Instant, timing: &Timing) -> Option<&'static str> {
        let since = |then: Instant| now.saturating_duration_since(then);
        if self.access.is_none() && since(self.joined_at) >= timing.auth_deadline {
            return Some("not authenticated in time");
        }
        let silent = since(self.alive_at()) >= timing.ping + timing.ping_timeout;
        silent.then_some("no sign of life")
    }

    /// Returns when the peer last showed that it is there: it sent something, or took something
    /// of what is queued for it. A slow reader gets to our ping late, but it reads.
    fn alive_at(&self) -> Instant {
        let outbox = self.lane.outbox();
        let heard = self.gate.heard_at();
        if outbox.queued_bytes() > 0 {
            heard.max(outbox.progress_at())
        } else {
            heard
        }
    }

    fn ping_if_silent(&mut self, now: Instant, timing: &Timing) {
        if !self.gate.is_open() {
            // Its pongs are not read while it has too many requests open: that is our doing.
            self.gate.heard(now);
        }
        let since = |then: Instant| now.saturating_duration_since(then);
        if since(self.gate.heard_at()) >= timing.ping && since(self.pinged_at) >= timing.ping {
            self.pinged_at = now;
            self.lane.outbox().ping(b"");
        }
    }

    fn is_busy(&self) -> bool {
        self.lane.outbox().queued_bytes() > BUSY_BYTES
    }
}

/// Moves a due time on when it has come. A late sweep does not shift the later times, and times
/// that were missed are not made up for.
fn advance(due: &mut Instant, now: Instant, period: Duration) -> bool {
    if now < *due {
        return false;
    }
    let next = *due + period;
    *due = if next > now { next } else { now + period };
    true
}
