//! Distant voices and voices in processes of their own, behind a chain: whichever breaks in mid-sentence, and however,
//! the words sound once and in order, and where a word is said to lie it sounds. The same product is asked again, or
//! another one says the rest.
//!
//! A word here is one letter again and again, so a word is a tone of its own, which tells who has been heard.
//! All at once and in real time: most of it is waiting for a service that is silent.

use std::path::Path;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use voice_studio::adapters::google::access::GoogleAccess;
use voice_studio::adapters::net::Endpoint;
use voice_studio::adapters::resilience::Member;
use voice_studio::adapters::resilience::voice::ResilientVoice;
use voice_studio::adapters::tts::elevenlabs::ElevenLabsWay;
use voice_studio::adapters::tts::espeak::Espeak;
use voice_studio::adapters::tts::google::{GoogleVoices, GoogleVoicesOptions};
use voice_studio::adapters::tts::piper::{Piper, PiperOptions, PiperServer};
use voice_studio::adapters::tts::{TextToSpeech, TtsEvent, TtsOptions, TtsPiece, TtsStream};
use voice_studio::adapters::{AdapterError, AdapterNote, ChangeOutcome};
use voice_studio::audio::SampleRate;

use super::distant_voices::{OpenAiForm, at, elevenlabs, net, openai};
use crate::support::comes;
use crate::support::simulators::google::{FIVE_MINUTES, GoogleRequests, GoogleSimulator};
use crate::support::simulators::{self as sim, Fault, FaultPlan, Protocol, Simulator};

const KEY: &str = "a-key-for-tests";

/// Pitches of two words are 60 Hz apart or more.
const TEXTS: [&str; 3] = ["aaaa dddd gggg jjjj,", "mmmm pppp ssss,", "vvvv yyyy AAAA DDDD."];

/// How long a word sounds.
const WORD_MS: u64 = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Product {
    GoogleRequests,
    GoogleStreams,
    ElevenLabsSocket,
    ElevenLabsRequests,
    OpenAi,
    OpenAiBare,
    PiperServer,
    PiperProcess,
    Espeak,
}

/// What a fault comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// Nobody notices anything.
    None,
    /// It goes on by itself, or is too slow for that.
    Delay,
    /// The stream is over, and another takes its place.
    Break,
    /// Something is wrong and nobody can know: the tests of hidden faults show why.
    Hidden,
}

impl Product {
    /// Each with somebody else who steps in for it.
    const PAIRS: [(Self, Self); 9] = [
        (Self::GoogleRequests, Self::OpenAi),
        (Self::GoogleStreams, Self::ElevenLabsSocket),
        (Self::ElevenLabsSocket, Self::GoogleRequests),
        (Self::ElevenLabsRequests, Self::Espeak),
        (Self::OpenAi, Self::ElevenLabsRequests),
        (Self::OpenAiBare, Self::ElevenLabsSocket),
        (Self::PiperServer, Self::PiperProcess),
        (Self::PiperProcess, Self::GoogleStreams),
        (Self::Espeak, Self::PiperServer),
    ];

    /// Events before the fault, so that it strikes in the middle of a piece where the product gives one in parts.
    const fn events_before(self) -> usize {
        match self {
            Self::GoogleRequests => 0,
            Self::GoogleStreams
            | Self::ElevenLabsSocket
            | Self::ElevenLabsRequests
            | Self::PiperServer
            | Self::PiperProcess
            | Self::Espeak => 1,
            Self::OpenAi | Self::OpenAiBare => 5,
        }
    }

    const fn effect(self, fault: Fault) -> Effect {
        match (fault, self) {
            (Fault::Latency(_) | Fault::ClockJump(_), _) => Effect::None,
            (Fault::Drip { .. }, _) => Effect::Delay,
            // An answer is one message; or its letters tell where in the text it belongs.
            (
                Fault::WrongOrder,
                Self::GoogleRequests | Self::ElevenLabsSocket | Self::ElevenLabsRequests,
            ) => Effect::None,
            (Fault::WrongOrder, Self::GoogleStreams | Self::OpenAi | Self::OpenAiBare)
            | (Fault::EndsEarlyAfter(_), Self::OpenAiBare) => Effect::Hidden,
            _ => Effect::Break,
        }
    }

    /// Whether it tells where its words lie; of the others a break may cut a word or have it begin again.
    const fn tells_words(self) -> bool {
        matches!(self, Self::ElevenLabsSocket | Self::ElevenLabsRequests)
    }

    /// The voice, and its service or folder, which lives as long as what is given back.
    async fn start(
        self,
        fault: Option<(Fault, usize)>,
    ) -> (Member<dyn TextToSpeech>, Box<dyn Send>) {
        match self {
            Self::GoogleRequests => {
                let service = simulator(GoogleRequests::new(""), fault).await;
                (member(google(&service.url(), "Neural2-F")), Box::new(service))
            }
            Self::GoogleStreams => {
                let limit = u64::try_from(FIVE_MINUTES.as_millis()).expect("milliseconds");
                let service = GoogleSimulator::start("", limit).await;
                put(&service.state.plan, fault);
                (member(google(&service.url(), "Chirp3-HD-Kore")), Box::new(service))
            }
            Self::ElevenLabsSocket => {
                let service = simulator(sim::elevenlabs::ElevenLabs::new(KEY), fault).await;
                (member(elevenlabs(&service, ElevenLabsWay::Socket)), Box::new(service))
            }
            Self::ElevenLabsRequests => {
                let service = simulator(sim::elevenlabs::ElevenLabs::new(KEY), fault).await;
                (member(elevenlabs(&service, ElevenLabsWay::Requests)), Box::new(service))
            }
            Self::OpenAi => {
                let service = simulator(sim::speech::OpenAiSpeech::new(KEY), fault).await;
                (member(openai(&service, OpenAiForm::Events)), Box::new(service))
            }
            Self::OpenAiBare => {
                let service = simulator(sim::speech::OpenAiSpeech::new(KEY), fault).await;
                (member(openai(&service, OpenAiForm::Bare)), Box::new(service))
            }
            Self::PiperServer => {
                let service = simulator(sim::speech::PiperServer::default(), fault).await;
                (member(PiperServer::new(net(), at(&service, ""))), Box::new(service))
            }
            Self::PiperProcess => {
                let folder = program(fault);
                let model = folder.path().join("voice.onnx");
                std::fs::write(&model, "no network").expect("a voice");
                let told = r#"{"audio":{"sample_rate":16000}}"#;
                std::fs::write(folder.path().join("voice.onnx.json"), told).expect("a voice");
                let program = folder.path().join("voice");
                (member(Piper::new(PiperOptions { program, model })), Box::new(folder))
            }
            Self::Espeak => {
                let folder = program(fault);
                (member(Espeak::new(folder.path().join("voice"))), Box::new(folder))
            }
        }
    }
}

fn member(adapter: impl TextToSpeech + 'static) -> Member<dyn TextToSpeech> {
    let adapter: Arc<dyn TextToSpeech> = Arc::new(adapter);
    Member::of_voice(adapter)
}

fn put(plan: &FaultPlan, fault: Option<(Fault, usize)>) {
    if let Some((fault, times)) = fault {
        (0..times).for_each(|_| plan.push(fault));
    }
}

async fn simulator<P: Protocol>(protocol: P, fault: Option<(Fault, usize)>) -> Simulator<P> {
    let service = Simulator::start(protocol).await;
    put(&service.plan, fault);
    service
}

fn google(url: &str, voice: &str) -> GoogleVoices {
    let service = Endpoint::parse(url).expect("an address");
    let access = Arc::new(GoogleAccess::Open);
    let options = GoogleVoicesOptions { service, access, voice: voice.to_owned() };
    GoogleVoices::new(net(), options).expect("an address")
}

/// A folder with a program that speaks as Piper's and espeak's do, and goes wrong by a plan.
fn program(fault: Option<(Fault, usize)>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("voice");
    install(&path, include_str!("../support/scripted-voice"));
    let (word, times) = match fault {
        None => ("none", 0),
        Some((fault, times)) => (of_a_program(fault), times),
    };
    std::fs::write(folder.path().join("plan"), format!("{word} {times}")).expect("a plan");
    folder
}

fn install(path: &Path, text: &str) {
    std::fs::write(path, text).expect("a program");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(path, mode).expect("a program");
}

/// The fault as it befalls a process.
const fn of_a_program(fault: Fault) -> &'static str {
    match fault {
        Fault::Latency(_) => "latency",
        Fault::Drip { .. } => "drip",
        Fault::Status(..) => "refused",
        Fault::MalformedAfter(_) => "malformed",
        Fault::HalfClosedAfter(_) => "half-closed",
        Fault::SilenceAfter(_) => "silent",
        Fault::EndsEarlyAfter(_) => "ends-early",
        Fault::ResetAfter(_) => "reset",
        Fault::WrongOrder => "wrong-order",
        // A process has no clock to tell of.
        Fault::ClockJump(_) => "none",
    }
}

/// What a listener heard of [`TEXTS`].
#[derive(Debug, Default)]
struct Heard {
    sound: Vec<i16>,
    /// Words as they were told last, of each piece, with their place in the whole sound.
    words: Vec<(String, u64, u64)>,
    ended: Vec<usize>,
    changes: Vec<ChangeOutcome>,
    end: Option<Result<(), AdapterError>>,
}

async fn listen(voice: &ResilientVoice) -> Heard {
    let TtsStream { pieces, mut events } =
        voice.open(TtsOptions::default()).await.expect("a chain opens");
    let feed = tokio::spawn(async move {
        for (piece, text) in (0..).zip(TEXTS) {
            // A chain that has given up takes no more.
            if pieces.send(TtsPiece { piece, text: text.to_owned() }).await.is_err() {
                return;
            }
        }
    });
    let mut heard = Heard::default();
    let (mut begun_at, mut told) = (0, Vec::new());
    while let Some(event) = comes("an event", events.recv()).await {
        assert!(heard.end.is_none(), "{event:?} behind the end");
        match event {
            Ok(TtsEvent::Words { piece, words }) => {
                assert_eq!(usize::from(piece), heard.ended.len(), "words in their turn");
                let text = TEXTS[usize::from(piece)];
                let word = |word: &voice_studio::adapters::tts::TtsWord| {
                    let written = text[word.text_start..word.text_end].to_owned();
                    (written, begun_at + word.start_sample, begun_at + word.end_sample)
                };
                told = words.iter().map(word).collect();
            }
            Ok(TtsEvent::Audio { piece, frame }) => {
                assert_eq!(usize::from(piece), heard.ended.len(), "pieces in order");
                assert_eq!(frame.rate, voice.capabilities().rate);
                heard.sound.extend_from_slice(&frame.samples);
            }
            Ok(TtsEvent::PieceEnded { piece }) => {
                heard.ended.push(usize::from(piece));
                heard.words.append(&mut told);
                begun_at = heard.sound.len() as u64;
            }
            Ok(TtsEvent::Note(AdapterNote::Changed(change))) => heard.changes.push(change.outcome),
            Ok(TtsEvent::Note(_)) => {}
            Ok(TtsEvent::Done) => heard.end = Some(Ok(())),
            Err(error) => heard.end = Some(Err(error)),
        }
    }
    feed.await.expect("fed");
    heard
}

/// The tones that sound, one after the other, with their lengths in ms: windows of 10 ms of one pitch.
fn tones(sound: &[i16], rate: SampleRate) -> Vec<(u32, u64)> {
    const WINDOW_MS: u64 = 10;
    /// Clicks where a word is cut, and bytes that were no sound, are no words.
    const TONE_MIN_MS: u64 = 30;
    let mut tones: Vec<(u32, u64)> = Vec::new();
    let mut was_loud = false;
    for window in sound.chunks_exact(rate.samples_in_ms(10)) {
        let is_loud = window.iter().any(|sample| sample.unsigned_abs() > 600);
        if is_loud {
            let word = nearest(pitch(window, rate));
            match tones.last_mut() {
                Some((last, length_ms)) if was_loud && *last == word => *length_ms += WINDOW_MS,
                _ => tones.push((word, WINDOW_MS)),
            }
        }
        was_loud = is_loud;
    }
    tones.retain(|(_, length_ms)| *length_ms >= TONE_MIN_MS);
    tones
}

/// The pitch of a word that is nearest to what was measured in a window.
fn nearest(measured: u32) -> u32 {
    let pitches = all_words().into_iter().map(pitch_of);
    pitches.min_by_key(|pitch| pitch.abs_diff(measured)).expect("words")
}

/// By where the wave crosses nought upwards, between samples: a window holds a few waves only.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pitches are small and positive"
)]
fn pitch(tone: &[i16], rate: SampleRate) -> u32 {
    let crossing = |(at, pair): (usize, &[i16])| {
        let (before, behind) = (f64::from(pair[0]), f64::from(pair[1]));
        (before < 0.0 && behind >= 0.0).then(|| at as f64 + before / (before - behind))
    };
    let crossings: Vec<f64> = tone.windows(2).enumerate().filter_map(crossing).collect();
    let (Some(first), Some(last)) = (crossings.first(), crossings.last()) else { return 0 };
    if first >= last {
        return 0;
    }
    ((crossings.len() - 1) as f64 * f64::from(rate.hz()) / (last - first)).round() as u32
}

/// The pitch that a word has.
fn pitch_of(word: &str) -> u32 {
    300 + u32::from(word.chars().next().expect("a letter")) % 64 * 20
}

fn is_pitch(found: u32, word: &str) -> bool {
    nearest(found) == pitch_of(word)
}

fn all_words() -> Vec<&'static str> {
    TEXTS
        .iter()
        .flat_map(|text| text.split(' '))
        .map(|word| word.trim_matches(['.', ',']))
        .collect()
}

/// The words that sound: `count` of them, in order and once. Of a voice that tells no word times the one at which it
/// broke may be cut or begin again.
fn faults_of_sound(heard: &Heard, rate: SampleRate, is_exact: bool) -> Option<String> {
    let is_whole = matches!(heard.end, Some(Ok(())));
    let mut wanted = all_words();
    let mut sounded: Vec<(u32, u64)> = Vec::new();
    let mut again = 0;
    for (pitch, length_ms) in tones(&heard.sound, rate) {
        match sounded.last_mut() {
            Some((last, sum)) if *last == pitch => {
                again += 1;
                *sum += length_ms;
            }
            _ => sounded.push((pitch, length_ms)),
        }
    }
    if !is_whole {
        // What was said before it gave up, and the last of it may be cut.
        wanted.truncate(sounded.len());
    }
    let is_order =
        sounded.iter().map(|(pitch, _)| *pitch).eq(wanted.iter().map(|word| pitch_of(word)));
    let (shortest, longest) =
        if is_exact { (WORD_MS - 25, WORD_MS + 25) } else { (WORD_MS / 2 - 30, WORD_MS * 2 + 30) };
    let is_once = again <= usize::from(!is_exact)
        && sounded.iter().all(|(_, length)| (shortest..=longest).contains(length));
    (!is_order || !is_once).then(|| format!("it sounds as {sounded:?}, {again} again"))
}

/// Where a word is told to lie it sounds, and all that sounds is told.
fn faults_of_captions(heard: &Heard, rate: SampleRate, is_timed: bool) -> Option<String> {
    if !is_timed {
        return None;
    }
    let told: Vec<&str> =
        heard.words.iter().map(|(word, ..)| word.trim_matches(['.', ','])).collect();
    if told != all_words() {
        return Some(format!("told {told:?}"));
    }
    let at = |sample: u64| usize::try_from(sample).expect("an index").min(heard.sound.len());
    let is_there = |(word, start, end): &&(String, u64, u64)| {
        // The middle half: a word that is followed by its mark lies a little beside its sound.
        let quarter = (end - start) / 4;
        is_pitch(pitch(&heard.sound[at(start + quarter)..at(end - quarter)], rate), word)
    };
    let lost: Vec<_> = heard.words.iter().filter(|word| !is_there(word)).collect();
    (!lost.is_empty()).then(|| format!("other words sound where these are told: {lost:?}"))
}

/// How a chain may end that has nobody else to ask: a voice that says nothing from the start takes the time a turn has,
/// and a program that ends badly without a sound has refused.
fn may_end_so(heard: &Heard, fault: Fault, product: Product) -> bool {
    let is_program = matches!(product, Product::PiperProcess | Product::Espeak);
    let nothing_came = match fault {
        Fault::SilenceAfter(events) | Fault::MalformedAfter(events) => {
            events == 0 || product == Product::PiperProcess
        }
        Fault::HalfClosedAfter(_) => product == Product::PiperProcess,
        _ => false,
    };
    match &heard.end {
        Some(Err(AdapterError::TimedOut { .. })) => nothing_came,
        Some(Err(AdapterError::Refused { .. })) => is_program && matches!(fault, Fault::Status(..)),
        _ => false,
    }
}

/// What is wrong with what was heard; a fault that changes nothing must change nothing, and one that breaks a stream must
/// be noticed.
fn wrong(
    heard: &Heard,
    rate: SampleRate,
    effect: Effect,
    (exact, timed): (bool, bool),
) -> Option<String> {
    let is_whole = matches!(heard.end, Some(Ok(())));
    let mut faults = Vec::new();
    if effect == Effect::None && !heard.changes.is_empty() {
        faults.push("it is no fault".to_owned());
    }
    if effect == Effect::Break && is_whole && heard.changes.is_empty() {
        faults.push("nobody noticed it".to_owned());
    }
    faults.extend(faults_of_sound(heard, rate, exact || heard.changes.is_empty()));
    if is_whole {
        if heard.ended != [0, 1, 2] {
            faults.push(format!("ended {:?}", heard.ended));
        }
        faults.extend(faults_of_captions(heard, rate, timed));
    }
    (!faults.is_empty()).then(|| format!("{}; {:?}", faults.join("; "), heard.changes))
}

/// All faults but the hidden ones.
fn faults_for(product: Product) -> impl Iterator<Item = Fault> {
    let all = Fault::all(product.events_before()).into_iter();
    all.filter(move |fault| product.effect(*fault) != Effect::Hidden)
}

/// So many at a time: a machine that is busy with all of them at once would be late where no service is.
const AT_ONCE: usize = 8;

async fn all_of(checks: impl Iterator<Item = impl Future<Output = Option<String>>>) {
    let checks = stream::iter(checks).buffer_unordered(AT_ONCE);
    let wrong: Vec<String> = checks.filter_map(std::future::ready).collect().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_distant_voice_that_breaks_in_mid_sentence_is_asked_again_and_says_every_word_once() {
    let cases = Product::PAIRS
        .into_iter()
        .flat_map(|(product, _)| faults_for(product).map(move |fault| (product, fault)));
    let checks = cases.map(|(product, fault)| async move {
        let (member, _service) = product.start(Some((fault, 1))).await;
        let chain = ResilientVoice::new(member, []);
        let heard = listen(&chain).await;
        let timed = product.tells_words();
        let wrong = wrong(&heard, chain.capabilities().rate, product.effect(fault), (timed, timed));
        let is_ended = matches!(heard.end, Some(Ok(()))) || may_end_so(&heard, fault, product);
        let wrong = wrong.or_else(|| (!is_ended).then(|| format!("{:?}", heard.end)));
        wrong.map(|wrong| format!("{product:?}, {fault:?}: {wrong}"))
    });
    all_of(checks).await;
}

#[tokio::test]
async fn another_voice_says_the_rest_of_a_sentence_in_which_a_distant_one_broke_for_good() {
    let cases = Product::PAIRS
        .into_iter()
        .flat_map(|(first, second)| faults_for(first).map(move |fault| (first, second, fault)));
    let checks = cases.map(|(first, second, fault)| async move {
        let (broken, _service) = first.start(Some((fault, 20))).await;
        let (well, _other) = second.start(None).await;
        let chain = ResilientVoice::new(broken, [(well, String::new())]);
        let heard = listen(&chain).await;
        let timed = first.tells_words() && second.tells_words();
        let exact = first.tells_words();
        let wrong = wrong(&heard, chain.capabilities().rate, first.effect(fault), (exact, timed));
        let is_ended = matches!(heard.end, Some(Ok(())));
        let wrong = wrong.or_else(|| (!is_ended).then(|| format!("{:?}", heard.end)));
        wrong.map(|wrong| format!("{first:?} then {second:?}, {fault:?}: {wrong}"))
    });
    all_of(checks).await;
}

// ── Hidden faults ────────────────────────────────────────────────────────────────────────────────────────────

/// What a voice itself gives for one text that it says to its end.
async fn sound_of(voice: &Member<dyn TextToSpeech>, text: &str) -> Vec<i16> {
    let stream = voice.adapter.open(TtsOptions::default()).await.expect("a voice opens");
    let TtsStream { pieces, mut events } = stream;
    let piece = TtsPiece { piece: 0, text: text.to_owned() };
    pieces.send(piece).await.expect("a voice takes a text");
    drop(pieces);
    let mut sound = Vec::new();
    loop {
        match comes("an event", events.recv()).await.expect("an end").expect("no error") {
            TtsEvent::Audio { frame, .. } => sound.extend_from_slice(&frame.samples),
            TtsEvent::Done => return sound,
            _ => {}
        }
    }
}

/// Each part of so many letters after the one that should follow it.
fn mixed_up(text: &str, letters: usize) -> String {
    let letters: Vec<&[u8]> = text.as_bytes().chunks(letters).collect();
    let pairs = letters.chunks(2).map(|pair| pair.iter().rev().copied().collect::<Vec<_>>());
    String::from_utf8(pairs.flatten().flatten().copied().collect()).expect("letters")
}

/// Parts of bare sound have neither numbers nor times nor letters, and the connection keeps the order in which they were
/// sent: a service that mixes them up says what it would rightly say to another text. No listener can tell, so nobody is
/// asked again; every part of it is heard, and none twice. The bytes of a body without messages have no parts that could
/// change places: HTTP may cut them anywhere.
#[tokio::test]
async fn bare_sound_in_another_order_is_rightly_the_sound_of_another_text() {
    for (product, letters) in [(Product::GoogleStreams, 4), (Product::OpenAi, 2)] {
        let (mixing, _service) = product.start(Some((Fault::WrongOrder, 1))).await;
        let (well, _other) = product.start(None).await;
        let mixed = sound_of(&mixing, TEXTS[0]).await;
        assert_eq!(mixed, sound_of(&well, &mixed_up(TEXTS[0], letters)).await, "{product:?}");
        assert_ne!(mixed, sound_of(&well, TEXTS[0]).await, "{product:?}: no fault");

        let (mixing, _service) = product.start(Some((Fault::WrongOrder, 20))).await;
        let chain = ResilientVoice::new(mixing, []);
        let heard = listen(&chain).await;
        assert!(matches!(heard.end, Some(Ok(()))), "{product:?}: {:?}", heard.end);
        assert_eq!((heard.ended.as_slice(), heard.changes.len()), ([0, 1, 2].as_slice(), 0));
        let tones = tones(&heard.sound, chain.capabilities().rate);
        for word in all_words() {
            let of_word = tones.iter().filter(|(pitch, _)| is_pitch(*pitch, word));
            let length: u64 = of_word.map(|(_, length)| length).sum();
            assert!(length.abs_diff(WORD_MS) <= 50, "{product:?}: {length} ms of {word}");
        }
    }
}

/// A body of bare samples that ends in order has no last word that could be missing: the broken answer is the whole answer
/// to the beginning of the text. Whoever wants to know asks for events.
#[tokio::test]
async fn bare_sound_that_ends_early_in_order_is_rightly_the_sound_of_a_shorter_text() {
    let (broken, _service) = Product::OpenAiBare.start(Some((Fault::EndsEarlyAfter(5), 1))).await;
    let (well, _other) = Product::OpenAiBare.start(None).await;
    let beginning = sound_of(&broken, TEXTS[0]).await;
    assert_eq!(beginning, sound_of(&well, &TEXTS[0][..8]).await);
    assert!(beginning.len() < sound_of(&well, TEXTS[0]).await.len(), "no fault");
}
