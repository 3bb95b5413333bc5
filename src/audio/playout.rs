//! What an AI speaker's listener was sent and has heard.
//!
//! `Playout` is the ledger of one AI speaker: sound goes in ahead of time, frames come out on credit, reports of the
//! listener turn sent sound into heard sound. It lives in the session and is the one owner of what was played:
//! captions, memory and the recorder all read from what it says was heard.
//!
//! A turn passes `open` → `push`… → `start` → (`pause` ⇄ `resume`) → all heard, or `flush` → `settle`.
//! Sound stays here from `push` until it was heard, so that the recorder gets exactly that and a lost connection can
//! be served again from the first unheard sample.
//!
//! Invariants: heard ≤ sent ≤ pushed; sent − heard ≤ the credit; each sample is sent once (again only after
//! [`Playout::rewind_to_heard`]) and heard at most once; after `pause` no frame of the turn until `resume`, after
//! `flush` never again; at most [`AHEAD_MAX`] and one push are held.
//! Units: turn samples at 48 kHz. Does not resample; the caller did. A turn's name `T` is the caller's.

use std::collections::VecDeque;
use std::sync::Arc;

use super::pacing::Pacing;
use super::{FRAME_SAMPLES, num};
use crate::time::{SessionTime, Span};

/// How much sound a listener may hold that it has not heard: enough to ride out ordinary jitter of a network, little
/// enough to be silenced at once, and the only bound that a stalled reader behind kernel buffers respects.
pub const CREDIT: Span = Span::from_millis(200);

/// The same for a listener who is sent sound at the pace of playing and silences himself whatever he holds (WebRTC):
/// here it bounds only what is on the way, which a bad line and its jitter buffer can make half a second.
pub const CREDIT_PACED: Span = Span::from_millis(1000);

/// How much unheard sound is taken in ahead: a voice runs about 50 times faster than real time, a host interrupts. Three
/// seconds outlast any pause of a network voice that is not a failure; five cost a talking session 0.2 MB more.
pub const AHEAD_MAX: Span = Span::from_millis(3000);

/// Without a report for this long the server's own pacing stands in: five times the 100 ms at which a page reports.
pub const REPORT_PATIENCE: Span = Span::from_millis(500);

const FRAME: u64 = FRAME_SAMPLES as u64;
const _: () = assert!(CREDIT.samples().is_multiple_of(FRAME), "credit is whole frames");

/// Whether a listener says what it has heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reports {
    /// It may report. If nothing comes for [`REPORT_PATIENCE`] the pacing stands in; once it has reported, silence is a
    /// stall, and nothing counts as heard that was not reported.
    #[default]
    Expected,
    /// It never reports: the pacing stands in from the first sample.
    Absent,
    /// It said that it reports: nothing counts as heard that was not reported. A connection that died unnoticed is as
    /// silent as a listener without reports, and what it is sent is lost; only the listener's word tells the two apart.
    Promised,
}

/// What became of pushed sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// Taken in. `wants_more` is false once [`AHEAD_MAX`] is reached.
    Accepted {
        /// Whether the next push would be taken too.
        wants_more: bool,
    },
    /// Not taken: [`AHEAD_MAX`] is held. Push it again when [`Playout::wants_more`].
    Full,
    /// Dropped and counted: its turn is over, closed or never was.
    Stale,
}

/// A frame to be written to the listener now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueFrame<T> {
    /// Whose sound it is.
    pub turn: T,
    /// Place of its first sample in the turn.
    pub first_sample: u64,
    /// 20 ms of sound; shorter only where a piece or the turn ends.
    pub samples: Arc<[i16]>,
}

/// A stretch that has been heard, in order and without holes within a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardSpan<T> {
    /// Whose sound it is.
    pub turn: T,
    /// First sample of the stretch.
    pub from_sample: u64,
    /// End of the stretch.
    pub until_sample: u64,
    /// When `until_sample` sounded; never earlier than in the span before.
    pub at: SessionTime,
    /// The sound itself.
    pub samples: Arc<[i16]>,
}

/// How far a turn's playout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Sound is taken in, nothing may be sent.
    Waiting,
    /// Frames leave on credit.
    Playing,
    /// Held by the host's voice or a lost connection; goes on at the same sample.
    Paused,
    /// Stopped for good. Reports about what was sent are still taken until `settle`.
    Flushed,
}

/// What a stopped or replaced turn leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled<T> {
    /// The turn.
    pub turn: T,
    /// Samples heard, once and for all.
    pub heard: u64,
    /// When the last of them sounded; `None` if none was heard.
    pub heard_at: Option<SessionTime>,
    /// Samples made but never heard.
    pub unheard: u64,
}

/// The ledger's state for tests, health and the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayoutSnapshot<T> {
    /// The turn.
    pub turn: T,
    /// How far it is.
    pub phase: Phase,
    /// Samples taken in.
    pub pushed: u64,
    /// Samples sent.
    pub sent: u64,
    /// Samples heard.
    pub heard: u64,
    /// Whether `pushed` is the turn's whole length.
    pub closed: bool,
    /// Whether the server's pacing stands in for reports.
    pub is_assumed: bool,
}

/// The playout ledger of one AI speaker.
#[derive(Debug)]
pub struct Playout<T> {
    turn: Option<Turn<T>>,
    reports: Reports,
    credit: Span,
    /// Reports failed to come; sticky until one comes, so that only the first turn of a mute listener stalls.
    is_assumed: bool,
    /// A report came: from now on its absence is a stall and not a listener without reports.
    has_reported: bool,
    stale_samples: u64,
    unheard_samples: u64,
}

#[derive(Debug)]
struct Turn<T> {
    id: T,
    phase: Phase,
    closed: bool,
    /// Sound from sample `heard` to sample `pushed`.
    sound: VecDeque<i16>,
    pushed: u64,
    sent: u64,
    heard: u64,
    heard_at: Option<SessionTime>,
    /// End of the last whole piece: a short frame may end here.
    piece_end: u64,
    /// Where the turn ends, whatever more is made of it.
    end: Option<u64>,
    /// Where a listener would be that plays what it was sent at once and at the nominal rate.
    pacing: Pacing,
    /// Since when sent sound has been waiting for a report.
    silent_since: SessionTime,
}

impl<T> Default for Playout<T> {
    fn default() -> Self {
        Self {
            turn: None,
            reports: Reports::default(),
            credit: CREDIT,
            is_assumed: false,
            has_reported: false,
            stale_samples: 0,
            unheard_samples: 0,
        }
    }
}

impl<T: Copy + Eq> Playout<T> {
    /// An empty ledger.
    #[must_use]
    pub fn new(reports: Reports) -> Self {
        Self { reports, ..Self::default() }
    }

    /// A listener came, with or without reports. What the one before reported no longer counts.
    pub fn set_reports(&mut self, reports: Reports) {
        self.reports = reports;
        self.is_assumed = false;
        self.has_reported = false;
    }

    /// How much may be sent and not heard: [`CREDIT`] unless said.
    pub fn set_credit(&mut self, credit: Span) {
        self.credit = credit;
    }

    // ── The turn's life ──────────────────────────────────────────────────────────────────────────────────

    /// Opens the ledger for `turn` and forgets the turn before, whose unheard rest is dropped, counted and returned.
    pub fn open(&mut self, turn: T) -> Option<Settled<T>> {
        let before =
            self.turn.as_ref().map(|before| before.id).and_then(|before| self.settle(before));
        self.turn = Some(Turn {
            id: turn,
            phase: Phase::Waiting,
            closed: false,
            sound: VecDeque::new(),
            pushed: 0,
            sent: 0,
            heard: 0,
            heard_at: None,
            piece_end: 0,
            end: None,
            pacing: Pacing::default(),
            silent_since: SessionTime::ZERO,
        });
        before
    }

    /// Takes in the turn's next sound. An empty push of an open turn is accepted.
    pub fn push(&mut self, turn: T, samples: &[i16]) -> Pushed {
        let Some(current) = self.turn.as_mut().filter(|current| current.takes_sound(turn)) else {
            self.stale_samples += samples.len() as u64;
            return Pushed::Stale;
        };
        if !current.wants_more() {
            return Pushed::Full;
        }
        current.make_room(samples.len());
        current.sound.extend(samples);
        current.pushed += samples.len() as u64;
        self.unheard_samples += current.trim();
        Pushed::Accepted { wants_more: current.wants_more() }
    }

    /// A piece of the turn is complete: its last samples may leave as a short frame instead of waiting for the next
    /// piece, which may be seconds away.
    pub fn end_piece(&mut self, turn: T) {
        if let Some(current) = self.current(turn) {
            current.piece_end = current.pushed;
        }
    }

    /// All of the turn's sound is there; what it holds is its whole length.
    pub fn close(&mut self, turn: T) {
        if let Some(current) = self.current(turn) {
            current.closed = true;
        }
    }

    /// The turn ends with its sample `samples`, or with the last that was sent where that is later: nothing behind it
    /// leaves, and what is there or still comes of it is dropped and counted.
    pub fn end_at(&mut self, turn: T, samples: u64) {
        if let Some(current) = self.current(turn) {
            current.end = Some(samples.max(current.sent));
            let dropped = current.trim();
            self.unheard_samples += dropped;
        }
    }

    /// The turn may be sent from `now` on.
    pub fn start(&mut self, turn: T, now: SessionTime) {
        if let Some(current) = self.current(turn).filter(|current| current.phase == Phase::Waiting)
        {
            current.play(now);
        }
    }

    /// Holds the turn: no frame until `resume`. What the listener has stays with it.
    pub fn pause(&mut self, turn: T, now: SessionTime) {
        if let Some(current) = self.current(turn).filter(|current| current.phase == Phase::Playing)
        {
            current.pacing.advance(now, current.sent);
            current.phase = Phase::Paused;
        }
    }

    /// Goes on at the sample where `pause` left off.
    pub fn resume(&mut self, turn: T, now: SessionTime) {
        if let Some(current) = self.current(turn).filter(|current| current.phase == Phase::Paused) {
            current.play(now);
        }
    }

    /// Stops the turn for good. What was not sent is dropped and counted at once; what was sent is kept until
    /// `settle`, since the listener fades out over some of it and will say how much it heard.
    pub fn flush(&mut self, turn: T, now: SessionTime) {
        let Some(current) = self.turn.as_mut().filter(|current| current.id == turn) else { return };
        if current.phase == Phase::Flushed {
            return;
        }
        if current.phase == Phase::Playing {
            current.pacing.advance(now, current.sent);
        }
        current.phase = Phase::Flushed;
        current.closed = true;
        current.sound.truncate(num::index(current.sent - current.heard));
        self.unheard_samples += current.pushed - current.sent;
    }

    /// The listener confirmed the flush, or its time is up, or all was heard: nothing more is taken for the turn.
    /// What was sent and not heard is dropped and counted. `None` if the ledger holds another turn.
    pub fn settle(&mut self, turn: T) -> Option<Settled<T>> {
        let over = self.turn.take_if(|current| current.id == turn)?;
        self.unheard_samples += match over.phase {
            Phase::Flushed => over.sent - over.heard,
            Phase::Waiting | Phase::Playing | Phase::Paused => over.pushed - over.heard,
        };
        let unheard = over.pushed - over.heard;
        Some(Settled { turn, heard: over.heard, heard_at: over.heard_at, unheard })
    }

    /// The listener lost what it held: everything unheard is due again, from the first unheard sample. For a paused
    /// or waiting turn nothing leaves before it is resumed.
    pub fn rewind_to_heard(&mut self, turn: T) {
        if let Some(current) = self.current(turn) {
            current.sent = current.heard;
            current.pacing.sample = current.heard;
        }
    }

    /// Frames from `first_sample` on were taken back before they were written: they are due again, in order.
    pub fn unsend(&mut self, turn: T, first_sample: u64) {
        if let Some(current) = self.current(turn) {
            current.sent = current.sent.min(first_sample).max(current.heard);
            current.pacing.sample = current.pacing.sample.min(current.sent);
        }
    }

    // ── Towards the listener ─────────────────────────────────────────────────────────────────────────────

    /// Appends the frames to be written now. A frame that is due must be written; asking is sending.
    pub fn due(&mut self, now: SessionTime, out: &mut Vec<DueFrame<T>>) {
        let Some(current) = self.turn.as_mut().filter(|current| current.phase == Phase::Playing)
        else {
            return;
        };
        current.pacing.advance(now, current.sent);
        while let Some(length) = current.sendable(self.credit) {
            if current.sent == current.heard {
                current.silent_since = now;
            }
            let first_sample = current.sent;
            current.sent += length;
            let samples = current.copy(first_sample, current.sent);
            out.push(DueFrame { turn: current.id, first_sample, samples });
        }
    }

    /// Whether a frame of `turn` that was due may still be written: the last question before the wire.
    #[must_use]
    pub fn permits(&self, turn: T) -> bool {
        self.turn
            .as_ref()
            .is_some_and(|current| current.id == turn && current.phase == Phase::Playing)
    }

    // ── From the listener ────────────────────────────────────────────────────────────────────────────────

    /// The listener says at `now` that it has heard the turn's first `samples` samples, the last of them at `at`.
    /// Returns what is newly heard. Never goes back and never beyond what was sent.
    pub fn heard(
        &mut self,
        turn: T,
        samples: u64,
        at: SessionTime,
        now: SessionTime,
    ) -> Option<HeardSpan<T>> {
        let current = self.turn.as_mut().filter(|current| current.id == turn)?;
        self.is_assumed = false;
        self.has_reported = true;
        current.silent_since = now;
        let samples = samples.min(current.sent);
        if samples >= current.heard {
            current.pacing = Pacing { sample: samples, at: at.min(now), reached: at.min(now) };
        }
        current.hear(samples, at.min(now))
    }

    /// Where reports are missing, takes as heard what a listener at the server's pacing would have heard by `now`.
    /// Returns what is newly heard.
    pub fn assume_heard(&mut self, now: SessionTime) -> Option<HeardSpan<T>> {
        let may_never_report = self.may_never_report();
        let current = self.turn.as_mut().filter(|current| current.phase == Phase::Playing)?;
        current.pacing.advance(now, current.sent);
        let is_silent =
            current.sent > current.heard && now.since(current.silent_since) >= REPORT_PATIENCE;
        self.is_assumed |= is_silent && may_never_report;
        if !self.is_assumed && self.reports != Reports::Absent {
            return None;
        }
        let Pacing { sample, reached, .. } = current.pacing;
        current.hear(sample, reached)
    }

    // ── Questions ────────────────────────────────────────────────────────────────────────────────────────

    /// When to ask `due` and `assume_heard` again, if time alone changes anything: `now` if a frame is due, later
    /// where the pacing frees credit or patience ends. `None`: a push, a report or an order comes first.
    #[must_use]
    pub fn next_due(&self, now: SessionTime) -> Option<SessionTime> {
        let current = self.turn.as_ref().filter(|current| current.phase == Phase::Playing)?;
        if current.sendable(self.credit).is_some() {
            return Some(now);
        }
        if current.sent == current.heard {
            return None;
        }
        if self.is_stood_in_for() {
            let frame_end = current.heard + FRAME.min(current.sent - current.heard);
            let wait = frame_end.saturating_sub(current.pacing.sample);
            return Some((current.pacing.at + Span::from_samples(wait)).max(now));
        }
        self.may_never_report().then(|| (current.silent_since + REPORT_PATIENCE).max(now))
    }

    /// Whether less than [`AHEAD_MAX`] is held, so that the next push is taken.
    #[must_use]
    pub fn wants_more(&self) -> bool {
        self.turn.as_ref().is_some_and(|turn| turn.takes_sound(turn.id) && turn.wants_more())
    }

    /// Whether the turn's whole sound has been heard.
    #[must_use]
    pub fn is_all_heard(&self, turn: T) -> bool {
        self.turn.as_ref().is_some_and(|current| {
            current.id == turn
                && current.closed
                && current.phase != Phase::Flushed
                && current.heard == current.pushed
        })
    }

    /// The turn in the ledger and how far it is.
    #[must_use]
    pub fn snapshot(&self) -> Option<PlayoutSnapshot<T>> {
        self.turn.as_ref().map(|current| PlayoutSnapshot {
            turn: current.id,
            phase: current.phase,
            pushed: current.pushed,
            sent: current.sent,
            heard: current.heard,
            closed: current.closed,
            is_assumed: self.is_stood_in_for(),
        })
    }

    /// Samples that came for turns that were over, in the ledger's whole life.
    #[must_use]
    pub const fn stale_samples(&self) -> u64 {
        self.stale_samples
    }

    /// Samples made but never heard, in the ledger's whole life.
    #[must_use]
    pub const fn unheard_samples(&self) -> u64 {
        self.unheard_samples
    }

    /// Whether the pacing stands in for reports.
    fn is_stood_in_for(&self) -> bool {
        self.is_assumed || self.reports == Reports::Absent
    }

    /// Whether the listener may turn out to be one without reports.
    fn may_never_report(&self) -> bool {
        self.reports == Reports::Expected && !self.has_reported
    }

    /// The turn `turn`, if it is the one here and not flushed.
    fn current(&mut self, turn: T) -> Option<&mut Turn<T>> {
        self.turn.as_mut().filter(|current| current.id == turn && current.phase != Phase::Flushed)
    }
}

impl<T: Copy + Eq> Turn<T> {
    fn takes_sound(&self, turn: T) -> bool {
        self.id == turn && !self.closed
    }

    /// Drops what lies behind the turn's end and tells how much that was.
    fn trim(&mut self) -> u64 {
        let Some(end) = self.end.filter(|end| *end <= self.pushed) else { return 0 };
        let dropped = self.pushed - end;
        self.sound.truncate(num::index(end - self.heard));
        (self.pushed, self.piece_end, self.closed) = (end, self.piece_end.min(end), true);
        dropped
    }

    /// Room for as much as is ever held: a queue that doubles as it grows would take half a megabyte for 0.3.
    fn make_room(&mut self, samples: usize) {
        let held = self.sound.len();
        if self.sound.capacity() < held + samples {
            let most = num::index(AHEAD_MAX.samples()).saturating_sub(held);
            self.sound.reserve_exact(samples.max(most));
        }
    }

    fn wants_more(&self) -> bool {
        self.pushed - self.heard < AHEAD_MAX.samples()
    }

    fn play(&mut self, now: SessionTime) {
        self.phase = Phase::Playing;
        self.pacing.at = now;
        self.silent_since = now;
    }

    /// Length of the frame that may leave now, if any may.
    fn sendable(&self, credit: Span) -> Option<u64> {
        let queued = self.pushed - self.sent;
        let length = queued.min(FRAME);
        let is_whole = length == FRAME || self.closed || self.piece_end == self.pushed;
        let has_credit = self.sent + length - self.heard <= credit.samples();
        (length > 0 && is_whole && has_credit).then_some(length)
    }

    fn copy(&self, from: u64, until: u64) -> Arc<[i16]> {
        self.sound.range(num::index_range(from..until, self.heard)).copied().collect()
    }

    fn hear(&mut self, until_sample: u64, at: SessionTime) -> Option<HeardSpan<T>> {
        if until_sample <= self.heard {
            return None;
        }
        let from_sample = self.heard;
        let samples = self.copy(from_sample, until_sample);
        self.sound.drain(num::index_range(0..until_sample - from_sample, 0));
        self.heard = until_sample;
        let at = self.heard_at.map_or(at, |before| at.max(before));
        self.heard_at = Some(at);
        Some(HeardSpan { turn: self.id, from_sample, until_sample, at, samples })
    }
}

#[cfg(test)]
mod tests;
