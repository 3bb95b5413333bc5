//! The host's sound on its way in: onto session time, then to the ears and into the record.
//!
//! It comes in frames by the socket ([`super::host_frames`]), or as packets of Opus by WebRTC; one at a time is listened
//! to.

use std::sync::Arc;

use super::actor::{Session, WATERMARK_LAG};
use super::messages::{Hear, Record};
use crate::audio::SampleRate;
use crate::audio::clock_fit::Observed;
use crate::audio::host_line::{HoleCause, HostLine, HostPiece, WAIT_MAX};
use crate::audio::host_packets::{HostPackets, HostSpan, RepairCounts};
use crate::audio::jitter::{JitterCounts, Packet};
use crate::audio::opus::{CodecError, HostDecoder, PACKET_SAMPLES_MAX};
use crate::conversation::Speaker;
use crate::conversation::event::Event;
use crate::recording::capture::append_packet;
use crate::recording::{ClockFit, GapCause};
use crate::time::{SessionTime, Span};

/// Longest stretch of silence sent to the ears at once: 100 ms, as much as their queues expect.
const SILENCE_CHUNK: Span = Span::from_millis(100);

/// Holes shorter than this are rounding at the edges of stretches and are not told: 5 ms.
const GAP_MIN: Span = Span::from_millis(5);

/// How often what became of the host's packets is told to the log, where anything did.
const TELL_EVERY: Span = Span::from_millis(1000);

/// Packets as received are handed to the recorder in blocks of about this size, or once a second.
pub(super) const CAPTURE_BLOCK_BYTES: usize = 16 * 1024;

/// What stands for sound of a muted host.
pub(super) static SILENCE: [i16; PACKET_SAMPLES_MAX] = [0; PACKET_SAMPLES_MAX];

/// The host's line and the hole that is open in it.
#[derive(Debug)]
pub(super) struct HostEar {
    pub(super) line: HostLine,
    pub(super) rate: SampleRate,
    gap: Option<(SessionTime, SessionTime, HoleCause)>,
    has_begun: bool,
    pub(super) pieces: Vec<HostPiece>,
    /// While the host's sound comes by WebRTC.
    pub(super) packets: Option<Box<HostPackets>>,
    /// While the socket brings Opus.
    pub(super) decoder: Option<HostDecoder>,
    /// Frames of the socket that are of no use: they came while WebRTC does, or cannot be decoded.
    pub(super) unused_frames: u64,
    /// Room for one packet, used again.
    payload: Vec<u8>,
    /// Packets as received, on their way to the recorder.
    pub(super) capture: Vec<u8>,
    told: (JitterCounts, RepairCounts),
    told_at: SessionTime,
    observed: Vec<Observed>,
}

impl HostEar {
    pub(super) fn new(rate: SampleRate) -> Self {
        Self {
            line: HostLine::new(),
            rate,
            gap: None,
            has_begun: false,
            pieces: Vec::new(),
            packets: None,
            decoder: None,
            unused_frames: 0,
            payload: Vec::new(),
            capture: Vec::new(),
            told: Default::default(),
            told_at: SessionTime::ZERO,
            observed: Vec::new(),
        }
    }

    /// From now on the host's sound comes in packets, as the network brings them.
    pub(super) fn listen_to_packets(&mut self) -> Result<(), CodecError> {
        self.packets = Some(Box::new(HostPackets::new()?));
        self.told = Default::default();
        Ok(())
    }

    /// From now on the host's sound comes in frames of the socket.
    pub(super) fn listen_to_frames(&mut self) {
        self.packets = None;
    }

    /// Room for a packet, to be given back.
    pub(super) fn take_payload_room(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.payload)
    }

    pub(super) fn give_payload_room(&mut self, room: Vec<u8>) {
        self.payload = room;
    }

    /// A packet came. What a muted host says is not kept.
    pub(super) fn push_packet(
        &mut self,
        sequence: u16,
        timestamp: u32,
        payload: &[u8],
        arrival: SessionTime,
        muted: bool,
    ) {
        let Some(packets) = &mut self.packets else { return };
        packets.push(Packet { sequence, timestamp, payload }, arrival);
        if !muted {
            append_packet(&mut self.capture, arrival, sequence, timestamp, payload);
        }
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
    /// Decodes what is due of the host's packets.
    pub(super) fn hear_packets(&mut self, now: SessionTime) {
        let muted = self.muted;
        let mut pieces = std::mem::take(&mut self.host.pieces);
        let HostEar { packets, line, observed, .. } = &mut self.host;
        if let Some(packets) = packets {
            packets.drain(now, |span| match span {
                HostSpan::Sound { at, samples, captured_before } => {
                    let samples = if muted { &SILENCE[..samples.len()] } else { samples };
                    let seen =
                        line.push(at, SampleRate::HZ_48000, samples, captured_before, &mut pieces);
                    if seen.epoch.is_some() || seen.pair.is_some() {
                        observed.push(seen);
                    }
                }
                HostSpan::Restarted => line.restart(now, &mut pieces),
            });
        }
        let mut observed = std::mem::take(observed);
        for seen in observed.drain(..) {
            self.log_fit(&seen, now);
        }
        self.host.observed = observed;
        self.take_pieces(&mut pieces);
        self.host.pieces = pieces;
        if self.host.capture.len() >= CAPTURE_BLOCK_BYTES {
            self.record_capture();
        }
    }

    pub(super) fn record_capture(&mut self) {
        if !self.host.capture.is_empty() {
            self.children.record(Record::Capture(self.host.capture[..].into()));
            self.host.capture.clear();
        }
    }

    /// Tells the log what became of the host's packets since it was last told, if anything was lost or came oddly.
    fn tell_packets(&mut self, now: SessionTime) {
        let Some(packets) = &self.host.packets else { return };
        let (counts, repairs) = (packets.counts(), packets.repairs());
        let (before, repaired) = self.host.told;
        let trouble = |counts: &JitterCounts| {
            counts.lost + counts.late + counts.repeated + counts.reordered + counts.odd
        };
        if trouble(&counts) == trouble(&before) && repairs == repaired {
            return;
        }
        let ms = |now: u64, before: u64| (now - before) / crate::time::SAMPLES_PER_MS;
        let event = Event::fact("host.packets")
            .with("received", counts.received - before.received)
            .with("lost", counts.lost - before.lost)
            .with("late", counts.late - before.late)
            .with("repeated", counts.repeated - before.repeated)
            .with("reordered", counts.reordered - before.reordered)
            .with("odd", counts.odd - before.odd)
            .with("rebuiltMs", ms(repairs.rebuilt, repaired.rebuilt))
            .with("concealedMs", ms(repairs.concealed, repaired.concealed))
            .with("missingMs", ms(repairs.missing, repaired.missing))
            .with("patienceMs", packets.patience().millis());
        self.host.told = (counts, repairs);
        self.log(now, event);
    }

    /// Time went on: what has not arrived in time is silence.
    pub(super) fn host_silence(&mut self, now: SessionTime) {
        self.hear_packets(now);
        if now.since(self.host.told_at) >= TELL_EVERY {
            self.host.told_at = now;
            self.tell_packets(now);
            self.record_capture();
        }
        let mut pieces = std::mem::take(&mut self.host.pieces);
        self.host.line.advance(now, &mut pieces);
        self.take_pieces(&mut pieces);
        self.host.pieces = pieces;
    }

    /// Nothing more is heard of the host from `end` on: the rest of its sound, and the hole that was open. Its track may go on
    /// as silence, as long as the others.
    pub(super) fn host_ends(&mut self, end: SessionTime) {
        self.hear_packets(end);
        self.tell_packets(end);
        self.record_capture();
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
        // What the next one sends is not predicted from this one's sound.
        self.host.decoder = None;
        let mut pieces = std::mem::take(&mut self.host.pieces);
        let now = self.clock.now();
        self.host.line.restart(now, &mut pieces);
        self.take_pieces(&mut pieces);
        self.host.pieces = pieces;
    }

    pub(super) fn take_pieces(&mut self, pieces: &mut Vec<HostPiece>) {
        for piece in pieces.drain(..) {
            match piece {
                HostPiece::Sound { at, samples } => {
                    self.note_too_late(at, at + Span::from_samples(samples.len() as u64));
                    self.close_gap();
                    self.host.has_begun = true;
                    self.levels.add(Speaker::You, &samples);
                    self.children.record(Record::Sound {
                        speaker: Speaker::You,
                        at,
                        samples: Arc::clone(&samples),
                    });
                    self.children.ears.send(Hear { at, samples, is_captured: !self.muted });
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
            let samples = vec![0; samples].into();
            self.children.ears.send(Hear { at: from, samples, is_captured: false });
            from = from + length;
        }
    }

    /// Sound whose place the recorder has written as silence is missing there: what came so late that even where it
    /// belongs was not known in time.
    fn note_too_late(&mut self, from: SessionTime, until: SessionTime) {
        let written_until = self.advanced - WATERMARK_LAG;
        if from < written_until && self.host.has_begun {
            self.note_hole(from, until.min(written_until), HoleCause::Missing);
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

    pub(super) fn log_fit(&self, observed: &Observed, now: SessionTime) {
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
