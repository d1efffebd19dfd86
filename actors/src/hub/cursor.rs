//! How far a stream has come, and how it joins the live events without a hole or a double.
//!
//! A stream reads pages of the store until a page was short *and* nothing newer was published
//! meanwhile; from then on published events are taken as they come. What is committed between a
//! read and the moment its page is handled is in neither place twice: numbers at or below the
//! cursor are known, and a page is read again while something newer was published.

/// Position of a stream in the numbers of its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    at: u64,
    live: bool,
    /// A page that is being read now may be older than what has to be in it.
    stale: bool,
}

/// What to do with a published event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// It was sent before.
    Known,
    /// It is the next one: send it.
    Next,
    /// A page of the store will have it.
    Later,
    /// Events before it were never published here: go back to reading pages.
    Missed,
}

impl Cursor {
    /// A stream that has to read what comes after number `at`.
    pub(super) fn after(at: u64) -> Self {
        Self {
            at,
            live: false,
            stale: false,
        }
    }

    /// Returns the number of the last event that was sent.
    pub(super) fn at(self) -> u64 {
        self.at
    }

    /// Returns whether published events are taken as they come.
    pub(super) fn is_live(self) -> bool {
        self.live
    }

    /// Decides about the published event `seq`.
    pub(super) fn offer(self, seq: u64) -> Offer {
        match seq {
            seq if seq <= self.at => Offer::Known,
            _ if !self.live => Offer::Later,
            seq if seq == self.at + 1 => Offer::Next,
            _ => Offer::Missed,
        }
    }

    /// Notes that the event `seq` was sent.
    pub(super) fn sent(&mut self, seq: u64) {
        debug_assert_eq!(seq, self.at + 1, "numbers of a run have no holes");
        self.at = seq;
    }

    /// Notes that a page was sent whole; `newest` is the newest number published for the run.
    pub(super) fn page_sent(&mut self, page_was_short: bool, newest: u64) {
        let was_stale = std::mem::take(&mut self.stale);
        self.live = page_was_short && self.at >= newest && !was_stale;
    }

    /// Goes back to reading pages.
    pub(super) fn fall_back(&mut self) {
        self.live = false;
    }

    /// Goes back to reading pages, of which one must be read from now on.
    pub(super) fn reread(&mut self) {
        self.stale = !self.live;
        self.live = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What can happen next to one stream, its run and the hub.
    #[derive(Clone, Copy, Debug)]
    enum Move {
        Commit,
        Publish,
        ReadPage,
        HandlePage,
    }

    /// A run, a hub and a stream reduced to numbers.
    #[derive(Clone)]
    struct World {
        committed: u64,
        published: u64,
        /// Newest number since the stream was registered; the hub knows nothing of earlier ones.
        newest: u64,
        page: Option<(u64, bool)>,
        cursor: Cursor,
        sent: Vec<u64>,
    }

    const PAGE: u64 = 2;

    impl World {
        fn allows(&self, next: Move, commits: u64) -> bool {
            match next {
                Move::Commit => self.committed < commits,
                Move::Publish => self.published < self.committed,
                Move::ReadPage => self.page.is_none() && !self.cursor.is_live(),
                Move::HandlePage => self.page.is_some(),
            }
        }

        fn make(&mut self, next: Move) {
            match next {
                Move::Commit => self.committed += 1,
                Move::Publish => self.publish(),
                Move::ReadPage => {
                    let last = self.committed.min(self.cursor.at() + PAGE);
                    self.page = Some((last, last < self.cursor.at() + PAGE));
                }
                Move::HandlePage => {
                    let (last, short) = self.page.take().unwrap();
                    (self.cursor.at() + 1..=last).for_each(|seq| self.send(seq));
                    self.cursor.page_sent(short, self.newest);
                }
            }
        }

        fn publish(&mut self) {
            self.published += 1;
            self.newest = self.published;
            match self.cursor.offer(self.published) {
                Offer::Next => self.send(self.published),
                Offer::Known | Offer::Later => {}
                Offer::Missed => panic!("a number was skipped: {:?}", self.cursor),
            }
        }

        fn send(&mut self, seq: u64) {
            self.cursor.sent(seq);
            self.sent.push(seq);
        }
    }

    /// Plays every order of moves from `world` on and returns how many there were.
    fn explore(world: &World, commits: u64, after: u64) -> usize {
        let moves = [
            Move::Commit,
            Move::Publish,
            Move::ReadPage,
            Move::HandlePage,
        ];
        let possible: Vec<_> = moves
            .into_iter()
            .filter(|next| world.allows(*next, commits))
            .collect();
        if possible.is_empty() {
            assert!(world.cursor.is_live());
            assert_eq!(world.sent, (after + 1..=commits).collect::<Vec<_>>());
            return 1;
        }
        let play = |next: Move| {
            let mut world = world.clone();
            world.make(next);
            explore(&world, commits, after)
        };
        possible.into_iter().map(play).sum()
    }

    #[test]
    fn a_stream_joins_at_every_interleaving_with_commits_without_hole_or_double() {
        for before in 0..=2 {
            for after in 0..=before {
                for published in 0..=before {
                    let world = World {
                        committed: before,
                        published,
                        newest: 0,
                        page: None,
                        cursor: Cursor::after(after),
                        sent: Vec::new(),
                    };
                    assert!(explore(&world, before + 3, after) > 1);
                }
            }
        }
    }

    #[test]
    fn a_hole_sends_a_live_stream_back_to_the_store() {
        let mut cursor = Cursor::after(4);
        cursor.page_sent(true, 0);
        assert_eq!(cursor.offer(6), Offer::Missed);
        cursor.fall_back();
        assert_eq!(cursor.offer(6), Offer::Later);
    }
}
