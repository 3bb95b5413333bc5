//! What recognisers of this kind (Moonshine, Whisper) invent when nobody speaks, and how it is kept out.
//!
//! Over noise and scraps of voice the model answers with the commonest lines of its training, or with one line again
//! and again until its cap. Length alone is no ground to drop words: a turn may be "No."

use super::decode_queue::Decoded;
use crate::audio::SampleRate;

/// Less voice than this is no word: a decode would only invent one.
pub(super) const VOICE_MIN_SAMPLES: u64 = SampleRate::HZ_16000.samples_in_ms(200) as u64;
/// Under this much voice a stock phrase is an invention.
const STOCK_VOICE_SAMPLES: u64 = SampleRate::HZ_16000.samples_in_ms(400) as u64;
/// What it says when nobody speaks, without case and marks.
const STOCK_PHRASES: [&str; 3] = ["you", "thank you for watching", "thanks for watching"];
/// A run of this many words that comes twice in a row is a loop.
const LOOP_RUN_WORDS: std::ops::RangeInclusive<usize> = 3..=8;
/// A run of one or two words must come this often: "very very" is speech, "exactly exactly exactly exactly" is not.
const SHORT_LOOP_TIMES: usize = 4;

/// The words of a stretch with `voice_samples` of voice in it, without what the model is known to invent.
pub(super) fn guarded(decoded: &Decoded, voice_samples: u64) -> String {
    let text = if decoded.capped { without_loop(&decoded.text) } else { decoded.text.clone() };
    if voice_samples < STOCK_VOICE_SAMPLES && is_stock_phrase(&text) {
        return String::new();
    }
    with_single_commas(text)
}

/// Over a pause inside a stretch the model may write two commas for one.
fn with_single_commas(mut text: String) -> String {
    while text.contains(",,") {
        text = text.replace(",,", ",");
    }
    text
}

fn is_stock_phrase(text: &str) -> bool {
    let plain: Vec<String> =
        text.split_whitespace().map(plain_word).filter(|word| !word.is_empty()).collect();
    STOCK_PHRASES.contains(&plain.join(" ").as_str())
}

/// Whether the text says a run of words again at once, as a decoder does that has lost the thread.
pub(super) fn is_loop(text: &str) -> bool {
    without_loop(text) != text
}

/// Cuts the text behind the first run of words that is said again at once.
fn without_loop(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let plain: Vec<String> = words.iter().map(|word| plain_word(word)).collect();
    for begin in 0..plain.len() {
        let short = [(1, SHORT_LOOP_TIMES), (2, SHORT_LOOP_TIMES)];
        for (run, times) in short.into_iter().chain(LOOP_RUN_WORDS.map(|run| (run, 2))) {
            if repeats(&plain[begin..], run, times) {
                return words[..begin + run].join(" ");
            }
        }
    }
    text.to_owned()
}

/// Whether the first `run` words come `times` times in a row.
fn repeats(words: &[String], run: usize, times: usize) -> bool {
    let Some(all) = words.get(..run * times) else { return false };
    all.chunks(run).all(|chunk| chunk == &words[..run])
}

fn plain_word(word: &str) -> String {
    word.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LITTLE: u64 = STOCK_VOICE_SAMPLES - 1;

    fn check(text: &str, capped: bool, voice_samples: u64, expected: &str) {
        let decoded = Decoded { text: text.to_owned(), capped, ..Decoded::default() };
        assert_eq!(guarded(&decoded, voice_samples), expected, "{text:?}");
    }

    #[test]
    fn stock_phrases_of_silence_are_dropped_from_scraps_only() {
        check("You", false, LITTLE, "");
        check("Thank you for watching!", false, LITTLE, "");
        check("You", false, STOCK_VOICE_SAMPLES, "You");
        check("No.", false, LITTLE, "No.");
        check("Right?", false, LITTLE, "Right?");
    }

    #[test]
    fn a_loop_that_ran_into_the_cap_is_said_once() {
        check("I don't know. I don't know. I don't know. I don't", true, 80_000, "I don't know.");
        check("So, exactly exactly exactly exactly exactly", true, 80_000, "So, exactly");
        check("oh no oh no oh no oh no", true, 80_000, "oh no");
    }

    #[test]
    fn a_pause_is_one_comma() {
        check(
            "In short,, the period was,,, so far",
            false,
            80_000,
            "In short, the period was, so far",
        );
    }

    #[test]
    fn repetition_that_people_do_stays() {
        check("very very good, no no no", true, 80_000, "very very good, no no no");
        check(
            "I don't know. I don't know. I don't know.",
            false,
            80_000,
            "I don't know. I don't know. I don't know.",
        );
    }
}
