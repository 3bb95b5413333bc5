//! Those who only look on: second screens and feeds for broadcasting software.
//!
//! A screen gets what may be shown to an audience; a feed gets one speaker's sound as the recording has it, without
//! holes, 400 ms after it was heard. Neither can do anything, and neither is waited for: who does not read loses its
//! place.
//!
//! Bounds: [`SCREENS_MAX`] screens, [`FEEDS_MAX`] feeds a speaker, [`FEED_CAPACITY`] pieces of sound waiting for each.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::messages::Record;
use super::notice::{CloseReason, Notice};
use super::outbox::Outbox;
use crate::conversation::Speaker;
use crate::time::{SessionTime, Span};

/// Screens of one session: a producer's, a wall's, and some to spare.
pub const SCREENS_MAX: usize = 8;
/// Feeds of one speaker.
pub const FEEDS_MAX: usize = 4;
/// Pieces of 100 ms that wait for a feed's reader: more than a player's own patience.
pub const FEED_CAPACITY: usize = 64;
/// Sound that may lie ahead of the watermark: as much as the recorder takes.
const AHEAD_MAX: Span = Span::from_millis(10_000);

/// The screens of a session.
#[derive(Debug, Default)]
pub(super) struct Screens {
    outboxes: Vec<Arc<Outbox>>,
    seq: u64,
}

impl Screens {
    /// Lets one more look on. `false` if there are too many.
    pub(super) fn seat(&mut self, outbox: Arc<Outbox>, state: Notice) -> bool {
        self.forget_the_gone();
        if self.outboxes.len() >= SCREENS_MAX {
            return false;
        }
        outbox.push(self.seq, state);
        self.outboxes.push(outbox);
        true
    }

    pub(super) fn tell(&mut self, notice: &Notice) {
        if self.outboxes.is_empty() || !is_public(notice) {
            return;
        }
        self.seq += 1;
        self.forget_the_gone();
        let seq = self.seq;
        // A screen that does not read has closed its own outbox by then.
        self.outboxes.retain(|outbox| outbox.push(seq, notice.clone()));
    }

    /// Whoever held the other end of these is gone.
    fn forget_the_gone(&mut self) {
        self.outboxes.retain(|outbox| Arc::strong_count(outbox) > 1);
    }

    pub(super) fn close(&mut self, reason: CloseReason) {
        self.outboxes.drain(..).for_each(|outbox| outbox.close(reason));
    }
}

impl Drop for Screens {
    fn drop(&mut self) {
        self.close(CloseReason::Failed);
    }
}

/// What an audience may see: nobody's token, no orders for a loudspeaker, no troubles of the house, nothing
/// that was whispered.
const fn is_public(notice: &Notice) -> bool {
    matches!(
        notice,
        Notice::State(_)
            | Notice::Orb(..)
            | Notice::Caption(_)
            | Notice::Autopilot(_)
            | Notice::Level(..)
            | Notice::Granted { .. }
            | Notice::Denied { .. }
            | Notice::Directed { .. }
            | Notice::Segment { .. }
            | Notice::Struck { .. }
    )
}

/// The feeds of a session: one line a speaker.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    lines: [FeedLine; 3],
}

/// One speaker's sound from the watermark on, and who hears it.
#[derive(Debug, Default)]
struct FeedLine {
    readers: Vec<mpsc::Sender<Bytes>>,
    /// Up to here everything was handed out; `None` until the watermark moved with somebody there.
    until: Option<SessionTime>,
    ahead: Vec<i16>,
}

impl Feeds {
    /// Lets one more listen. `false` if there are too many.
    pub(super) fn seat(&mut self, speaker: Speaker, reader: mpsc::Sender<Bytes>) -> bool {
        let line = &mut self.lines[speaker.index()];
        line.readers.retain(|reader| !reader.is_closed());
        if line.readers.len() >= FEEDS_MAX {
            return false;
        }
        line.readers.push(reader);
        true
    }

    /// Sees what goes to the recorder.
    pub(super) fn see(&mut self, record: &Record) {
        match record {
            Record::Sound { speaker, at, samples } => {
                self.lines[speaker.index()].place(*at, samples);
            }
            Record::Advance(watermark) => {
                self.lines.iter_mut().for_each(|line| line.advance(*watermark));
            }
            Record::Line(_) | Record::Capture(_) | Record::Finish(_) => {}
        }
    }
}

impl FeedLine {
    fn place(&mut self, at: SessionTime, samples: &[i16]) {
        let Some(until) = self.until.filter(|_| !self.readers.is_empty()) else { return };
        let late = usize::try_from(until.since(at).samples()).unwrap_or(usize::MAX);
        let Some(samples) = samples.get(late..) else { return };
        let start = at.since(until).samples().min(AHEAD_MAX.samples());
        let Ok(start) = usize::try_from(start) else { return };
        let end = start + samples.len();
        if self.ahead.len() < end {
            self.ahead.resize(end, 0);
        }
        self.ahead[start..end].copy_from_slice(samples);
    }

    fn advance(&mut self, watermark: SessionTime) {
        if self.readers.is_empty() {
            self.until = None;
            self.ahead.clear();
            return;
        }
        let from = *self.until.get_or_insert(watermark);
        if watermark <= from {
            return;
        }
        let count = usize::try_from(watermark.since(from).samples()).unwrap_or(usize::MAX);
        self.until = Some(watermark);
        // Where nothing sounded there is silence: a feed has no holes.
        if self.ahead.len() < count {
            self.ahead.resize(count, 0);
        }
        let piece: Bytes = self.ahead.drain(..count).flat_map(i16::to_le_bytes).collect();
        self.readers.retain(|reader| {
            let took = reader.try_send(piece.clone());
            if let Err(mpsc::error::TrySendError::Full(_)) = took {
                tracing::info!(code = "slow_client", "a feed does not read; it is closed");
            }
            took.is_ok()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::OrbState;

    fn at(ms: u64) -> SessionTime {
        SessionTime::from_millis(ms)
    }

    fn sound(ms: u64, count: usize, value: i16) -> Record {
        Record::Sound { speaker: Speaker::Claude, at: at(ms), samples: vec![value; count].into() }
    }

    #[test]
    fn a_feed_has_every_sample_once_and_silence_between() {
        let mut feeds = Feeds::default();
        let (reader, mut feed) = mpsc::channel(FEED_CAPACITY);
        assert!(feeds.seat(Speaker::Claude, reader));
        feeds.see(&Record::Advance(at(100)));
        // Half of it before the feed began; then a hole; then ahead of the watermark.
        for record in [sound(90, 960, 1), sound(130, 480, 2), sound(190, 960, 3)] {
            feeds.see(&record);
        }
        feeds.see(&Record::Advance(at(200)));
        feeds.see(&Record::Advance(at(300)));
        let mut samples = Vec::new();
        while let Ok(piece) = feed.try_recv() {
            samples.extend(piece.chunks(2).map(|two| i16::from_le_bytes([two[0], two[1]])));
        }
        assert_eq!(samples.len(), 9_600);
        let stretch = |from_ms: usize, to_ms: usize| &samples[from_ms * 48..to_ms * 48];
        for (from, to, value) in
            [(0, 10, 1), (10, 30, 0), (30, 40, 2), (40, 90, 0), (90, 110, 3), (110, 200, 0)]
        {
            assert!(stretch(from, to).iter().all(|sample| *sample == value), "{from} to {to}");
        }
    }

    #[test]
    fn who_does_not_read_loses_its_place_and_who_left_is_forgotten() {
        let mut feeds = Feeds::default();
        let (reader, mut feed) = mpsc::channel(1);
        assert!(feeds.seat(Speaker::You, reader));
        (1..5).for_each(|step| feeds.see(&Record::Advance(at(step * 100))));
        assert!(
            feed.try_recv().is_ok()
                && feed.try_recv() == Err(mpsc::error::TryRecvError::Disconnected)
        );

        let mut screens = Screens::default();
        let kept: Vec<_> = (0..SCREENS_MAX).map(|_| Arc::new(Outbox::default())).collect();
        for outbox in &kept {
            assert!(screens.seat(Arc::clone(outbox), Notice::Autopilot(false)));
        }
        assert!(!screens.seat(Arc::new(Outbox::default()), Notice::Autopilot(false)), "too many");
        drop(kept);
        assert!(screens.seat(Arc::new(Outbox::default()), Notice::Autopilot(false)));
    }

    #[tokio::test]
    async fn a_screen_sees_what_an_audience_may_see() {
        use super::super::outbox::Outgoing;
        let mut screens = Screens::default();
        let outbox = Arc::new(Outbox::default());
        screens.seat(Arc::clone(&outbox), Notice::Autopilot(false));
        let orb = Notice::Orb(Speaker::Claude, OrbState::Speaking);
        screens.tell(&Notice::Tell("llm error: no key".to_owned()));
        screens.tell(&orb);
        screens.close(CloseReason::Ended);
        assert_eq!(outbox.next().await, Outgoing::Notice(0, Notice::Autopilot(false)));
        assert_eq!(outbox.next().await, Outgoing::Notice(1, orb));
        assert_eq!(outbox.next().await, Outgoing::Close(CloseReason::Ended));
    }
}
