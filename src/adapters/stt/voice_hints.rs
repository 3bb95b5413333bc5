//! Where the session says that somebody speaks, for a service that tells no beginning before its words are final.
//!
//! Words come later than the voice they belong to, when it may have fallen silent already, so voices are remembered.
//!
//! Units: samples of the stream.

use std::collections::VecDeque;

use super::inventions::VOICE_MIN_SAMPLES;
use crate::audio::SampleRate;

/// Voices remembered, the oldest goes: a sentence has fewer pauses.
const VOICES_MAX: usize = 64;
/// Voices further apart than this are not one sentence: the earlier was a cough, or its words are final.
const PAUSE_MAX_SAMPLES: u64 = SampleRate::HZ_16000.samples_in_ms(2_000) as u64;

/// The newest voices.
#[derive(Debug, Default)]
pub(super) struct VoiceHints {
    voices: VecDeque<Voice>,
}

#[derive(Clone, Copy, Debug)]
struct Voice {
    from: u64,
    /// None while it sounds.
    until: Option<u64>,
}

impl VoiceHints {
    pub(super) fn started(&mut self, at_sample: u64) {
        if self.voices.back().is_some_and(|voice| voice.until.is_none()) {
            return;
        }
        if self.voices.len() == VOICES_MAX {
            self.voices.pop_front();
        }
        self.voices.push_back(Voice { from: at_sample, until: None });
    }

    pub(super) fn stopped(&mut self, at_sample: u64) {
        if let Some(voice) = self.voices.back_mut() {
            let until = at_sample.max(voice.from);
            voice.until.get_or_insert(until);
        }
    }

    /// For how long it has been quiet at a sample; nought where a voice sounds.
    pub(super) fn quiet_samples(&self, at_sample: u64) -> u64 {
        match self.voices.iter().rfind(|voice| voice.from <= at_sample) {
            Some(voice) => voice.until.map_or(0, |until| at_sample.saturating_sub(until)),
            None => at_sample,
        }
    }

    /// Where the voice begins whose words end at `until`, when all words up to `settled` have been told.
    pub(super) fn beginning(&self, settled: u64, until: u64) -> u64 {
        let mut beginning = None;
        for voice in self.voices.iter().rev().filter(|voice| voice.from < until) {
            let is_told = voice.until.is_some_and(|end| end < settled + VOICE_MIN_SAMPLES);
            let pause = |next: u64| next.saturating_sub(voice.until.unwrap_or(next));
            if is_told || beginning.is_some_and(|next| pause(next) > PAUSE_MAX_SAMPLES) {
                break;
            }
            beginning = Some(voice.from);
        }
        beginning.unwrap_or(settled).max(settled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u32) -> u64 {
        SampleRate::HZ_16000.samples_in_ms(millis) as u64
    }

    /// A cough, and a minute later a sentence with a pause in it, which is over.
    fn hints() -> VoiceHints {
        let mut hints = VoiceHints::default();
        for (from, until) in [(1_000, 1_300), (60_000, 61_000), (61_500, 63_000)] {
            hints.started(ms(from));
            hints.started(ms(from + 100));
            hints.stopped(ms(until));
            hints.stopped(ms(until + 100));
        }
        hints
    }

    #[test]
    fn words_begin_with_their_voice_though_it_has_fallen_silent() {
        let hints = hints();
        assert_eq!(hints.beginning(0, ms(60_800)), ms(60_000));
        assert_eq!(hints.beginning(0, ms(62_800)), ms(60_000), "over a short pause");
        assert_eq!(hints.beginning(ms(60_950), ms(62_800)), ms(61_500), "what is told is over");
        assert_eq!(hints.beginning(ms(62_000), ms(62_800)), ms(62_000), "a voice told in part");
        assert_eq!(hints.beginning(ms(70_000), ms(71_000)), ms(70_000), "words without a voice");
        assert_eq!(VoiceHints::default().beginning(5, 10), 5);
    }

    #[test]
    fn quiet_is_counted_from_the_end_of_the_last_voice() {
        let mut hints = hints();
        assert_eq!(hints.quiet_samples(ms(900)), ms(900));
        assert_eq!(hints.quiet_samples(ms(60_500)), 0);
        assert_eq!(hints.quiet_samples(ms(61_400)), ms(400));
        hints.started(ms(64_000));
        assert_eq!(hints.quiet_samples(ms(63_900)), ms(900));
        assert_eq!(hints.quiet_samples(ms(99_000)), 0);
    }
}
