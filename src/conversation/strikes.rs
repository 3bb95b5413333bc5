//! Second takes: what was said last is struck, by the producer's button or by the host's own words.
//!
//! A strike marks a stretch of the session as cut and takes it out of everybody's memory. Sound, captions and log keep
//! it: a producer cuts, not the studio. Whoever speaks when it is pressed stops first, so what is struck is known to
//! the sample.
//!
//! Invariants: what was struck is in no prompt that follows; a stretch ends when it is struck; a turn is struck once;
//! nothing is struck that was said before this take.

use super::barge_in::has_content;
use super::floor::{Conversation, Floor};
use super::order::{Order, StrikeScope, StruckTurn, TurnEnd};
use super::speaker::TurnId;
use super::transcript::Reach;
use super::words::{length_at_end, plain_words};
use crate::time::{SessionTime, Span};

/// Strikes that a page that connects late is shown.
const STRIKES_SHOWN: usize = 50;

/// The longest stretch that may be struck by seconds: what is longer is a marker's affair.
pub const STRIKE_MAX: Span = Span::from_millis(120_000);

/// Longest end of a text that is looked at: a phrase of a briefing and a few words behind it.
const TAIL_CHARS: usize = 100;

/// Words that may stand behind the phrase.
const POLITE: &[&str] = &["please", "sorry", "okay", "ok", "thanks", "everybody", "everyone"];
/// Words that may stand before a phrase that means what was said before it.
const LEADING_IN: &[&str] = &[
    "no", "wait", "actually", "sorry", "let's", "just", "hold", "on", "stop", "can", "we", "and",
    "so", "well", "please", "now", "let", "me", "you", "two", "could", "i", "want", "to", "would",
    "like", "i'd",
];

/// Something that is about to be struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Striking {
    scope: StrikeScope,
    what: Target,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Reach(Reach),
    /// The host's turn that said so, and with `before` the one heard before it.
    Spoken {
        turn: TurnId,
        before: bool,
    },
}

/// What has been struck.
#[derive(Clone, Debug, Default)]
pub(super) struct Strikes {
    /// What is about to be struck: once it is known what was heard.
    pending: Option<Striking>,
    /// From and to, oldest first.
    done: Vec<(SessionTime, SessionTime)>,
}

impl Strikes {
    /// The last stretches, oldest first.
    pub(super) fn done(&self) -> Vec<(SessionTime, SessionTime)> {
        self.done.clone()
    }
}

impl Conversation {
    /// The button: the last turn, or so much of the last time.
    pub(super) fn on_strike_pressed(&mut self, last: Option<Span>) {
        if self.is_ending {
            return self.ignore("session_is_ending");
        }
        let (scope, reach) = match last {
            Some(span) => (StrikeScope::Seconds, Reach::From(self.now - span.min(STRIKE_MAX))),
            None => {
                let Some(turn) = self.last_said() else { return self.nothing_to_strike() };
                (StrikeScope::LastTurn, Reach::Turn(turn))
            }
        };
        self.agenda.host_acted();
        self.strikes.pending = Some(Striking { scope, what: Target::Reach(reach) });
        match &self.floor {
            Floor::Ai(_) => self.interrupt(TurnEnd::Interrupted),
            // What the host has only begun to say is the second take.
            Floor::Host(turn) if self.known_words(turn.id).has_words => {
                self.finish_host_turn(false);
            }
            Floor::Host(_) | Floor::Open => {}
        }
    }

    /// The host's turn ends with the words for it.
    pub(super) fn strike_as_spoken(&mut self, turn: TurnId, before: bool) {
        self.agenda.host_acted();
        let what = Target::Spoken { turn, before };
        self.strikes.pending = Some(Striking { scope: StrikeScope::Spoken, what });
    }

    /// Strikes what is to be struck, as soon as everybody's last heard word is known.
    pub(super) fn advance_strike(&mut self) -> bool {
        let is_known = self.fading.is_none();
        let Some(striking) = self.strikes.pending.take_if(|_| is_known) else { return false };
        let reach = match striking.what {
            Target::Reach(reach) => reach,
            Target::Spoken { turn, before } => {
                let earlier = self.transcript.last_heard(Some(turn)).filter(|_| before);
                Reach::Turn(earlier.unwrap_or(turn))
            }
        };
        let shown = self.captions.shown();
        let before = |turn: TurnId, at: SessionTime| {
            let captions = shown.iter().filter(|caption| caption.turn == turn);
            let words = captions.flat_map(|caption| &caption.words);
            let early = words.filter(|word| word.end <= at).map(|word| word.text.as_str());
            early.collect::<Vec<_>>().join(" ")
        };
        let Some((from, turns)) = self.transcript.strike(reach, before) else {
            self.nothing_to_strike();
            return true;
        };
        let to = self.now.max(from);
        if self.strikes.done.len() >= STRIKES_SHOWN {
            self.strikes.done.remove(0);
        }
        self.strikes.done.push((from, to));
        self.agenda.rewind(self.transcript.last_lines());
        let is_struck = |turn| turns.iter().any(|struck: &StruckTurn| struck.turn == turn);
        self.recent.forget(is_struck);
        self.was_cut = [false; 2];
        self.order(Order::NoteStruck { from, to, scope: striking.scope, turns });
        // A host who said so goes on speaking; a producer's table goes on by itself.
        if striking.scope != StrikeScope::Spoken && self.agenda.is_on_autopilot() {
            self.begin_from_silence();
        }
        true
    }

    fn nothing_to_strike(&mut self) {
        self.tell("nothing_to_strike", "There is nothing yet that could be struck.".into());
    }

    /// The turn that is being heard, or was heard last.
    fn last_said(&self) -> Option<TurnId> {
        let fading = self.fading.as_ref().filter(|fading| fading.turn.was_heard());
        match &self.floor {
            Floor::Ai(turn) if turn.was_heard() => Some(turn.id),
            Floor::Host(turn) if self.known_words(turn.id).has_words => Some(turn.id),
            Floor::Ai(_) | Floor::Host(_) | Floor::Open => {
                fading.map(|fading| fading.turn.id).or_else(|| self.transcript.last_heard(None))
            }
        }
    }

    /// Whether the host's words ask for a strike, and whether they say nothing else, so that the turn before them is
    /// meant.
    pub(super) fn spoken_strike(&self, text: &str) -> Option<bool> {
        let rules = self.host_rules();
        // Asked at every step, so at first only the end is read.
        let tail = text.char_indices().rev().nth(TAIL_CHARS).map_or(0, |(place, _)| place);
        let said = |words: &[String]| {
            let polite = |word: &&String| POLITE.contains(&word.as_str());
            let end = words.len() - words.iter().rev().take_while(polite).count();
            let mut phrases = rules.show.strike_phrases.iter();
            phrases.find_map(|phrase| length_at_end(&words[..end], phrase))
        };
        said(&plain_words(&text[tail..]))?;
        let mut words = plain_words(text);
        while words.last().is_some_and(|word| POLITE.contains(&word.as_str())) {
            words.pop();
        }
        words.truncate(words.len() - said(&words)?);
        words.retain(|word| !LEADING_IN.contains(&word.as_str()));
        Some(words.is_empty() || !has_content(&words.join(" "), rules))
    }
}
