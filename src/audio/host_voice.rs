//! Where the host's voice begins and ends: level, detector, evidence and echo guard in one.
//!
//! [`HostVoice`] hears the host's sound and the detector's score of each hop, and tells [`VoiceFact`]s. What the echo
//! guard takes for the studio's own voice counts as quiet; what it is unsure of waits for up to [`UNSURE_MOST`], unless it
//! was there before the AI; and it began when it began: a host who speaks into an AI's first word loses none.
//!
//! Invariants: starts and stops alternate; every voice is told to be sure or not with its start; a rise is told once a
//! sound, and only of a sound that is not known to be the studio's own.
//! Units: sound at 48 kHz on session time; hops and edges in samples of the detector's stream.

use super::SampleRate;
use super::echo::{EchoGuard, EchoPath, Source};
use super::evidence::VoiceEvidence;
use super::gate::{VoiceEdge, VoiceGate, VoiceGateRules};
use super::onset::LevelRise;
use super::stream_time::StreamTime;
use crate::time::{SessionTime, Span};

/// How long a voice may wait for the echo guard to learn whether the AI that sounds comes back at all: it learns an
/// echo within 0.6 to 1 s of a session's first AI sound and a clear line within 0.4 s. Only a host who speaks with that
/// first second waits longer.
const UNSURE_MOST: Span = Span::from_millis(1500);

/// A voice that was there so long before the AI's first sound is no echo of it. Half of what a page's position may be
/// off: what comes back early comes from a page that thinks its loudspeaker later than it is, and few do.
const OWN_EARLY: Span = Span::from_millis(50);

/// How long before the detector's first hop its sound may have begun: its slowest twentieth.
const DETECTOR_LATE: Span = Span::from_millis(190);

/// How long a rise waits to be known for the host's: what stands above an echo is found within 110 ms.
const RISE_MOST: Span = Span::from_millis(150);

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoiceFact {
    /// A sound began.
    Rose(SessionTime),
    /// A voice began.
    Started(SessionTime),
    /// Whether it is sure: told right before its start, and when it has become so.
    Sure(bool),
    /// It ended.
    Stopped(SessionTime),
}

/// The host's sound, listened to.
#[derive(Debug, Default)]
pub struct HostVoice {
    gate: Gate,
    rise: LevelRise,
    evidence: VoiceEvidence,
    echo: EchoGuard,
    /// A sound that began while an AI sounded, and is not known for the host's yet.
    risen: Option<SessionTime>,
    /// Since when the detector has heard a voice without a break, whoever's it is.
    voiced_since: Option<SessionTime>,
    /// Since when a voice is held back because the guard is unsure.
    unsure_since: Option<SessionTime>,
    /// Since when a voice was held back that is the host's after all: it began there, and so do its words.
    doubted_since: Option<SessionTime>,
    held_back: Span,
}

/// The gate with its usual numbers.
#[derive(Debug)]
struct Gate(VoiceGate);

impl Default for Gate {
    fn default() -> Self {
        Self(VoiceGate::new(VoiceGateRules::default()))
    }
}

impl HostVoice {
    /// Takes the host's sound, and gives the rise that is told now. `is_captured` as in [`EchoGuard::hear`].
    pub fn hear(
        &mut self,
        at: SessionTime,
        samples: &[i16],
        is_captured: bool,
    ) -> Option<VoiceFact> {
        self.echo.hear(at, samples, is_captured);
        let until = at + Span::from_samples(samples.len() as u64);
        if let Some(rose) = self.rise.hear(at, samples, self.gate.0.is_speech()) {
            self.risen = Some(rose);
        }
        let rose = self.risen?;
        match self.echo.source(until) {
            Source::Host => self.risen.take().map(VoiceFact::Rose),
            Source::Own | Source::Unsure if until.since(rose) < RISE_MOST => None,
            Source::Own | Source::Unsure => {
                self.risen = None;
                None
            }
        }
    }

    /// AI sound that the listener hears from `at` on.
    pub fn own(&mut self, at: SessionTime, samples: &[i16]) {
        self.echo.own(at, samples);
    }

    /// The AIs fell silent at `at`, whatever was to be heard after it.
    pub fn own_silent(&mut self, at: SessionTime) {
        self.echo.own_silent(at);
    }

    /// Takes the detector's score of a hop, per mille, and appends what it brings to `facts`.
    pub fn judge(
        &mut self,
        (from_sample, until_sample): (u64, u64),
        score: u16,
        time: &StreamTime,
        facts: &mut Vec<VoiceFact>,
    ) {
        let (from, until) = (time.session_time(from_sample), time.session_time(until_sample));
        let score = self.unless_own(score, from, until);
        let edge = self.gate.0.judge(from_sample, until_sample, score);
        let above_room = self.rise.above_room_db(from, until);
        let length_ms = until_sample.saturating_sub(from_sample) as f32
            / SampleRate::HZ_16000.samples_in_ms(1) as f32;
        let sure = self.evidence.judge(self.gate.0.is_speech(), length_ms, score, above_room);
        facts.extend(sure.map(VoiceFact::Sure));
        match edge {
            Some(VoiceEdge::Started { at_sample }) => {
                let at = time.session_time(at_sample);
                let at = self.doubted_since.take().map_or(at, |since| since.min(at));
                facts.push(VoiceFact::Started(at));
            }
            Some(VoiceEdge::Stopped { at_sample }) => {
                facts.push(VoiceFact::Stopped(time.session_time(at_sample)));
            }
            None => {}
        }
    }

    /// The detector is lost: a voice that was on ends where it was last heard, and the next stream counts from zero.
    pub fn restart(&mut self, time: &StreamTime) -> Option<VoiceFact> {
        let edge = std::mem::take(&mut self.gate).0.finish();
        self.evidence = VoiceEvidence::default();
        (self.voiced_since, self.unsure_since, self.doubted_since) = (None, None, None);
        match edge {
            Some(VoiceEdge::Stopped { at_sample }) => {
                Some(VoiceFact::Stopped(time.session_time(at_sample)))
            }
            Some(VoiceEdge::Started { .. }) | None => None,
        }
    }

    /// Whether the host's sound up to `until` is the studio's own and nobody speaks over it: no recogniser needs it.
    #[must_use]
    pub fn is_own(&self, until: SessionTime) -> bool {
        !self.gate.0.is_speech() && self.echo.source(until) == Source::Own
    }

    /// What the echo guard has learned; see [`EchoGuard::path`].
    #[must_use]
    pub fn echo_path(&self) -> Option<EchoPath> {
        self.echo.path()
    }

    /// How much so far was a voice and the studio's own.
    #[must_use]
    pub const fn held_back(&self) -> Span {
        self.held_back
    }

    /// Whether the voice that is on began before any AI sound could come back.
    fn was_there_first(&self) -> bool {
        let own = self.echo.own_since();
        self.voiced_since.zip(own).is_some_and(|(voice, own)| voice + OWN_EARLY < own)
    }

    /// The score as far as it is somebody else's.
    fn unless_own(&mut self, score: u16, from: SessionTime, until: SessionTime) -> u16 {
        let rules = VoiceGateRules::default();
        let source = self.echo.source(until);
        if score < rules.end_score || source == Source::Own {
            (self.unsure_since, self.doubted_since) = (None, None);
        }
        if score < rules.end_score {
            self.voiced_since = None;
        } else if self.voiced_since.is_none() {
            let rose = self.rise.since().filter(|rose| from.since(*rose) <= DETECTOR_LATE);
            self.voiced_since = Some(rose.map_or(from, |rose| rose.min(from)));
        }
        match source {
            Source::Host => {
                self.doubted_since = self.doubted_since.or(self.unsure_since.take());
                score
            }
            Source::Own => {
                if score >= rules.start_score {
                    self.held_back += until.since(from);
                }
                0
            }
            Source::Unsure if self.gate.0.is_speech() || score < rules.end_score => score,
            Source::Unsure if self.was_there_first() => score,
            Source::Unsure => {
                let since = *self.unsure_since.get_or_insert(from);
                if until.since(since) < UNSURE_MOST {
                    return 0;
                }
                self.doubted_since = Some(since);
                score
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples of a hop of 32 ms at the detector's rate and at the session's.
    const HOP_16: u64 = 512;
    const HOP_48: usize = 1_536;

    /// Sound like no other: a seeded noise.
    fn noise(seed: u32, samples: usize) -> Vec<i16> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 17) as i16 - 16_384
        };
        (0..samples).map(|_| next() / 2).collect()
    }

    /// When a voice was found to begin that is there `lead_ms` before an AI, of which nothing comes back, and how late it
    /// was found, ms. The detector hears it from its third hop on; the first hops are silent.
    fn found_before_an_ai(lead_ms: u64) -> (u64, u64) {
        let mut voice = HostVoice::default();
        let mut time = StreamTime::new(SampleRate::HZ_16000);
        let onset = 2_000;
        for hop in 0..120_u64 {
            let at = SessionTime::from_millis(1_000 + hop * 32);
            let seed = u32::try_from(hop).unwrap();
            let speaks = at.millis() + 32 > onset;
            let sound = if speaks { noise(seed * 2 + 2, HOP_48) } else { vec![3; HOP_48] };
            if at.millis() + 32 > onset + lead_ms {
                let from = at.max(SessionTime::from_millis(onset + lead_ms));
                voice.own(from, &noise(seed * 2 + 1, HOP_48));
            }
            voice.hear(at, &sound, true);
            time.take(at, Span::from_millis(32), 512);
            let mut facts = Vec::new();
            let score = if at.millis() > onset + 64 { 990 } else { 10 };
            voice.judge((hop * HOP_16, (hop + 1) * HOP_16), score, &time, &mut facts);
            let began = facts.iter().find_map(|fact| match fact {
                VoiceFact::Started(began) => Some(*began),
                VoiceFact::Rose(_) | VoiceFact::Sure(_) | VoiceFact::Stopped(_) => None,
            });
            if let Some(began) = began {
                return (began.millis(), at.millis() + 32 - onset);
            }
        }
        panic!("it was never found");
    }

    #[test]
    fn a_voice_that_was_there_before_the_ai_is_not_held_back() {
        let (_, late_ms) = found_before_an_ai(90);
        assert!(late_ms <= 140, "{late_ms} ms late");
        let (_, late_ms) = found_before_an_ai(20);
        assert!(late_ms > 300, "{late_ms} ms late: an echo may come so early");
    }

    #[test]
    fn what_was_heard_before_a_detector_was_lost_says_nothing_of_the_next_one() {
        let mut voice = HostVoice::default();
        let time = StreamTime::new(SampleRate::HZ_16000);
        let mut facts = Vec::new();
        voice.judge((0, HOP_16), 990, &time, &mut facts);
        assert!(voice.voiced_since.is_some());
        voice.restart(&time);
        assert_eq!(voice.voiced_since, None);
    }

    #[test]
    fn a_voice_that_was_held_back_began_when_it_began() {
        let mut voice = HostVoice::default();
        let mut time = StreamTime::new(SampleRate::HZ_16000);
        let mut facts = Vec::new();
        // An AI's first word and the host's voice begin together, and nothing of the AI comes back.
        for hop in 0..60_u64 {
            let at = SessionTime::from_millis(1_000 + hop * 32);
            let seed = u32::try_from(hop).unwrap();
            voice.own(at, &noise(seed * 2 + 1, HOP_48));
            voice.hear(at, &noise(seed * 2 + 2, HOP_48), true);
            time.take(at, Span::from_millis(32), 512);
            voice.judge((hop * HOP_16, (hop + 1) * HOP_16), 990, &time, &mut facts);
        }
        let told: Vec<_> = facts.iter().take(2).collect();
        assert!(matches!(told[..], [VoiceFact::Sure(true), VoiceFact::Started(_)]), "{told:?}");
        let started = facts.iter().find_map(|fact| match fact {
            VoiceFact::Started(at) => Some(*at),
            VoiceFact::Rose(_) | VoiceFact::Sure(_) | VoiceFact::Stopped(_) => None,
        });
        assert_eq!(started, Some(SessionTime::from_millis(1_000)), "no word of it is lost");
    }
}
