//! The AIs' own words, when they come back through the host's microphone.
//!
//! What a recogniser understood is compared with what was being heard at that time: words that are the AI's own are
//! nobody's turn, no caption and no interruption. One word of somebody else's among few makes them the host's.
//!
//! Invariants: bounded; what is called own was heard, or was about to be, around the time of the recognised words.

use std::collections::VecDeque;

use super::barge_in::{AiHeard, Intrusion, is_command};
use super::floor::{Conversation, Floor};
use super::host_words::Kept;
use super::input::Stability;
use super::order::CaptionWord;
use super::phonetics::{distance, sounds};
use super::rules::Rules;
use super::words::{count_content, plain_word, plain_words};
use crate::time::{SessionTime, Span};

/// How long before recognised words the AI's may have begun, and how long after them: a loudspeaker's way, and a
/// recogniser's idea of where words lie. A host who repeats what was just said begins later than that.
const BEFORE: Span = Span::from_millis(500);
const AFTER: Span = Span::from_millis(200);

/// Words that are kept of turns that are over: half a minute of speech, longer than words may be late.
const KEPT_MAX: usize = 80;

/// Words of the turn at hand that are not reported as heard, and may be: a second of speech.
const AHEAD_MAX: usize = 4;

/// For so long after own words came back a voice over an AI is nobody's until words make it somebody's.
/// A loudspeaker stays one for longer than this, but one leak of the guard is no reason to doubt a whole show.
const ECHO_DOUBT: Span = Span::from_millis(120_000);

/// How many of the recognised words must be the AI's, in their order: recognisers garble one of four in an echo.
const OWN_PERCENT: usize = 75;

/// What a word that was garbled may cost a sound, in hundredths of one wrong sound: one of five.
const COST_MOST: u32 = 20;

/// What was heard of the AIs.
#[derive(Clone, Debug, Default)]
pub(super) struct OwnWords {
    /// Words of turns that are over.
    over: VecDeque<CaptionWord>,
    /// How much was heard since the host connected.
    heard: Span,
    /// When own words last came back.
    echoed: Option<SessionTime>,
}

impl OwnWords {
    /// The listener came: what comes back of this one is not known.
    pub(super) const fn listener_came(&mut self) {
        self.heard = Span::ZERO;
        self.echoed = None;
    }

    /// So much more was heard.
    pub(super) fn more_heard(&mut self, samples: u64) {
        self.heard += Span::from_samples(samples);
    }

    /// A turn is over, of which these words were heard.
    pub(super) fn turn_over(&mut self, heard: impl Iterator<Item = CaptionWord>) {
        self.over.extend(heard);
        let older = self.over.len().saturating_sub(KEPT_MAX);
        self.over.drain(..older);
    }

    /// Whether own words have come back of late.
    pub(super) fn is_echoing(&self, now: SessionTime) -> bool {
        self.echoed.is_some_and(|at| now.since(at) < ECHO_DOUBT)
    }

    /// How an AI that sounds is heard.
    pub(super) fn ai_heard(&self, now: SessionTime, rules: &Rules) -> AiHeard {
        if self.is_echoing(now) {
            AiHeard::Echoing
        } else if self.heard < rules.warm_up {
            AiHeard::WarmingUp
        } else {
            AiHeard::Heard
        }
    }
}

impl Conversation {
    /// Takes words that are the AI's own, come back; false if they are not.
    pub(super) fn take_own_words(
        &mut self,
        segment: u32,
        text: &str,
        (from, until): (SessionTime, SessionTime),
        stability: Stability,
    ) -> bool {
        let kept = self.words.find(segment);
        if kept == Kept::Settled || !self.is_own(text, from, until) {
            return false;
        }
        if let Kept::For(turn) = kept {
            // What was taken for the host's at first is nobody's after all.
            self.words.take(segment, turn, "", (from, until), stability);
            if let Some(turn) = turn {
                self.words_changed(turn);
            }
        }
        self.own.echoed = Some(self.now);
        self.ignore("own_words");
        true
    }

    /// Whether words that came without a voice, or after it, take the floor from an AI: a command does, and over an echo,
    /// where voices tell nothing, whatever says something.
    pub(super) fn claims(&self, text: &str) -> bool {
        let rules = self.rules();
        let count = || count_content(&plain_words(text), &rules.never_interrupt);
        is_command(text, rules) || (self.own.is_echoing(self.now) && count() > 1)
    }

    /// The voice of such words.
    pub(super) fn claim(&self, voice: Intrusion) -> Intrusion {
        if self.own.is_echoing(self.now) { voice.lasted(self.rules()) } else { voice }
    }

    fn is_own(&self, text: &str, from: SessionTime, until: SessionTime) -> bool {
        let words = plain_words(text);
        if words.is_empty() {
            return false;
        }
        let own = self.own_around(from, until);
        // A command that sounds like an own word ("wait" and "what") is a command.
        let is_meant = if is_command(text, self.rules()) { str::eq } else { is_same };
        let shared = in_order(&words, &own, is_meant);
        shared * 100 >= words.len() * OWN_PERCENT
    }

    /// The AIs' words around this time, plain and in order.
    fn own_around(&self, from: SessionTime, until: SessionTime) -> Vec<String> {
        let span = from - BEFORE..=until + AFTER;
        let is_around = |word: &&CaptionWord| span.contains(&word.start);
        let fading = self.fading.iter().flat_map(|fading| fading.turn.heard_words());
        let current = match &self.floor {
            Floor::Ai(turn) if turn.is_audible() => Some(turn),
            Floor::Open | Floor::Host(_) | Floor::Ai(_) => None,
        };
        let heard = current.iter().flat_map(|turn| turn.heard_words());
        let mut own: Vec<String> = self
            .own
            .over
            .iter()
            .chain(fading)
            .chain(heard)
            .filter(is_around)
            .map(|word| plain_word(&word.text))
            .collect();
        // Its next words are heard already where reports are late.
        let next = current.iter().flat_map(|turn| turn.next_words().take(AHEAD_MAX));
        own.extend(next.filter(|(_, at)| span.contains(at)).map(|(word, _)| plain_word(word)));
        own.retain(|word| !word.is_empty());
        own
    }

    /// A turn is over: its words may still come back.
    pub(super) fn remember_own(&mut self, turn: &super::ai_turn::AiTurn) {
        self.own.turn_over(turn.heard_words().cloned());
    }
}

/// How many of `words` are found among `own` in the same order (the longest common subsequence).
fn in_order(words: &[String], own: &[String], is_same: fn(&str, &str) -> bool) -> usize {
    let mut best = vec![0; own.len() + 1];
    for word in words {
        let mut diagonal = 0;
        for (place, other) in own.iter().enumerate() {
            let above = best[place + 1];
            best[place + 1] =
                if is_same(word, other) { diagonal + 1 } else { above.max(best[place]) };
            diagonal = above;
        }
    }
    best[own.len()]
}

/// Whether a recogniser may have made the one of the other. Short words must be equal, or everything would be.
fn is_same(word: &str, other: &str) -> bool {
    if word == other {
        return true;
    }
    let [heard, meant] = [word, other].map(|word| sounds(&[word.to_owned()]));
    let longer = u32::try_from(heard.len().max(meant.len())).unwrap_or(u32::MAX);
    word.len() > 3 && other.len() > 3 && distance(&heard, &meant) <= longer * COST_MOST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(words: &str, own: &str) -> usize {
        in_order(&plain_words(words), &plain_words(own), is_same)
    }

    #[test]
    fn words_count_in_their_order_and_once() {
        assert_eq!(count("the rain falls", "I say the rain always falls down"), 3);
        assert_eq!(count("falls rain", "the rain falls"), 1);
        assert_eq!(count("rain rain rain", "the rain falls"), 1);
        assert_eq!(count("so what about snow", "the rain falls"), 0);
    }

    #[test]
    fn of_what_is_over_the_last_eighty_words_are_kept() {
        let mut own = OwnWords::default();
        let at = SessionTime::ZERO;
        let words = |from: u32, to: u32| {
            (from..to).map(move |n| CaptionWord { text: n.to_string(), start: at, end: at })
        };
        own.turn_over(words(0, 60));
        own.turn_over(words(60, 100));
        assert_eq!((own.over.len(), own.over[0].text.as_str()), (80, "20"));
    }

    #[test]
    fn an_echo_is_doubted_for_two_minutes_and_a_new_listener_warms_up() {
        let rules = Rules::default();
        let at = |ms| SessionTime::from_millis(ms);
        let mut own = OwnWords::default();
        own.more_heard(47_999);
        assert_eq!(own.ai_heard(at(0), &rules), AiHeard::WarmingUp);
        own.more_heard(1);
        assert_eq!(own.ai_heard(at(0), &rules), AiHeard::Heard);
        own.echoed = Some(at(1000));
        assert_eq!(own.ai_heard(at(120_999), &rules), AiHeard::Echoing);
        assert_eq!(own.ai_heard(at(121_000), &rules), AiHeard::Heard);
        own.listener_came();
        assert_eq!(own.ai_heard(at(2000), &rules), AiHeard::WarmingUp);
    }

    #[test]
    fn garbled_words_are_known_and_short_ones_must_be_equal() {
        assert!(is_same("wether", "weather"));
        assert!(!is_same("no", "now"));
        assert!(!is_same("pay", "bay"));
        assert!(!is_same("knew", "new") && !is_same("new", "knew"));
        assert!(is_same("bake", "make"), "a fifth of its sounds");
    }
}
