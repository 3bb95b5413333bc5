//! Captions: numbers, cues of the host's words, and what is shown at present.
//!
//! Invariants: numbers rise; a final caption never changes; one that did not change is not shown again.
//! A final caption without text takes back an interim one that turned out to be nothing; files leave it out.

use std::collections::VecDeque;

use super::order::{Caption, CaptionWord};
use crate::time::{SessionTime, Span};

/// Captions kept for a page that connects late.
pub(super) const SHOWN_MAX: usize = 50;
/// Longest cue of the host: two lines of 65.
const CUE_CHARS_MAX: usize = 130;
/// Longest cue of the host in time: what subtitling guides allow.
const CUE_TIME_MAX: Span = Span::from_millis(7000);

/// The captions of a session.
#[derive(Clone, Debug, Default)]
pub(super) struct Captions {
    last_id: u32,
    /// The newest number that was shown.
    newest: u32,
    shown: VecDeque<Caption>,
}

impl Captions {
    /// Goes on after captions of an earlier conversation.
    pub(super) fn go_on_after(&mut self, last_id: u32, shown: &[Caption]) {
        self.last_id = last_id;
        self.newest = last_id;
        self.shown = shown.iter().rev().take(SHOWN_MAX).rev().cloned().collect();
    }

    /// The next number.
    pub(super) const fn next_id(&mut self) -> u32 {
        self.last_id = self.last_id.saturating_add(1);
        self.last_id
    }

    /// Notes `caption` as shown; false if exactly this is shown already or a final one stands in its place.
    pub(super) fn note(&mut self, caption: &Caption) -> bool {
        // From the end: the caption that changes is nearly always the last.
        if let Some(shown) = self.shown.iter_mut().rev().find(|shown| shown.id == caption.id) {
            if shown.is_final || *shown == *caption {
                return false;
            }
            shown.clone_from(caption);
            return true;
        }
        if caption.id <= self.newest {
            // It made room for others, so it was final.
            return false;
        }
        self.newest = caption.id;
        // One that may still change stays; those are few, since turns and stretches of speech are.
        if self.shown.len() >= SHOWN_MAX
            && let Some(oldest) = self.shown.iter().position(|shown| shown.is_final)
        {
            self.shown.remove(oldest);
        }
        self.shown.push_back(caption.clone());
        true
    }

    /// The latest form of each, oldest first.
    pub(super) fn shown(&self) -> Vec<Caption> {
        self.shown
            .iter()
            .filter(|caption| !(caption.is_final && caption.text.is_empty()))
            .cloned()
            .collect()
    }
}

/// The words of `text`, spread over the time from `from` to `until` by their length.
pub(super) fn spread(text: &str, from: SessionTime, until: SessionTime) -> Vec<CaptionWord> {
    // A letter more than it has: the gap behind a word takes time too.
    let weight = |word: &str| word.chars().fold(1_u64, |sum, _| sum + 1);
    let total: u64 = text.split_whitespace().map(weight).sum();
    let length = until.since(from).samples();
    let place = |done: u64| {
        let samples = u128::from(length) * u128::from(done) / u128::from(total.max(1));
        from + Span::from_samples(u64::try_from(samples).unwrap_or(length))
    };
    let mut done = 0;
    text.split_whitespace()
        .map(|word| {
            let start = place(done);
            done += weight(word);
            CaptionWord { text: word.into(), start, end: place(done) }
        })
        .collect()
}

/// Words as one line of text.
pub(super) fn text_of(words: &[CaptionWord]) -> String {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    texts.join(" ")
}

/// Parts words into cues short enough to read, at the end of a sentence or a clause where one is near.
pub(super) fn cues(mut words: Vec<CaptionWord>) -> Vec<Vec<CaptionWord>> {
    let mut cues = Vec::new();
    while !words.is_empty() {
        let fitting = fitting(&words);
        let at = if fitting == words.len() { fitting } else { break_near(&words[..fitting]) };
        let rest = words.split_off(at);
        cues.push(words);
        words = rest;
    }
    cues
}

/// How many words from the first fit into one cue; at least one.
fn fitting(words: &[CaptionWord]) -> usize {
    let mut chars = 0;
    let too_much = words.iter().position(|word| {
        chars += word.text.chars().count() + usize::from(chars > 0);
        chars > CUE_CHARS_MAX || word.end.since(words[0].start) > CUE_TIME_MAX
    });
    too_much.unwrap_or(words.len()).max(1)
}

/// The best place to break in the last two thirds of `words`: behind a sentence, else a clause, else the end.
fn break_near(words: &[CaptionWord]) -> usize {
    let least = words.len() / 3;
    let last_with =
        |marks: &[char]| words.iter().rposition(|word| word.text.ends_with(marks)).map(|at| at + 1);
    let far_enough = |at: &usize| *at > least;
    last_with(&['.', '!', '?', '…'])
        .filter(far_enough)
        .or_else(|| last_with(&[',', ';', ':', '—', '–']).filter(far_enough))
        .unwrap_or(words.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> SessionTime {
        SessionTime::from_millis(millis)
    }

    #[test]
    fn words_share_their_time_by_length() {
        let words = spread("I  remembered", at(1000), at(2300));
        assert_eq!(text_of(&words), "I remembered");
        assert_eq!((words[0].start, words[0].end), (at(1000), at(1200)));
        assert_eq!((words[1].start, words[1].end), (at(1200), at(2300)));
        assert!(spread(" ", at(0), at(1)).is_empty());
    }

    #[test]
    fn long_speech_becomes_cues_at_the_end_of_sentences() {
        let text = "This is the first sentence of a longer speech. And the second one, which goes on for a while, \
                    says that nobody should have to read more than two lines at once, however much is said.";
        let cues: Vec<String> =
            cues(spread(text, at(0), at(12_000))).iter().map(|cue| text_of(cue)).collect();
        assert_eq!(cues.join(" "), text);
        assert_eq!(cues[0], "This is the first sentence of a longer speech.");
        assert!(cues.iter().all(|cue| cue.len() <= CUE_CHARS_MAX), "{cues:?}");
    }

    fn numbered(id: u32, text: &str, is_final: bool) -> Caption {
        Caption {
            id,
            speaker: super::super::Speaker::You,
            turn: super::super::TurnId(1),
            text: text.into(),
            pending: String::new(),
            is_final,
            start: at(0),
            end: at(0),
            words: Vec::new(),
            estimated: true,
            cut: false,
        }
    }

    #[test]
    fn a_final_caption_never_changes() {
        let caption = |text: &str, is_final| numbered(1, text, is_final);
        let mut captions = Captions::default();
        assert!(captions.note(&caption("so", false)));
        assert!(!captions.note(&caption("so", false)));
        assert!(captions.note(&caption("so what", true)));
        assert!(!captions.note(&caption("so that", true)));
        assert_eq!(captions.shown().len(), 1);
    }

    #[test]
    fn a_final_caption_is_not_shown_again_after_it_made_room_and_an_open_one_makes_none() {
        let mut captions = Captions::default();
        assert!(captions.note(&numbered(captions.last_id + 1, "an open one", false)));
        for id in 2..200 {
            assert!(captions.note(&numbered(id, "so", true)));
        }
        assert_eq!(captions.shown().len(), SHOWN_MAX);
        assert!(!captions.note(&numbered(2, "so", true)), "gone and final");
        assert!(captions.note(&numbered(1, "an open one, closed", true)));
    }

    /// Words of so many letters, the last of which ends then.
    fn words(lengths: &[usize], end: SessionTime) -> Vec<CaptionWord> {
        let word = |letters: &usize| CaptionWord { text: "x".repeat(*letters), start: at(0), end };
        lengths.iter().map(word).collect()
    }

    #[test]
    fn a_cue_has_130_letters_and_seven_seconds_at_most() {
        let fit = |lengths: &[usize], millis| fitting(&words(lengths, at(millis)));
        assert_eq!([fit(&[1, 100, 27], 0), fit(&[1, 100, 28], 0)], [3, 2]);
        assert_eq!([fit(&[5, 5], 7000), fit(&[5, 5], 7001)], [2, 1], "one word at least");
        assert_eq!(fit(&[200, 5], 0), 1);
    }

    #[test]
    fn a_cue_breaks_at_a_mark_in_its_last_two_thirds() {
        let marked = |place: usize, mark: &str| {
            let mut words = words(&[3; 9], at(0));
            words[place - 1].text.push_str(mark);
            break_near(&words)
        };
        assert_eq!([3, 4].map(|place| marked(place, ".")), [9, 4]);
        assert_eq!([3, 4].map(|place| marked(place, ",")), [9, 4]);
    }

    #[test]
    fn numbers_of_an_earlier_take_are_not_shown_again() {
        let mut captions = Captions::default();
        captions.go_on_after(5, &[]);
        assert!(!captions.note(&numbered(5, "so", true)));
        assert!(captions.note(&numbered(captions.clone().next_id(), "so", true)));
    }
}
