//! The numbers of the show around the floor: who answers, the director, the producer's channel, the memory.
//!
//! Part of [`super::rules::Rules`], with the same duties: a unit, a default, and where the default comes from.

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// The numbers of the show around the floor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ShowRules {
    // ── Who answers ──────────────────────────────────────────────────────────────────────────────────────
    /// Who answers the host when nobody was called.
    pub answers: Answers,
    /// Whether a follow-up question goes to whom it follows, and an answer to whoever asked.
    pub follow_ups: bool,
    /// Whether grants and denials tell the scores they rest on. No key of a briefing: the log of a show from before
    /// there were any says nothing of it, and is told again without.
    pub tells_scores: bool,
    /// Whether one whose reply was withdrawn has not spoken, so that it is still that one's turn. No key of a briefing
    /// either.
    #[serde(default)]
    pub takes_back_withdrawn: bool,
    /// How much the silence between two AI speakers varies, at most, to either side.
    pub gap_variation: Span,

    // ── The director ─────────────────────────────────────────────────────────────────────────────────────
    /// Whether a director steers the AIs on autopilot.
    pub directs: bool,
    /// Whether a part of the show ends with its minutes.
    pub by_minutes: bool,
    /// Of the words of the last turns, per mille, how many must be new for a topic not to be exhausted.
    pub novelty_min: u16,
    /// Per mille of words shared with an earlier turn from which a turn repeats it.
    pub repetition_max: u16,
    /// Per mille of the AIs' talk from which one of them has talked too much.
    pub share_max: u16,
    /// The longest turn that asks for no shorter one.
    pub monologue_max: Span,
    /// AI turns in a row without a question after which one is asked for; 0 never.
    pub ask_every: u16,
    /// How much time before the end of the last part the speakers are told to close.
    pub wrap_up: Span,
    /// Whether an AI on autopilot comes to the end of its clause when the host makes a sound that is no voice yet.
    pub soft_landing: bool,
    /// How long after such an end the floor is kept free for the host.
    pub host_may_speak: Span,

    // ── The producer's channel ───────────────────────────────────────────────────────────────────────────
    /// Phrases at the end of what the host says that cut it: lower case, without punctuation.
    pub strike_phrases: Vec<String>,

    // ── Memory ───────────────────────────────────────────────────────────────────────────────────────────
    /// Words of the conversation that a prompt may hold beside its summary; beyond them the older half is summed up.
    /// 0 keeps the last 120 lines and sums up nothing.
    pub history_words: u32,
}

/// Who answers the host when nobody was called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answers {
    /// Whoever spoke longer ago.
    #[default]
    Alternation,
    /// Whoever has talked less of late.
    Balance,
    /// Whoever's role, persona and notes have more of the host's words.
    Roles,
}

impl Answers {
    /// All, with their words in a briefing.
    pub const ALL: [(&'static str, Self); 3] =
        [("alternation", Self::Alternation), ("balance", Self::Balance), ("roles", Self::Roles)];
}

impl ShowRules {
    /// The rules of a show from before there were any: none of it happens.
    pub(super) fn before() -> Self {
        Self {
            follow_ups: false,
            tells_scores: false,
            takes_back_withdrawn: false,
            directs: false,
            by_minutes: false,
            soft_landing: false,
            strike_phrases: Vec::new(),
            history_words: 0,
            ..Self::default()
        }
    }
}

impl Default for ShowRules {
    fn default() -> Self {
        let phrases = |list: &[&str]| list.iter().map(|&phrase| String::from(phrase)).collect();
        Self {
            answers: Answers::Alternation,
            follow_ups: true,
            tells_scores: true,
            takes_back_withdrawn: true,
            gap_variation: Span::ZERO,

            directs: true,
            by_minutes: true,
            // Of the words of a turn that leads on more than half are new, of one that turns in circles less than a
            // fifth (measured on the scripted talks of `topics.rs`).
            novelty_min: 250,
            repetition_max: 600,
            // Two of three minutes: a listener of a talk between two begins to wonder about the other.
            share_max: 667,
            monologue_max: Span::from_millis(30_000),
            // The third statement in a row sounds like two lectures.
            ask_every: 3,
            // Two closing turns of ten seconds, their gaps, and the host's good-bye.
            wrap_up: Span::from_millis(45_000),
            soft_landing: true,
            // A breath is followed by its word within half a second; a host who waits to be let in needs a second more.
            host_may_speak: Span::from_millis(1_500),

            strike_phrases: phrases(&["strike that", "scratch that", "cut that", "strike it"]),

            // Four thousand tokens, about: twenty minutes of talk, and half of the smallest window that is still sold.
            history_words: 3_000,
        }
    }
}
