//! Voices that break in mid-word: every word sounds once, in order, whoever says it.

use std::sync::Arc;
use std::time::Duration;

use voice_studio::adapters::resilience::Member;
use voice_studio::adapters::resilience::voice::ResilientVoice;
use voice_studio::adapters::scripted::{Fault, ScriptedVoice, pitch_hz};
use voice_studio::adapters::tts::{TextToSpeech, TtsEvent, TtsOptions, TtsPiece, TtsStream};
use voice_studio::adapters::{AdapterNote, ChangeOutcome};
use voice_studio::audio::SampleRate;

use crate::support::comes;

const TEXTS: [&str; 3] = ["one two three", "four five", "six seven eight nine"];

fn member(voice: ScriptedVoice) -> Member<dyn TextToSpeech> {
    let voice: Arc<dyn TextToSpeech> = Arc::new(voice);
    Member::of_voice(voice)
}

/// What a listener heard of [`TEXTS`].
#[derive(Debug, Default)]
struct Heard {
    sound: Vec<i16>,
    /// Words as they were told last, of each piece, with their end in the piece's sound.
    words: Vec<Vec<(String, u64)>>,
    lengths: Vec<u64>,
    changes: Vec<ChangeOutcome>,
    characters: u64,
    is_done: bool,
}

async fn listen(voice: &ResilientVoice) -> Heard {
    let options = TtsOptions { voice: String::new(), language: "en".to_owned() };
    let TtsStream { pieces, mut events } = voice.open(options).await.unwrap();
    let feed = tokio::spawn(async move {
        for (piece, text) in (0..).zip(TEXTS) {
            pieces.send(TtsPiece { piece, text: text.to_owned() }).await.expect("a chain speaks");
        }
    });
    let mut heard = Heard { words: vec![Vec::new(); TEXTS.len()], ..Heard::default() };
    let mut length = 0;
    while let Some(event) = comes("an event", events.recv()).await {
        match event.unwrap() {
            TtsEvent::Words { piece, words } => {
                let text = TEXTS[usize::from(piece)];
                let words = words
                    .iter()
                    .map(|word| (text[word.text_start..word.text_end].to_owned(), word.end_sample));
                heard.words[usize::from(piece)] = words.collect();
            }
            TtsEvent::Audio { piece, frame } => {
                assert_eq!(usize::from(piece), heard.lengths.len(), "pieces in order");
                assert_eq!(frame.rate, voice.capabilities().rate);
                length += frame.samples.len() as u64;
                heard.sound.extend_from_slice(&frame.samples);
            }
            TtsEvent::PieceEnded { piece } => {
                assert_eq!(usize::from(piece), heard.lengths.len(), "pieces end once, in order");
                heard.lengths.push(std::mem::take(&mut length));
            }
            TtsEvent::Note(AdapterNote::Changed(change)) => heard.changes.push(change.outcome),
            TtsEvent::Note(AdapterNote::Begun(begun)) => panic!("a voice tells {begun:?}"),
            TtsEvent::Note(AdapterNote::Used(used)) => heard.characters += used.usage.characters,
            TtsEvent::Done => heard.is_done = true,
        }
    }
    feed.await.unwrap();
    heard
}

/// The pitches that sound, one after the other: a word of a scripted voice is a tone of its own and a rest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pitches are small and positive"
)]
pub(crate) fn pitches(sound: &[i16], rate: SampleRate) -> Vec<u32> {
    let mut pitches = Vec::new();
    let (mut from, mut quiet) = (None, 0);
    for (at, sample) in sound.iter().chain(&[0; 4000]).enumerate() {
        let is_loud = sample.unsigned_abs() > 600;
        quiet = if is_loud { 0 } else { quiet + 1 };
        match from {
            None if is_loud => from = Some(at),
            Some(start) if quiet > rate.samples_in_ms(10) => {
                let tone = &sound[start..(at - quiet).min(sound.len())];
                let rising =
                    tone.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count() as f64;
                let seconds = tone.len() as f64 / f64::from(rate.hz());
                pitches.push((rising / seconds / 20.0).round() as u32 * 20);
                from = None;
            }
            _ => {}
        }
    }
    pitches
}

fn wanted() -> Vec<u32> {
    TEXTS.iter().flat_map(|text| text.split(' ')).map(pitch_hz).collect()
}

fn check(heard: &Heard, rate: SampleRate, what: &str) {
    assert!(heard.is_done, "{what}");
    let sounded = pitches(&heard.sound, rate);
    let wanted = wanted();
    assert_eq!(sounded.len(), wanted.len(), "{what}: {sounded:?}, not {wanted:?}");
    for (heard, wanted) in sounded.iter().zip(&wanted) {
        assert!(heard.abs_diff(*wanted) <= 20, "{what}: {sounded:?}, not {wanted:?}");
    }
    for ((text, words), length) in TEXTS.iter().zip(&heard.words).zip(&heard.lengths) {
        let told: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
        assert_eq!(told, text.split(' ').collect::<Vec<_>>(), "{what}");
        assert!(words.iter().all(|(_, end)| end <= length), "{what}: {words:?} in {length}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_voice_that_breaks_anywhere_is_opened_again_and_says_the_rest_once() {
    // A word is three frames of sound; a piece has words before and an end behind.
    for events in 0..34 {
        for fault in [Fault::FailsAfter(events), Fault::PanicsAfter(events)] {
            let voice = ScriptedVoice::new().with_faults(vec![Some(fault)]);
            let chain = ResilientVoice::new(member(voice), []);
            let heard = listen(&chain).await;
            check(&heard, SampleRate::HZ_16000, &format!("{fault:?}"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_voice_of_another_rate_says_the_rest_once() {
    for events in [0, 1, 3, 5, 8, 12, 17] {
        let first = ScriptedVoice::new().with_faults(vec![Some(Fault::FailsAfter(events)); 5]);
        let second = ScriptedVoice::new().at_rate(SampleRate::HZ_24000);
        let chain = ResilientVoice::new(member(first), [(member(second), String::new())]);
        assert_eq!(chain.capabilities().rate, SampleRate::HZ_48000);
        let heard = listen(&chain).await;
        check(&heard, SampleRate::HZ_48000, &format!("after {events}"));
        assert!(heard.characters >= TEXTS.iter().map(|text| text.len() as u64).sum());
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_voice_is_given_up_in_time_for_the_next_one() {
    for fault in [Fault::HangsAtOpen, Fault::HangsAfter(0), Fault::AtOpen] {
        let first = ScriptedVoice::new().with_faults(vec![Some(fault); 9]);
        let chain =
            ResilientVoice::new(member(first), [(member(ScriptedVoice::new()), String::new())]);
        let began = tokio::time::Instant::now();
        let heard = listen(&chain).await;
        check(&heard, SampleRate::HZ_16000, &format!("{fault:?}"));
        assert_eq!(heard.changes.last(), Some(&ChangeOutcome::Serving), "{fault:?}");
        assert!(began.elapsed() < Duration::from_secs(5), "{fault:?}: {:?}", began.elapsed());
    }
}
