//! The host's sound on its way in: onto session time, then to the ears and into the record.

use std::sync::Arc;

use super::actor::Session;
use super::messages::{Hear, HostSound, Record};
use crate::audio::SampleRate;
use crate::audio::clock_fit::Observed;
use crate::audio::host_line::{HoleCause, HostLine, HostPiece, WAIT_MAX};
use crate::conversation::Speaker;
use crate::conversation::event::Event;
use crate::recording::{ClockFit, GapCause};
use crate::time::{SessionTime, Span};

/// Longest stretch of silence sent to the ears at once: 100 ms, as much as their queues expect.
const SILENCE_CHUNK: Span = Span::from_millis(100);

/// Holes shorter than this are rounding at the edges of stretches and are not told: 5 ms.
const GAP_MIN: Span = Span::from_millis(5);

/// The host's line and the hole that is open in it.
#[derive(Debug)]
pub(super) struct HostEar {
    line: HostLine,
    rate: SampleRate,
    gap: Option<(SessionTime, SessionTime, HoleCause)>,
    has_begun: bool,
    pieces: Vec<HostPiece>,
}

impl HostEar {
    pub(super) fn new(rate: SampleRate) -> Self {
        Self { line: HostLine::new(), rate, gap: None, has_begun: false, pieces: Vec::new() }
    }

    pub(super) const fn rate(&self) -> SampleRate {
        self.rate
    }

    /// When this sample of the host's counter was captured.
    pub(super) fn session_time_of(&self, capture_sample: u64) -> Option<SessionTime> {
        self.line.fit().session_time_of(capture_sample)
    }

    /// The host's clock against the server's, once it was heard.
    pub(super) fn fit(&self) -> Option<ClockFit> {
        self.has_begun.then(|| ClockFit { skew_ppm: self.line.fit().skew_ppm(), residual_ms: None })
    }

    /// Whether the open hole goes on with this one.
    fn extends_gap(&self, from: SessionTime, cause: HoleCause) -> bool {
        self.gap.is_some_and(|(_, end, open)| end == from && open == cause)
    }
}

impl Session {
    /// A frame came from the host's microphone.
    pub(super) fn on_host_sound(&mut self, message: &HostSound) {
        let now = self.clock.now();
        let samples: Vec<i16> = if message.muted || self.muted {
            vec![0; message.pcm.len() / 2]
        } else {
            message.pcm.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
        };
        let mut pieces = std::mem::take(&mut self.host.pieces);
        let rate = self.host.rate;
        let observed =
            self.host.line.push(message.capture_sample, rate, &samples, now, &mut pieces);
        self.log_fit(&observed, now);
        self.take_pieces(&mut pieces);
        self.host.pieces = pieces;
    }

    /// Time went on: what has not arrived in time is silence.
    pub(super) fn host_silence(&mut self, now: SessionTime) {
        let mut pieces = std::mem::take(&mut self.host.pieces);
        self.host.line.advance(now, &mut pieces);
        self.take_pieces(&mut pieces);
        self.host.pieces = pieces;
    }

    /// The session ends here: the rest of the host's sound, and the hole that was open.
    pub(super) fn host_ends(&mut self, end: SessionTime) {
        let mut pieces = std::mem::take(&mut self.host.pieces);
        self.host.line.finish(end, &mut pieces);
        self.take_pieces(&mut pieces);
        // What was still on its way when the session ended is no hole.
        let is_tail = |(from, until, _): &(SessionTime, SessionTime, HoleCause)| {
            *until >= end && until.since(*from) < WAIT_MAX
        };
        self.host.gap.take_if(|gap| is_tail(gap));
        self.close_gap();
    }

    /// The connection that sent the host's sound is gone: the next one counts anew.
    pub(super) fn host_restarts(&mut self) {
        let mut pieces = std::mem::take(&mut self.host.pieces);
        let now = self.clock.now();
        self.host.line.restart(now, &mut pieces);
        self.take_pieces(&mut pieces);
        self.host.pieces = pieces;
    }

    fn take_pieces(&mut self, pieces: &mut Vec<HostPiece>) {
        for piece in pieces.drain(..) {
            match piece {
                HostPiece::Sound { at, samples } => {
                    self.close_gap();
                    self.host.has_begun = true;
                    self.levels.add(Speaker::You, &samples);
                    self.children.record(Record::Sound {
                        speaker: Speaker::You,
                        at,
                        samples: Arc::clone(&samples),
                    });
                    self.children.ears.send(Hear { at, samples });
                }
                HostPiece::Hole { from, until, cause } => {
                    // Before the first sound there is nothing to miss.
                    if self.host.has_begun {
                        self.note_hole(from, until, cause);
                    }
                    self.hear_silence(from, until);
                }
            }
        }
    }

    /// The ears hear holes as silence, so that a voice that breaks off ends.
    fn hear_silence(&self, mut from: SessionTime, until: SessionTime) {
        while from < until {
            let length = until.since(from).min(SILENCE_CHUNK);
            let samples = usize::try_from(length.samples()).unwrap_or(0);
            self.children.ears.send(Hear { at: from, samples: vec![0; samples].into() });
            from = from + length;
        }
    }

    /// Holes that follow each other for one reason are told as one.
    fn note_hole(&mut self, from: SessionTime, until: SessionTime, cause: HoleCause) {
        if !self.host.extends_gap(from, cause) {
            self.close_gap();
        }
        let (began, ..) = self.host.gap.unwrap_or((from, until, cause));
        self.host.gap = Some((began, until, cause));
    }

    fn close_gap(&mut self) {
        let Some((from, until, cause)) = self.host.gap.take() else { return };
        let length = until.since(from);
        if length < GAP_MIN {
            return;
        }
        let event = Event::fact("recorder.gap")
            .with("speaker", Speaker::You)
            .with("at", from)
            .with("samples", length)
            .with("lenMs", length.millis())
            .with("cause", gap_cause(cause));
        self.log(self.clock.now(), event);
    }

    fn log_fit(&self, observed: &Observed, now: SessionTime) {
        if let Some(epoch) = observed.epoch {
            let event = Event::fact("clock.epoch")
                .with("number", epoch.number)
                .with("captureSample", epoch.capture_sample)
                .with("shiftSamples", epoch.shift_samples)
                .with("cause", format!("{:?}", epoch.cause).to_lowercase());
            self.log(now, event);
        }
        if let Some(pair) = observed.pair {
            let event = Event::fact("clock.fit")
                .with("captureSample", pair.capture_sample)
                .with("at", pair.at)
                .with("skewPpm", pair.skew_ppm)
                .with("epoch", pair.epoch);
            self.log(now, event);
        }
    }
}

const fn gap_cause(cause: HoleCause) -> GapCause {
    match cause {
        HoleCause::Missing => GapCause::Network,
        HoleCause::Stalled => GapCause::Stall,
        HoleCause::Absent | HoleCause::Restarted => GapCause::Absent,
    }
}
