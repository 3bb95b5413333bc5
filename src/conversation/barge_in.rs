//! What voice over an AI's turn is: an interruption, a back-channel, a cough.
//!
//! The judgement comes in stages, each cheaper to take back than the next: duck, pause, stop. The floor carries
//! them out. Over a reply of which nothing has been heard there is nothing to duck: it is held back instead, and
//! words alone withdraw it.
//!
//! Voice is added up over short gaps: a speaker who breathes in between is still the same interruption. Length and
//! words are weighed together: each word of content counts as so much more voice, so that two clear words stop an AI
//! sooner than a laugh does, and garbled short ones do not.

use super::input::Deadline;
use super::rules::Rules;
use super::speaker::TurnId;
use super::words::{begins_like, count_content, holds_phrase, only_phrases, plain_words};
use crate::time::{SessionTime, Span};

/// What is to be done about the voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing yet.
    Wait,
    /// It lasts: pause the AI.
    Pause,
    /// It is an interruption: the AI's turn is over.
    Stop,
    /// It was nothing: the AI goes on.
    GoOn,
}

/// How the listener hears the AI under a voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AiHeard {
    /// Nothing of it was started.
    Not,
    /// It is heard, and so little was heard before that nobody knows yet what comes back of it.
    WarmingUp,
    /// It is heard, and its own words have come back of late: a voice may be its own.
    Echoing,
    /// It is heard.
    Heard,
}

/// Voice over an AI's turn, while it is being judged.
#[derive(Clone, Debug)]
pub(super) struct Intrusion {
    /// Its first sound.
    pub(super) onset: SessionTime,
    /// Under which turn its words are kept; none before its first words.
    pub(super) turn: Option<TurnId>,
    /// Whether the AI was paused for it.
    pub(super) has_paused: bool,
    /// Whether the detector is sure of the voice that is on.
    is_firm: bool,
    /// From when the voice that is on counts for a pause.
    counted_from: SessionTime,
    /// Voice in stretches that ended.
    voice: Span,
    /// Since when the voice is on.
    since: Option<SessionTime>,
    /// When it last ended.
    ended: SessionTime,
}

impl Intrusion {
    /// A voice that began at `at`.
    pub(super) const fn new(at: SessionTime) -> Self {
        Self {
            onset: at,
            turn: None,
            has_paused: false,
            is_firm: true,
            counted_from: at,
            voice: Span::ZERO,
            since: Some(at),
            ended: at,
        }
    }

    /// A voice that only the recogniser heard.
    pub(super) const fn unnoticed(from: SessionTime, until: SessionTime) -> Self {
        Self { since: None, ended: until, ..Self::new(from) }
    }

    /// The voice is there, or there again; `firm` is what the detector has told of it, if it tells such things.
    pub(super) fn started(&mut self, at: SessionTime, firm: Option<bool>, rules: &Rules) {
        self.since = Some(at);
        self.is_firm = true;
        let first = self.onset.max(at - rules.counted_lead);
        self.counted_from = if self.voice == Span::ZERO { first } else { at };
        if let Some(firm) = firm {
            self.wavered(firm, rules);
        }
    }

    /// The detector is sure of the voice, or not any more. A voice whose first sound nobody noticed began before the
    /// detector's first hop, by as much as detectors take.
    pub(super) fn wavered(&mut self, firm: bool, rules: &Rules) {
        self.is_firm = firm;
        if firm && self.since == Some(self.counted_from) {
            self.counted_from = self.counted_from - rules.detector_lag;
        }
    }

    /// The voice ended.
    pub(super) fn stopped(&mut self, at: SessionTime) {
        if let Some(since) = self.since.take() {
            self.voice += at.since(since);
            self.ended = at;
        }
    }

    /// It was no back-channel, for its words say so and nothing else told its length.
    pub(super) fn lasted(mut self, rules: &Rules) -> Self {
        let longer = rules.back_channel_max + Span::from_millis(1);
        self.voice = self.ended.since(self.onset).max(longer);
        self
    }

    /// Since when the voice is on.
    pub(super) const fn since(&self) -> Option<SessionTime> {
        self.since
    }

    /// When it last ended.
    pub(super) const fn ended(&self) -> SessionTime {
        self.ended
    }

    /// Voice in stretches that ended.
    pub(super) const fn voice(&self) -> Span {
        self.voice
    }

    /// What is to be done now, `words` being what was recognised of it and `ai` how the listener hears the AI.
    pub(super) fn judge(&self, now: SessionTime, words: &str, ai: AiHeard, rules: &Rules) -> Step {
        if is_command(words, rules) || (ai == AiHeard::Not && has_content(words, rules)) {
            return Step::Stop;
        }
        let is_doubtful = self.is_doubtful(words, ai, rules);
        match self.since {
            None if is_doubtful && ai == AiHeard::Echoing => Step::GoOn,
            // A short voice is let pass whatever was understood of it: of "mm-hmm" a recogniser makes "amend them".
            None if !is_doubtful
                && self.voice > self.longest(words, rules).max(rules.back_channel_max) =>
            {
                Step::Stop
            }
            None if now >= self.ended + rules.resume_after => Step::GoOn,
            None => Step::Wait,
            Some(since) if now >= self.too_long_at(since, words, ai, rules) => {
                if is_doubtful && ai == AiHeard::Echoing { Step::GoOn } else { Step::Stop }
            }
            Some(_) if self.may_pause(words, ai, rules) && now >= self.pause_at(rules) => {
                Step::Pause
            }
            Some(_) => Step::Wait,
        }
    }

    /// When the judgement changes if nothing else happens.
    pub(super) fn deadline(
        &self,
        words: &str,
        ai: AiHeard,
        rules: &Rules,
    ) -> (SessionTime, Deadline) {
        match self.since {
            None => (self.ended + rules.resume_after, Deadline::BargeInResume),
            Some(_) if self.may_pause(words, ai, rules) => {
                (self.pause_at(rules), Deadline::BargeInPause)
            }
            Some(since) => (self.too_long_at(since, words, ai, rules), Deadline::BargeInStop),
        }
    }

    /// Whether it may be the AI itself, come back from the host's loudspeaker: then its length says nothing, and only
    /// words that the AI did not say make it the host.
    fn is_doubtful(&self, words: &str, ai: AiHeard, rules: &Rules) -> bool {
        matches!(ai, AiHeard::WarmingUp | AiHeard::Echoing) && !has_content(words, rules)
    }

    /// Whether there is something to pause, and no reason to think that it would be for its own voice.
    fn may_pause(&self, words: &str, ai: AiHeard, rules: &Rules) -> bool {
        ai != AiHeard::Not && !self.has_paused && !self.is_doubtful(words, ai, rules)
    }

    /// When the voice that is on has lasted long enough: the first stretch counts from its first sound.
    fn pause_at(&self, rules: &Rules) -> SessionTime {
        self.counted_from
            + if self.is_firm {
                rules.barge_in_pause
            } else {
                rules.waver_pause.max(rules.barge_in_pause)
            }
    }

    /// When it is certain that the voice outlasts a back-channel: only when an end in time would be known; and one that
    /// may be the AI's own only when its words would be there, too.
    fn too_long_at(
        &self,
        since: SessionTime,
        words: &str,
        ai: AiHeard,
        rules: &Rules,
    ) -> SessionTime {
        let for_words =
            if self.is_doubtful(words, ai, rules) { rules.late_words } else { Span::ZERO };
        since + (self.longest(words, rules) - self.voice) + rules.gate_lag + for_words
    }

    /// The longest voice that is none, given what was understood of it. "Mm-hmm, yeah, right, right" may take twice
    /// the time; a sound without a word half as long again; each word of content takes some of it away.
    fn longest(&self, words: &str, rules: &Rules) -> Span {
        let words = plain_words(words);
        if only_phrases(&words, &rules.never_interrupt) {
            return rules.back_channel_max + rules.back_channel_max;
        }
        let wordless = rules.back_channel_max + rules.wordless_extra;
        match count_content(&words, &rules.never_interrupt) {
            0 => wordless,
            count => {
                let further = u64::try_from(count - 1).unwrap_or(u64::MAX).min(FURTHER_WORDS_MAX);
                let further = rules.next_word_weight.samples().saturating_mul(further);
                let weight = rules.first_word_weight + Span::from_samples(further);
                wordless - weight.min(wordless - rules.barge_in_pause.min(wordless))
            }
        }
    }
}

/// Words beyond the first that count: with two more the sound is as long as a sentence can be short.
const FURTHER_WORDS_MAX: u64 = 2;

/// Whether `words` hold a phrase that always interrupts.
pub(super) fn is_command(words: &str, rules: &Rules) -> bool {
    let words = plain_words(words);
    rules.always_interrupt.iter().any(|phrase| holds_phrase(&words, phrase))
}

/// Whether `words` are nothing but such phrases: "Wait!" claims the floor and says nothing to answer yet.
pub(super) fn is_bare_command(words: &str, rules: &Rules) -> bool {
    let phrases = &rules.always_interrupt;
    begins_like(words, phrases) && only_phrases(&plain_words(words), phrases)
}

/// Whether `words` say more than that somebody listens.
pub(super) fn has_content(words: &str, rules: &Rules) -> bool {
    let words = plain_words(words);
    !words.is_empty() && !only_phrases(&words, &rules.never_interrupt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_that_is_long_no_voice_counts_little_towards_the_pause() {
        let at = SessionTime::from_millis;
        let rules = Rules::default();
        let pause_at = |rose: u64, voice: u64| {
            let mut intrusion = Intrusion::new(at(rose));
            intrusion.started(at(voice), None, &rules);
            let pauses =
                |now: &u64| intrusion.judge(at(*now), "", AiHeard::Heard, &rules) == Step::Pause;
            (voice..voice + 400).find(pauses)
        };
        assert_eq!(pause_at(1000, 1060), Some(1200), "found as fast as most voices");
        assert_eq!(pause_at(1000, 1145), Some(1200));
        assert_eq!(pause_at(1000, 1300), Some(1355), "145 ms and 55 of voice");
    }
}
