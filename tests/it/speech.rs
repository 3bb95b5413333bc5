//! Real models over real recordings: what the offline studio hears and says.
//!
//! Sound goes the way of a session: Silero's scores become hints as a session's gate makes them, and sound and hints
//! go to the recogniser. It is given faster than it was spoken, so interims are few; the words that count are final.

use std::path::Path;

use voice_studio::adapters::Availability;
use voice_studio::adapters::hearing::EndOfTurn;
use voice_studio::adapters::hearing::silero::Silero;
use voice_studio::adapters::hearing::smart_turn::SmartTurn;
use voice_studio::adapters::stt::moonshine::Moonshine;
use voice_studio::adapters::stt::{
    SpeechToText, SttEvent, SttInput, SttOptions, SttStream, SttWords,
};
use voice_studio::adapters::tts::flite::Flite;
use voice_studio::adapters::tts::{TextToSpeech, TtsEvent, TtsOptions, TtsPiece};
use voice_studio::audio::Frame;
use voice_studio::conversation::Stability;

use crate::support::gate::heard_through;
use crate::support::sound::{frames_16k, rms, wav_16k, with_quiet};
use crate::support::words::{WordErrors, normal, word_errors};
use crate::support::{comes, models, shared_dir};

// ── The way of a session ─────────────────────────────────────────────────────────────────────────────────

/// All that the recogniser says of a recording, in order.
pub(crate) async fn hear(moonshine: &Moonshine, silero: &Silero, samples: &[i16]) -> Vec<SttWords> {
    hear_names(moonshine, silero, samples, &[]).await
}

/// The same where these may be called.
pub(crate) async fn hear_names(
    moonshine: &Moonshine,
    silero: &Silero,
    samples: &[i16],
    names: &[&str],
) -> Vec<SttWords> {
    let script = heard_through(silero, samples).await;
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let options = SttOptions { language: "en".to_owned(), names, ..SttOptions::default() };
    let SttStream { input, mut events } = comes("open", moonshine.open(options)).await.unwrap();
    let feed = tokio::spawn(async move {
        for given in script {
            input.send(given).await.unwrap();
        }
    });
    let mut said = Vec::new();
    let mut done = false;
    while let Some(event) = comes("words", events.recv()).await {
        assert!(!done, "{event:?} after Done");
        match event.unwrap() {
            SttEvent::Words(words) => said.push(words),
            SttEvent::Note(note) => panic!("no product tells {note:?}"),
            SttEvent::Done => done = true,
        }
    }
    assert!(done);
    feed.await.unwrap();
    said
}

pub(crate) fn finals(said: &[SttWords]) -> String {
    let texts: Vec<_> = said
        .iter()
        .filter(|words| words.stability == Stability::Final)
        .map(|words| words.text.as_str())
        .collect();
    texts.join(" ")
}

/// A line of Flite's, and its words with their times.
pub(crate) async fn speak(
    flite: &Flite,
    voice: &str,
    text: &str,
) -> (Vec<i16>, Vec<(String, usize, usize)>) {
    let options = TtsOptions { voice: voice.to_owned(), language: "en".to_owned() };
    let mut stream = comes("open", flite.open(options)).await.unwrap();
    stream.pieces.send(TtsPiece { piece: 0, text: text.to_owned() }).await.unwrap();
    drop(stream.pieces);
    let mut samples = Vec::new();
    let mut timed = Vec::new();
    while let Some(event) = comes("sound", stream.events.recv()).await {
        match event.unwrap() {
            TtsEvent::Audio { frame, .. } => samples.extend_from_slice(&frame.samples),
            TtsEvent::Words { words, .. } => timed.extend(words.into_iter().map(|word| {
                let written = text[word.text_start..word.text_end].to_owned();
                (
                    written,
                    usize::try_from(word.start_sample).unwrap(),
                    usize::try_from(word.end_sample).unwrap(),
                )
            })),
            TtsEvent::PieceEnded { .. } | TtsEvent::Note(_) | TtsEvent::Done => {}
        }
    }
    (samples, timed)
}

/// The clips of one kind whose transcript can be trusted: file name and reference.
pub(crate) fn clips(shared: &Path, kinds: &[&str]) -> Vec<(String, String)> {
    let table = std::fs::read_to_string(shared.join("speech/MANIFEST.tsv")).unwrap();
    let mut clips = Vec::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let (file, kind, transcript, basis) = (cells[0], cells[4], cells[6], cells[7]);
        if kinds.contains(&kind) && !basis.starts_with("machine") {
            clips.push((file.to_owned(), transcript.to_owned()));
        }
    }
    clips
}

// ── What is heard ────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn read_speech_is_written_down_with_at_most_six_words_in_a_hundred_wrong() {
    let (Some(models), Some(shared)) = (models("read speech"), shared_dir()) else {
        println!("skipped: no shared recordings");
        return;
    };
    let (silero, moonshine) = (Silero::start(&models), Moonshine::start(&models));
    let mut total = WordErrors::default();
    for (file, reference) in clips(&shared, &["read"]) {
        let samples = with_quiet(wav_16k(&shared.join("speech").join(&file)));
        let said = hear(&moonshine, &silero, &samples).await;
        let errors = word_errors(&reference, &finals(&said));
        if errors.wrong > 0 {
            println!("{file}: {} of {}: {:?}", errors.wrong, errors.words, finals(&said));
        }
        total += errors;
    }
    println!(
        "read speech: {} of {} words wrong ({:.1} %)",
        total.wrong,
        total.words,
        total.percent()
    );
    println!("{:?}", moonshine.counters());
    assert!(total.words > 250, "only {} words", total.words);
    assert!(total.percent() <= 6.0, "{:.1} % of the words are wrong", total.percent());
}

#[tokio::test]
async fn lines_of_both_voices_are_understood() {
    let Some(models) = models("spoken lines") else { return };
    let flite = Flite::new();
    if let Availability::Unavailable(reason) = flite.availability() {
        println!("skipped: {reason}");
        return;
    }
    let (silero, moonshine) = (Silero::start(&models), Moonshine::start(&models));
    let lines = [
        "The engine was the hardest thing she ever built.",
        "Please tell me what you think about the weather in the mountains.",
        "We should ask the audience before we decide anything.",
    ];
    let mut total = WordErrors::default();
    for voice in ["slt", "rms"] {
        for line in lines {
            let (samples, _) = speak(&flite, voice, line).await;
            let said = hear(&moonshine, &silero, &with_quiet(samples)).await;
            let errors = word_errors(line, &finals(&said));
            if errors.wrong > 0 {
                println!("{voice}: {:?}", finals(&said));
            }
            total += errors;
        }
    }
    println!("spoken lines: {} of {} words wrong", total.wrong, total.words);
    // Flite's samples differ a little from call to call, so a word or two of sixty may fall either way.
    assert!(total.percent() <= 10.0, "{:.1} % of the words are wrong", total.percent());
}

#[tokio::test]
async fn what_tests_rely_on_of_the_made_lines_is_heard_wherever_a_line_lies_in_the_sound() {
    let Some(models) = models("made lines") else { return };
    let (silero, moonshine) = (Silero::start(&models), Moonshine::start(&models));
    let lines = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audio");
    let relied_on: [(&str, &[&str]); 6] = [
        ("question", &["founder", "measure", "first", "year"]),
        ("request", &["story", "radio", "invented"]),
        ("barge-in", &["stop", "ask", "else"]),
        ("both", &["both", "first"]),
        (
            "pause",
            &["thinking", "that", "we", "might", "talk", "about", "the", "history", "of", "maps"],
        ),
        ("sentence", &["six", "peaches", "chair"]),
    ];
    let mut lost = Vec::new();
    for (line, words) in relied_on {
        let samples = wav_16k(&lines.join(line).with_extension("wav"));
        for place in 0..8 {
            let sound = with_quiet([vec![0; 8_000 + 613 * place], samples.clone()].concat());
            let heard = finals(&hear(&moonshine, &silero, &sound).await);
            let written = normal(&heard);
            let missing = words.iter().filter(|word| !written.iter().any(|heard| heard == *word));
            lost.extend(missing.map(|word| format!("{word} in {heard:?}")));
        }
    }
    assert_eq!(lost, [""; 0]);
}

/// The opening of Dickens' book, as the person in the recogniser's own package reads it.
const TWO_CITIES: &str = "It was the best of times, it was the worst of times, it was the age of wisdom, it was the \
    age of foolishness, it was the epoch of belief, it was the epoch of incredulity, it was the season of light, it \
    was the season of darkness, it was the spring of hope, it was the winter of despair";

#[tokio::test]
async fn a_person_reading_a_tale_of_two_cities_is_written_down() {
    let Some((models, samples)) = two_cities() else { return };
    let (silero, moonshine) = (Silero::start(&models), Moonshine::start(&models));
    let said = hear(&moonshine, &silero, &with_quiet(samples)).await;
    println!("two cities: {:?}", finals(&said));
    let heard = finals(&said);
    let opening: Vec<&str> =
        heard.split_whitespace().take(TWO_CITIES.split_whitespace().count()).collect();
    let errors = word_errors(TWO_CITIES, &opening.join(" "));
    println!("two cities: {} of {} words wrong", errors.wrong, errors.words);
    assert!(errors.percent() <= 10.0, "{:.1} % of the words are wrong", errors.percent());
}

#[tokio::test]
async fn interims_grow_while_the_voice_sounds_and_all_words_are_there_when_it_stops() {
    let Some((models, samples)) = two_cities() else { return };
    let moonshine = Moonshine::start(&models);
    let SttStream { input, mut events } =
        comes("open", moonshine.open(SttOptions::default())).await.unwrap();
    let mut said = Vec::new();
    // The voice begins 0.9 s into the recording.
    let frames = frames_16k(&samples[14_000..16_000 * 7]);
    input.send(SttInput::SpeechStarted { at_sample: 0 }).await.unwrap();
    // A second, then whatever the recogniser makes of it, and so on.
    for second in frames.chunks(50).take(3) {
        send(&input, second).await;
        said.push(next_words(&mut events).await);
    }
    assert!(
        said.iter().all(|words| words.stability == Stability::Interim && words.segment == 1),
        "{said:?}"
    );
    assert!(said.windows(2).all(|pair| pair[0].until_sample < pair[1].until_sample), "{said:?}");

    input.send(SttInput::SpeechStopped { at_sample: 48_000 }).await.unwrap();
    let complete = next_words(&mut events).await;
    assert_eq!(
        (complete.stability, complete.until_sample, complete.segment),
        (Stability::Complete, 48_000, 1)
    );

    // The voice comes back within 700 ms: the same stretch goes on, nothing was final.
    send(&input, &frames[150..160]).await;
    input.send(SttInput::SpeechStarted { at_sample: 50_000 }).await.unwrap();
    send(&input, &frames[160..250]).await;
    let grown = next_words(&mut events).await;
    assert_eq!((grown.stability, grown.segment), (Stability::Interim, 1));

    // It stops and stays silent: complete words, then the same words as final ones.
    input.send(SttInput::SpeechStopped { at_sample: 80_000 }).await.unwrap();
    let complete = next_of(&mut events, Stability::Complete).await;
    send(&input, &frames_16k(&[0; 11_200])).await;
    let last = next_words(&mut events).await;
    assert_eq!(
        (last.stability, last.until_sample, &last.text),
        (Stability::Final, 80_000, &complete.text)
    );
    assert!(last.text.starts_with("It was the best of times"), "{}", last.text);
}

#[tokio::test]
async fn a_voice_that_never_pauses_is_cut_before_fifteen_seconds_without_losing_sound() {
    let Some((models, samples)) = two_cities() else { return };
    let moonshine = Moonshine::start(&models);
    let SttStream { input, mut events } =
        comes("open", moonshine.open(SttOptions::default())).await.unwrap();
    let feed = tokio::spawn(async move {
        input.send(SttInput::SpeechStarted { at_sample: 0 }).await.unwrap();
        send(&input, &frames_16k(&samples[..16_000 * 32])).await;
    });
    let mut cuts = vec![0];
    while let Some(Ok(SttEvent::Words(words))) = comes("words", events.recv()).await {
        if words.stability == Stability::Final {
            assert_eq!(
                words.from_sample,
                cuts[cuts.len() - 1],
                "sound between two stretches is lost"
            );
            assert!(words.until_sample - words.from_sample <= 15 * 16_000);
            cuts.push(words.until_sample);
        }
    }
    feed.await.unwrap();
    assert!(cuts.len() >= 4, "{cuts:?}");
    assert_eq!(cuts.last(), Some(&(16_000 * 32)));
}

#[tokio::test]
async fn two_streams_heard_at_once_give_the_words_they_give_alone() {
    let Some((models, samples)) = two_cities() else { return };
    let (silero, moonshine) = (Silero::start(&models), Moonshine::start(&models));
    let (one, other) = (
        with_quiet(samples[..16_000 * 5].to_vec()),
        with_quiet(samples[16_000 * 21..16_000 * 25].to_vec()),
    );
    let alone = (
        finals(&hear(&moonshine, &silero, &one).await),
        finals(&hear(&moonshine, &silero, &other).await),
    );
    let (one, other) =
        tokio::join!(hear(&moonshine, &silero, &one), hear(&moonshine, &silero, &other));
    assert_eq!((finals(&one), finals(&other)), alone);
    assert_ne!(alone.0, alone.1);
}

// ── What is not heard ────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn noise_without_a_voice_starts_nothing() {
    let (Some(models), Some(shared)) = (models("noise"), shared_dir()) else {
        println!("skipped: no shared recordings");
        return;
    };
    let silero = Silero::start(&models);
    for file in ["noise-office.wav", "noise-koala.wav", "noise-df573577.wav"] {
        let given = heard_through(&silero, &wav_16k(&shared.join("speech").join(file))).await;
        let starts =
            given.iter().filter(|input| matches!(input, SttInput::SpeechStarted { .. })).count();
        assert_eq!(starts, 0, "{file}");
    }
}

#[tokio::test]
async fn a_click_taken_for_a_voice_gives_no_words() {
    let Some(models) = models("a click") else { return };
    let moonshine = Moonshine::start(&models);
    let SttStream { input, mut events } =
        comes("open", moonshine.open(SttOptions::default())).await.unwrap();
    send(&input, &frames_16k(&[50; 16_000])).await;
    input.send(SttInput::SpeechStarted { at_sample: 12_000 }).await.unwrap();
    input.send(SttInput::SpeechStopped { at_sample: 14_000 }).await.unwrap();
    drop(input);
    let (first, second) = (next_words(&mut events).await, next_words(&mut events).await);
    assert_eq!((first.stability, first.text.as_str()), (Stability::Complete, ""));
    assert_eq!((second.stability, second.text.as_str()), (Stability::Final, ""));
    assert_eq!(moonshine.counters().decoded, 0);
}

// ── Whether somebody has finished ────────────────────────────────────────────────────────────────────────

/// Places at which sound changed by single steps of 16 bits still gives the same side, by a wide margin.
#[tokio::test]
async fn a_sentence_cut_inside_a_phrase_sounds_unfinished_and_a_whole_one_finished() {
    let Some((models, samples)) = two_cities() else { return };
    let judge = SmartTurn::start(&models);
    let cases = [(1_600, false), (3_400, false), (4_600, true), (44_200, true)];
    for (end_ms, finished) in cases {
        let sound = &samples[..16 * end_ms];
        let newest = &sound[sound.len().saturating_sub(128_000)..];
        let score = comes("an answer", judge.judge(newest.into())).await.unwrap();
        println!("cut at {end_ms} ms: {score} per mille finished");
        assert!(if finished { score > 800 } else { score < 200 }, "cut at {end_ms} ms: {score}");
    }
}

// ── What is said ─────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn flite_tells_when_each_word_sounds() {
    let flite = Flite::new();
    if let Availability::Unavailable(reason) = flite.availability() {
        println!("skipped: {reason}");
        return;
    }
    for voice in ["slt", "rms"] {
        let (samples, words) = speak(&flite, voice, "Tomorrow, we begin. Nobody knows why.").await;
        let written: Vec<&str> = words.iter().map(|word| word.0.as_str()).collect();
        assert_eq!(written, ["Tomorrow,", "we", "begin.", "Nobody", "knows", "why."]);
        let quietest_word =
            words.iter().map(|word| rms(&samples[word.1..word.2])).fold(f64::INFINITY, f64::min);
        // It begins with a little silence, and pauses between its sentences.
        let lead = rms(&samples[..words[0].1]);
        let pause = rms(&samples[words[2].2..words[3].1]);
        assert!(
            quietest_word > 5.0 * lead.max(pause),
            "{voice}: words {quietest_word}, silence {lead} and {pause}"
        );
        assert!(words[3].1 - words[2].2 > 1_600, "{voice}: a pause between the sentences");
        // Who answers or follows another speaker does so when it was chosen, not when Flite's silence is over.
        assert_eq!(words[0].1, 320, "{voice}: 20 ms before the first word");
        assert!(samples.len() - words[5].2 <= 640, "{voice}: at most 40 ms behind the last");
    }
}

// ── Helpers ──────────────────────────────────────────────────────────────────────────────────────────────

fn two_cities() -> Option<(voice_studio::adapters::onnx::OfflineModels, Vec<i16>)> {
    let models = models("a person's recording")?;
    let recording = models.dir.join("two-cities/two_cities.wav");
    if !recording.is_file() {
        println!("skipped: no {}", recording.display());
        return None;
    }
    Some((models, wav_16k(&recording)))
}

async fn send(input: &tokio::sync::mpsc::Sender<SttInput>, frames: &[Frame]) {
    for frame in frames {
        comes("room", input.send(SttInput::Audio(frame.clone()))).await.unwrap();
    }
}

type Events = tokio::sync::mpsc::Receiver<Result<SttEvent, voice_studio::adapters::AdapterError>>;

async fn next_words(events: &mut Events) -> SttWords {
    match comes("words", events.recv()).await {
        Some(Ok(SttEvent::Words(words))) => words,
        other => panic!("{other:?} in place of words"),
    }
}

/// The next words of this stability; interims before them may come or not.
async fn next_of(events: &mut Events, stability: Stability) -> SttWords {
    loop {
        let words = next_words(events).await;
        if words.stability == stability {
            return words;
        }
    }
}
