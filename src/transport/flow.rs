//! How fast a client may talk.
//!
//! What comes faster than any page has reason to is not handed on: one client cannot keep its arbiter, which it shares
//! with others, from being on time.

use std::time::Duration;

use tokio::time::Instant;

/// Text messages and pings: 100 a second, five times what a page with both AIs sounding reports; 10 s of it at once.
const TEXT_EVERY: Duration = Duration::from_millis(10);
const TEXT_AHEAD: Duration = Duration::from_secs(10);

/// Frames of sound: 200 a second, four times real time; at once as many as half a minute of a network that stood still.
const SOUND_EVERY: Duration = Duration::from_millis(5);
const SOUND_AHEAD: Duration = Duration::from_millis(7_500);

/// Offers of WebRTC: each costs the one thread of all listeners a millisecond or two, a hundred times a message. A page makes
/// one when it comes and one when its network changes; ten at once are a host who plays with the switch.
const OFFER_EVERY: Duration = Duration::from_secs(1);
const OFFERS_AHEAD: Duration = Duration::from_secs(10);

/// One client's pace.
#[derive(Debug)]
pub(super) struct Flow {
    text: Pace,
    sound: Pace,
    offers: Pace,
}

#[derive(Debug)]
struct Pace {
    /// When the next one would be on time.
    next: Instant,
    every: Duration,
    ahead: Duration,
    is_over: bool,
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// It goes on.
    Granted,
    /// It is dropped, and the client told: it was in time before.
    Refused,
    /// It is dropped like the ones before.
    Dropped,
}

impl Flow {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            text: Pace::new(now, TEXT_EVERY, TEXT_AHEAD),
            sound: Pace::new(now, SOUND_EVERY, SOUND_AHEAD),
            offers: Pace::new(now, OFFER_EVERY, OFFERS_AHEAD),
        }
    }

    pub(super) fn text(&mut self, now: Instant) -> Passage {
        self.text.take(now)
    }

    pub(super) fn offer(&mut self, now: Instant) -> Passage {
        self.offers.take(now)
    }

    pub(super) fn sound(&mut self, now: Instant) -> Passage {
        self.sound.take(now)
    }
}

impl Pace {
    const fn new(next: Instant, every: Duration, ahead: Duration) -> Self {
        Self { next, every, ahead, is_over: false }
    }

    fn take(&mut self, now: Instant) -> Passage {
        let next = self.next.max(now);
        if next.duration_since(now) > self.ahead {
            return if std::mem::replace(&mut self.is_over, true) {
                Passage::Dropped
            } else {
                Passage::Refused
            };
        }
        self.is_over = false;
        self.next = next + self.every;
        Passage::Granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_a_flood_is_told_once_and_its_end_opens_the_way_again() {
        let start = Instant::now();
        let mut flow = Flow::new(start);
        let granted = (0..5_000).take_while(|_| flow.sound(start) == Passage::Granted).count();
        assert_eq!(granted, 1_501);
        let granted = (0..100).take_while(|_| flow.offer(start) == Passage::Granted).count();
        assert_eq!(granted, 11);
        assert_eq!(flow.offer(start + Duration::from_secs(1)), Passage::Granted);
        assert_eq!(flow.sound(start), Passage::Dropped);
        assert_eq!(flow.sound(start + Duration::from_secs(1)), Passage::Granted);
    }

    #[test]
    fn a_page_in_real_time_never_meets_the_limit() {
        let start = Instant::now();
        let mut flow = Flow::new(start);
        for tick in 0..100_000_u32 {
            let now = start + Duration::from_millis(20) * tick;
            assert_eq!(flow.sound(now), Passage::Granted);
            assert_eq!(flow.text(now), Passage::Granted);
        }
    }
}
