//! Who answers the host, and on what that rests.
//!
//! Whom the host called comes first; then whom the words follow on: a follow-up question goes to whoever is asked more,
//! an answer to whoever asked. Where nobody is meant, the briefing's rule says who it is.
//!
//! Changes nothing; `grants` gives the floor.

use serde::{Deserialize, Serialize};

use super::addressing::Addressed;
use super::floor::Conversation;
use super::order::GrantReason;
use super::show_rules::Answers;
use super::speaker::{AiSpeaker, TurnId};
use super::topics;
use super::words::{holds_phrase, is_question_word, plain_words};

/// Longest follow-up question, in words.
const FOLLOW_UP_WORDS_MAX: usize = 10;

/// Beginnings of questions that ask more of what was just said.
const FOLLOW_UPS: &[&str] = &[
    "why",
    "why not",
    "why is that",
    "how so",
    "how come",
    "how do you mean",
    "what do you mean",
    "what does that mean",
    "what makes you say that",
    "what makes you think so",
    "tell me more",
    "tell us more",
    "say more",
    "can you say more",
    "could you say more",
    "go on",
    "and then",
    "such as",
    "like what",
    "for example",
    "for instance",
    "are you sure",
    "how do you know",
    "do you have an example",
    "can you give an example",
    "can you explain that",
    "could you explain that",
    "what happened then",
    "what happened next",
    "in what way",
    "what for",
    "says who",
    "since when",
];
/// Small words before them.
const OPENERS: &[&str] = &[
    "and", "but", "so", "okay", "ok", "well", "wait", "hm", "hmm", "oh", "yes", "yeah", "right",
    "sorry", "really",
];

/// Who answers the host.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub(super) speaker: AiSpeaker,
    pub(super) reason: GrantReason,
    /// Who answers after that one.
    pub(super) second: Option<AiSpeaker>,
}

/// What was known of both AIs when the floor was given or denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scores {
    /// Of Claude.
    pub claude: Standing,
    /// Of the guest.
    pub guest: Standing,
    /// AI turns since the host's last word.
    pub ai_turns: u16,
    /// How many of them one AI gave to the other.
    pub hand_overs: u16,
}

/// What was known of one AI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// How it was called in what is answered: 0 not, 1 spoken of, 2 called, 3 asked.
    pub called: u8,
    /// Number of the grant at which it spoke last; 0 for never.
    pub last_grant: u32,
    /// How long it talked in the last turns, ms.
    pub talk_ms: u64,
    /// How many of the words of what is answered are in its role, persona and notes, per mille.
    pub role: u16,
}

impl Conversation {
    /// Who answers a line of the host's turn `turn` that calls so: whoever is called, or else whose turn it is. Changes
    /// nothing.
    pub(super) fn whom(&self, turn: TurnId, text: &str, addressed: Addressed) -> Choice {
        let longer_ago = self.agenda.longer_ago();
        let (speaker, reason, second) = match (self.agenda.nominee(), addressed) {
            (Some(nominee), _) => (nominee, GrantReason::Nominated, None),
            (None, Addressed::One(one)) => (one, GrantReason::Addressed, None),
            (None, Addressed::BothFrom(first)) => {
                (first, GrantReason::AddressedFirst, Some(first.other()))
            }
            (None, Addressed::Both) => {
                (longer_ago, GrantReason::AddressedFirst, Some(longer_ago.other()))
            }
            (None, Addressed::Nobody) => {
                let (speaker, reason) = self.unaddressed(turn, text);
                (speaker, reason, None)
            }
        };
        Choice { speaker, reason, second }
    }

    /// Who answers a line that calls nobody.
    fn unaddressed(&self, turn: TurnId, text: &str) -> (AiSpeaker, GrantReason) {
        let rules = &self.program.rules().table.show;
        let longer_ago = self.agenda.longer_ago();
        let last =
            self.recent.last_but(Some(turn)).and_then(|last| Some((last, last.speaker.ai()?)));
        if let Some((last, speaker)) = last.filter(|_| rules.follow_ups) {
            if is_follow_up(text) {
                return (speaker, GrantReason::FollowUp);
            }
            if last.asks && !opens_question(text) {
                return (speaker, GrantReason::AskedHost);
            }
        }
        let by = |of: [u64; 2], reason| match of[0].cmp(&of[1]) {
            std::cmp::Ordering::Greater => (AiSpeaker::Claude, reason),
            std::cmp::Ordering::Less => (AiSpeaker::Guest, reason),
            std::cmp::Ordering::Equal => (longer_ago, GrantReason::Alternation),
        };
        match rules.answers {
            Answers::Alternation => (longer_ago, GrantReason::Alternation),
            Answers::Balance => {
                let [claude, guest] =
                    AiSpeaker::BOTH.map(|speaker| self.recent.talk(speaker.into()).samples());
                by([guest, claude], GrantReason::Balance)
            }
            Answers::Roles => {
                let asked = topics::stems(text, &self.names.words());
                by(
                    AiSpeaker::BOTH.map(|speaker| {
                        u64::from(topics::knows(&asked, &self.knowledge[speaker.index()]))
                    }),
                    GrantReason::Role,
                )
            }
        }
    }

    /// What a grant or a denial after `text` rests on; none in a show from before that was told.
    pub(super) fn scores(&self, text: &str) -> Option<Box<Scores>> {
        if !self.program.rules().table.show.tells_scores {
            return None;
        }
        let asked = topics::stems(text, &self.names.words());
        let called = self.names.called(text);
        let standing = |speaker: AiSpeaker| Standing {
            called: called[speaker.index()],
            last_grant: self.agenda.last_grant(speaker),
            talk_ms: self.recent.talk(speaker.into()).millis(),
            role: topics::knows(&asked, &self.knowledge[speaker.index()]),
        };
        let (ai_turns, hand_overs) = self.agenda.counts();
        Some(Box::new(Scores {
            claude: standing(AiSpeaker::Claude),
            guest: standing(AiSpeaker::Guest),
            ai_turns,
            hand_overs,
        }))
    }
}

/// Whether `text` is a question: by its first word, for recognisers drop question marks and set some too many.
fn opens_question(text: &str) -> bool {
    let words = plain_words(text);
    let first = words.iter().find(|word| !OPENERS.contains(&word.as_str()));
    text.trim_end().ends_with('?') || first.is_some_and(|word| is_question_word(word))
}

/// Whether `text` asks more of what was just said.
fn is_follow_up(text: &str) -> bool {
    let words = plain_words(text);
    let opens = words.iter().take_while(|word| OPENERS.contains(&word.as_str())).count();
    let rest = &words[opens..];
    // "Why" alone asks more; "why does it rain" is a question of its own.
    let begins = |phrase: &&str| {
        let phrase = plain_words(phrase);
        if phrase.len() < 3 { rest == phrase } else { rest.starts_with(&phrase) }
    };
    (!rest.is_empty() && rest.len() <= FOLLOW_UP_WORDS_MAX && FOLLOW_UPS.iter().any(begins))
        || (rest.is_empty() && text.contains('?') && holds_phrase(&words, "really"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follow_up_asks_more_of_what_was_said() {
        for text in [
            "Why?",
            "And why is that?",
            "How so?",
            "But what do you mean by that?",
            "Really?",
            "Okay, tell me more.",
            "How do you know that?",
            "Why is that so bad?",
            "How do you know that this is what it is?",
        ] {
            assert!(is_follow_up(text), "{text}");
        }
        for text in [
            "Why does it rain?",
            "And what about snow?",
            "Anything else?",
            "What is a moon?",
            "How do you make bread out of flour and water, and what for, in the old days?",
            "How so many?",
            "How do you know that this is what it is now?",
            "Right.",
            "",
        ] {
            assert!(!is_follow_up(text), "{text}");
        }
    }

    #[test]
    fn a_question_is_one_by_its_mark_or_by_its_first_word() {
        for text in ["You like rain?", "What about rain", "Well, and who is that"] {
            assert!(opens_question(text), "{text}");
        }
        for text in ["I like rain.", "Well, I do not know what", ""] {
            assert!(!opens_question(text), "{text}");
        }
    }
}
