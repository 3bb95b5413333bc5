//! Stretches of ElevenLabs' sound in the order of the text, whatever the order in which they come.
//!
//! The service's messages have no numbers, but they spell what they say. One that spells what is due only later is held
//! until those before it have come; where the next one goes on behind it, the service has left something out of the
//! text, and nothing is waited for.
//!
//! Invariants: at most one stretch is held; none is given twice; one that is held when the stream breaks was heard by
//! nobody and is said again.

use bytes::Bytes;

#[cfg(test)]
use super::elevenlabs_letters::Letters;
use super::elevenlabs_letters::{LEFT_OUT_MAX, Spelling};

/// A stretch of sound and what it spells.
#[derive(Debug, Default)]
pub(super) struct Stretch {
    pub(super) sound: Bytes,
    pub(super) spelling: Spelling,
    /// Letters and figures before it that the service has left out.
    pub(super) left_out: usize,
}

/// A stretch that came before its turn.
#[derive(Debug)]
struct Early {
    /// How many letters and figures of the text are due before it.
    place: usize,
    stretch: Stretch,
}

/// Puts stretches in order.
#[derive(Debug, Default)]
pub(super) struct InOrder {
    early: Option<Early>,
}

impl InOrder {
    /// Takes the next stretch as it comes and gives those whose turn it is. `due` is what has not been spoken, without
    /// its spaces.
    pub(super) fn take(&mut self, stretch: Stretch, due: &str) -> Vec<Stretch> {
        let spelled = Spelled::of(&stretch.spelling);
        let place = spelled.place_in(due);
        match (self.early.take(), place) {
            (None, Some(place)) if place > LEFT_OUT_MAX => {
                // Few letters may stand there by chance.
                let left_out = if spelled.length() > LEFT_OUT_MAX { place } else { 0 };
                let stretch = Stretch { left_out, ..stretch };
                self.early = Some(Early { place, stretch });
                Vec::new()
            }
            (None, _) => vec![stretch],
            (Some(mut early), Some(place)) if place < early.place => {
                early.stretch.left_out = 0;
                early.place = early.place.saturating_sub(place + spelled.length());
                if early.place > LEFT_OUT_MAX {
                    // There is more to come before it.
                    self.early = Some(early);
                    return vec![stretch];
                }
                vec![stretch, early.stretch]
            }
            (Some(early), _) => vec![early.stretch, stretch],
        }
    }

    /// The stretch that is held when no other comes any more.
    pub(super) fn rest(&mut self) -> Option<Stretch> {
        self.early.take().map(|early| early.stretch)
    }
}

/// What a stretch spells: its letters and figures, or its marks where it has no others.
struct Spelled {
    letters: String,
    marks: String,
}

impl Spelled {
    fn of(spelling: &Spelling) -> Self {
        let spelled = spelling.letters().map(|(letter, ..)| letter).filter(|c| !c.is_whitespace());
        let (letters, marks) = spelled.partition(|letter| letter.is_alphanumeric());
        Self { letters, marks }
    }

    fn length(&self) -> usize {
        self.letters.chars().count()
    }

    /// How many letters and figures are due before it; `None` where it is not due as it is spelled.
    fn place_in(&self, due: &str) -> Option<usize> {
        let letters = |text: &str| text.chars().filter(|letter| letter.is_alphanumeric()).collect();
        let due_letters: String = letters(due);
        if !self.letters.is_empty() {
            let at = due_letters.find(&self.letters)?;
            return Some(due_letters[..at].chars().count());
        }
        let at = Some(self.marks.as_str()).filter(|marks| !marks.is_empty());
        let at = at.and_then(|marks| due.find(marks))?;
        let before: String = letters(&due[..at]);
        Some(before.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is heard of a text when its stretches come so.
    fn heard(text: &str, stretches: &[&str]) -> Vec<String> {
        hear(text, stretches).0
    }

    /// The same, and what is due in the end.
    fn hear(text: &str, stretches: &[&str]) -> (Vec<String>, String) {
        let (mut letters, mut order) = (Letters::of(text), InOrder::default());
        let mut heard = Vec::new();
        let mut hear = |letters: &mut Letters, stretch: Stretch| {
            letters.leave_out(stretch.left_out);
            let spelled: String = stretch.spelling.letters().map(|(letter, ..)| letter).collect();
            for letter in spelled.chars() {
                letters.take(letter, 0, 0);
            }
            heard.push(spelled);
        };
        for spelled in stretches {
            let chars: Vec<String> = spelled.chars().map(String::from).collect();
            let spelling = serde_json::from_value(serde_json::json!({ "chars": chars })).unwrap();
            let due: String = letters.due().collect();
            for stretch in order.take(Stretch { spelling, ..Stretch::default() }, &due) {
                hear(&mut letters, stretch);
            }
        }
        if let Some(stretch) = order.rest() {
            hear(&mut letters, stretch);
        }
        let due = letters.due().collect();
        (heard, due)
    }

    #[test]
    fn a_stretch_that_comes_too_early_waits_for_those_before_it() {
        let text = "Good morning to you all";
        let wanted = ["Good mo", "rning t", "o you all"];
        for order in [[0, 1, 2], [1, 0, 2], [0, 2, 1], [2, 0, 1]] {
            assert_eq!(heard(text, &order.map(|at| wanted[at])), wanted, "{order:?}");
        }
    }

    #[test]
    fn marks_by_themselves_have_their_turn_too() {
        let wanted = ["Well ", "today", ", ", "go on"];
        assert_eq!(heard("Well today, go on", &["Well ", ", ", "today", "go on"]), wanted);
    }

    #[test]
    fn what_is_left_out_of_a_text_is_not_waited_for_and_what_is_not_in_it_goes_through() {
        let text = "[laughs] Good morning to you all";
        for told in
            [["Good mo", "rning t", "o you all"], ["[laughs] Good mo", "rning t", "o you all"]]
        {
            let (heard, due) = hear(text, &told);
            assert_eq!((heard.as_slice(), due.as_str()), (told.map(str::to_owned).as_slice(), ""));
        }
        assert_eq!(heard("It costs 5 pounds", &["It costs ", "five ", "pounds"]).len(), 3);
        assert_eq!(heard("so so so", &["so ", "so ", "so"]).len(), 3);
    }
}
