//! The silence that Flite puts around every utterance: 0.15 to 0.22 s before it and 0.2 s behind it.
//!
//! Between the pieces of a turn it is the pause between sentences and stays. Before the first and behind the last one it
//! would make every answer late and the gap between two speakers longer than it was chosen to be.

use super::TtsWord;
use crate::audio::SampleRate;

/// What is kept before the first word and behind the last: onsets are soft, and a last sound rings.
const LEAD_SAMPLES: usize = SampleRate::HZ_16000.samples_in_ms(20);
const TAIL_SAMPLES: usize = SampleRate::HZ_16000.samples_in_ms(40);

/// The margins of one stream's pieces.
#[derive(Debug, Default)]
pub(super) struct Margins {
    has_begun: bool,
    /// Silence behind the last piece: it sounds if another piece comes.
    held: Vec<i16>,
    /// Samples of the piece that are still to be left out.
    skip: usize,
    /// Samples from here to where the piece has said all.
    rest: Option<usize>,
}

impl Margins {
    /// A piece begins with these words; they are moved to where they will sound.
    pub(super) fn begin(&mut self, words: &mut [TtsWord]) {
        let place = |sample: u64| usize::try_from(sample).unwrap_or(usize::MAX);
        let first = words.first().map_or(0, |word| place(word.start_sample));
        self.rest = words.last().map(|word| place(word.end_sample).saturating_add(TAIL_SAMPLES));
        self.skip = if self.has_begun { 0 } else { first.saturating_sub(LEAD_SAMPLES) };
        self.has_begun = true;
        let moved = |sample: u64| sample + self.held.len() as u64 - self.skip as u64;
        for word in words {
            word.start_sample = moved(word.start_sample);
            word.end_sample = moved(word.end_sample);
        }
    }

    /// What of the piece's next sound is to be heard now; the rest waits for another piece.
    pub(super) fn sound(&mut self, samples: &[i16]) -> Vec<i16> {
        let said = self.rest.map_or(samples.len(), |rest| rest.min(samples.len()));
        let mut heard = if said > 0 { std::mem::take(&mut self.held) } else { Vec::new() };
        let skipped = self.skip.min(said);
        self.skip -= skipped;
        self.rest = self.rest.map(|rest| rest - said);
        heard.extend_from_slice(&samples[skipped..said]);
        self.held.extend_from_slice(&samples[said..]);
        heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(start_sample: u64, end_sample: u64) -> TtsWord {
        TtsWord { text_start: 0, text_end: 4, start_sample, end_sample }
    }

    /// An utterance: silence, a voice of one value, silence.
    fn utterance(value: i16) -> Vec<i16> {
        [vec![0; 3000], vec![value; 8000], vec![0; 3200]].concat()
    }

    #[test]
    fn silence_stays_between_pieces_and_goes_before_the_first_and_behind_the_last() {
        let mut margins = Margins::default();
        let mut sound = Vec::new();
        let mut times = Vec::new();
        for value in [1, 2] {
            let mut words = [word(3000, 11_000)];
            let from = sound.len();
            margins.begin(&mut words);
            for chunk in utterance(value).chunks(700) {
                sound.extend(margins.sound(chunk));
            }
            times.push(words.map(|word| {
                let place = |sample: u64| from + usize::try_from(sample).unwrap();
                (place(word.start_sample), place(word.end_sample))
            }));
        }
        let at = |value: i16| sound.iter().position(|sample| *sample == value).unwrap();
        assert_eq!(at(1), LEAD_SAMPLES);
        assert_eq!(
            at(2) - at(1),
            8000 + 3200 + 3000,
            "the pause between two sentences is as it was"
        );
        assert_eq!(sound.len(), at(2) + 8000 + TAIL_SAMPLES);
        assert_eq!(times, [[(at(1), at(1) + 8000)], [(at(2), at(2) + 8000)]]);
    }

    #[test]
    fn a_piece_without_words_is_heard_whole() {
        let mut margins = Margins::default();
        margins.begin(&mut []);
        assert_eq!(margins.sound(&[5; 100]), [5; 100]);
    }
}
