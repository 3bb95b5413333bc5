//! From a voice's own time to turn time: resamples to 48 kHz and moves word times along.
//!
//! Words come from the voice where it tells them; a piece without any gets them spread evenly over its sound, letter
//! by letter: over the length it will have by this voice's rate while it sounds, and over its own once that is known.

use crate::adapters::tts::{TtsEvent, TtsPiece, TtsWord};
use crate::audio::SampleRate;
use crate::audio::resample::Resampler;
use crate::conversation::VoicedWord;
use crate::time::SESSION_RATE_HZ;

use super::letter_rate::{LetterRate, letters_of};
use super::messages::VoiceEvent;

/// One turn's sound as it comes from a voice.
#[derive(Debug)]
pub(super) struct TurnSound {
    rate: SampleRate,
    to_48k: Resampler,
    /// Samples at the voice's rate before the current piece, and in all.
    piece_from: u64,
    total: u64,
    letters: LetterRate,
    /// Pieces given and not yet ended, oldest first, with what is known of their words.
    open: std::collections::VecDeque<(TtsPiece, Known)>,
}

/// What is known of a piece's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Nothing,
    /// Where they may lie.
    Guessed,
    /// Where the voice says.
    Told,
}

impl TurnSound {
    pub(super) fn new(rate: SampleRate, letters: LetterRate) -> Self {
        Self {
            rate,
            letters,
            to_48k: Resampler::new(rate, SampleRate::HZ_48000),
            piece_from: 0,
            total: 0,
            open: std::collections::VecDeque::new(),
        }
    }

    /// Whether the voice owes sound.
    pub(super) fn pieces_owed(&self) -> bool {
        !self.open.is_empty()
    }

    /// A piece was given to the voice.
    pub(super) fn given(&mut self, piece: &TtsPiece) {
        self.open.push_back((piece.clone(), Known::Nothing));
    }

    /// Translates one event of the voice.
    pub(super) fn take(&mut self, event: TtsEvent) -> Vec<VoiceEvent> {
        match event {
            TtsEvent::Words { piece, words } => {
                if let Some(open) = self.open.iter_mut().find(|(open, _)| open.piece == piece) {
                    open.1 = Known::Told;
                }
                vec![self.words(piece, &words)]
            }
            TtsEvent::Audio { piece, frame } => {
                let guessed = self.guess(piece);
                self.total += frame.samples.len() as u64;
                let mut samples = Vec::new();
                self.to_48k.push(&frame.samples, &mut samples);
                guessed.into_iter().chain(hand_on(samples)).collect()
            }
            TtsEvent::PieceEnded { piece } => {
                let ended = self.open.iter().position(|(open, _)| open.piece == piece);
                let spread =
                    ended.and_then(|index| self.open.remove(index)).and_then(|(piece, known)| {
                        (known != Known::Told).then(|| {
                            let samples = self.total - self.piece_from;
                            self.letters.learn(letters_of(&piece.text), samples, self.rate);
                            self.words(piece.piece, &spread_words(&piece.text, samples))
                        })
                    });
                self.piece_from = self.total;
                spread.into_iter().chain([VoiceEvent::PieceEnded]).collect()
            }
            TtsEvent::Note(note) => vec![VoiceEvent::Noted(note)],
            TtsEvent::Done => self.finish(),
        }
    }

    /// The last samples that were still on their way through the resampler.
    pub(super) fn finish(&mut self) -> Vec<VoiceEvent> {
        let mut samples = Vec::new();
        self.to_48k.finish(&mut samples);
        hand_on(samples)
    }

    /// Where the words of a piece may lie that begins to sound and has told nothing.
    fn guess(&mut self, piece: u16) -> Option<VoiceEvent> {
        let open = self.open.iter_mut().find(|(open, _)| open.piece == piece);
        let (open, known) = open.filter(|(_, known)| *known == Known::Nothing)?;
        *known = Known::Guessed;
        let samples = self.letters.guess(letters_of(&open.text), self.rate);
        let words = spread_words(&open.text, samples);
        Some(self.words(piece, &words))
    }

    fn words(&self, piece: u16, words: &[TtsWord]) -> VoiceEvent {
        let at = |sample: u64| self.in_turn(self.piece_from + sample);
        let byte = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        let words: Vec<VoicedWord> = words
            .iter()
            .map(|word| VoicedWord {
                text_start: byte(word.text_start),
                text_end: byte(word.text_end),
                start_sample: at(word.start_sample),
                end_sample: at(word.end_sample),
            })
            .collect();
        let samples = words.last().map_or_else(|| at(0), |word| word.end_sample);
        VoiceEvent::Words { piece, words, samples }
    }

    fn in_turn(&self, sample: u64) -> u64 {
        sample * u64::from(SESSION_RATE_HZ) / u64::from(self.rate.hz())
    }
}

fn hand_on(samples: Vec<i16>) -> Vec<VoiceEvent> {
    if samples.is_empty() { Vec::new() } else { vec![VoiceEvent::Sound(samples)] }
}

/// Spreads a piece's words over its sound by their letters: the best guess without times of the voice's own.
fn spread_words(text: &str, samples: u64) -> Vec<TtsWord> {
    let letters = letters_of(text);
    let mut words = Vec::new();
    let (mut before, mut from) = (0, 0);
    for word in text.split_whitespace() {
        let text_start = from + text[from..].find(word).unwrap_or_default();
        from = text_start + word.len();
        let after = before + word.chars().count() as u64 + 1;
        let place = |count: u64| samples * count / letters.max(1);
        words.push(TtsWord {
            text_start,
            text_end: from,
            start_sample: place(before),
            end_sample: place(after),
        });
        before = after;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::Frame;

    #[test]
    fn words_without_times_are_spread_over_the_sound_of_their_piece() {
        let words = spread_words("one three, five", 1600);
        let ranges: Vec<_> = words.iter().map(|word| (word.text_start, word.text_end)).collect();
        assert_eq!(ranges, [(0, 3), (4, 10), (11, 15)]);
        assert_eq!(words.first().map(|word| word.start_sample), Some(0));
        assert_eq!(words.last().map(|word| word.end_sample), Some(1600));
    }

    #[test]
    fn a_piece_that_tells_nothing_has_its_words_guessed_at_once_and_told_at_its_end() {
        let mut sound = TurnSound::new(SampleRate::HZ_16000, LetterRate::default());
        sound.given(&TtsPiece { piece: 0, text: "one three".to_owned() });
        let audio =
            || TtsEvent::Audio { piece: 0, frame: Frame::silence(SampleRate::HZ_16000, 1600) };
        let end_of = |events: &[VoiceEvent]| match events {
            [VoiceEvent::Words { words, samples, .. }, ..] => Some((words.len(), *samples)),
            _ => None,
        };
        assert_eq!(end_of(&sound.take(audio())), Some((2, 10 * 75 * 48 * 115 / 100)));
        assert_eq!(end_of(&sound.take(audio())), None);
        let ended = sound.take(TtsEvent::PieceEnded { piece: 0 });
        assert_eq!(end_of(&ended), Some((2, 9600)));
    }

    #[test]
    fn word_times_of_later_pieces_count_from_the_start_of_the_turn() {
        let mut sound = TurnSound::new(SampleRate::HZ_16000, LetterRate::default());
        let piece = |piece| TtsPiece { piece, text: "word".to_owned() };
        let audio =
            |piece| TtsEvent::Audio { piece, frame: Frame::silence(SampleRate::HZ_16000, 1600) };
        let words = |piece| TtsEvent::Words {
            piece,
            words: vec![TtsWord { text_start: 0, text_end: 4, start_sample: 160, end_sample: 800 }],
        };
        sound.given(&piece(0));
        sound.given(&piece(1));
        for event in [words(0), audio(0), TtsEvent::PieceEnded { piece: 0 }] {
            sound.take(event);
        }
        assert!(sound.pieces_owed());
        let told = sound.take(words(1));
        assert!(
            matches!(told.as_slice(), [VoiceEvent::Words { piece: 1, words, .. }]
                if words[0].start_sample == 4800 + 480 && words[0].end_sample == 4800 + 2400),
            "{told:?}"
        );
    }
}
