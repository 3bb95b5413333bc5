//! Distant recognisers behind a chain: whichever breaks in mid-sentence, and however, every numbered word is in the
//! transcript once. The same service is asked again, or another one hears the rest.
//!
//! All at once and in real time: most of it is waiting for a service that is silent.

use std::sync::Arc;

use futures_util::future::join_all;
use voice_studio::adapters::google::access::GoogleAccess;
use voice_studio::adapters::net::Endpoint;
use voice_studio::adapters::resilience::Member;
use voice_studio::adapters::resilience::ears::ResilientEars;
use voice_studio::adapters::stt::google::{
    GoogleSpeech, GoogleSpeechOptions, GoogleSpeechVersion, STREAM_HARD, STREAM_SOFT,
};
use voice_studio::adapters::stt::whisper::WhisperRoute;
use voice_studio::adapters::stt::{SpeechToText, SttInput};
use voice_studio::adapters::{AdapterNote, ChangeOutcome};

use super::distant_ears::{assemblyai, deepgram, listen, numbers, two_sentences, whisper};
use crate::support::simulators::google::{FIVE_MINUTES, GoogleSimulator};
use crate::support::simulators::{self as sim, Fault, Protocol, Simulator};

const KEY: &str = "a-key-for-tests";

#[derive(Clone, Copy, Debug)]
enum Product {
    Deepgram,
    AssemblyAi,
    Whisper,
    GoogleV1,
    GoogleV2,
}

impl Product {
    /// Each with somebody else who steps in for it.
    const PAIRS: [(Self, Self); 5] = [
        (Self::Deepgram, Self::GoogleV2),
        (Self::AssemblyAi, Self::Deepgram),
        (Self::Whisper, Self::AssemblyAi),
        (Self::GoogleV1, Self::Whisper),
        (Self::GoogleV2, Self::GoogleV1),
    ];

    /// Events before the fault, so that it strikes within the first sentence. Whisper's server answers one question with
    /// one event.
    const fn events_before(self) -> usize {
        match self {
            Self::Whisper => 0,
            Self::Deepgram | Self::AssemblyAi | Self::GoogleV1 | Self::GoogleV2 => 4,
        }
    }

    /// The recogniser, and its service, which lives as long as what is given back.
    async fn start(self, plan: &[Fault]) -> (Member<dyn SpeechToText>, Box<dyn Send>) {
        match self {
            Self::Deepgram => {
                let service = simulator(sim::deepgram::Deepgram::new(KEY), plan).await;
                (member(deepgram(&service)), Box::new(service))
            }
            Self::AssemblyAi => {
                let service = simulator(sim::assemblyai::AssemblyAi::new(KEY), plan).await;
                (member(assemblyai(&service, "universal-streaming-english")), Box::new(service))
            }
            Self::Whisper => {
                let service = simulator(sim::whisper::WhisperServer::new(KEY), plan).await;
                (member(whisper(&service, WhisperRoute::Transcribe)), Box::new(service))
            }
            Self::GoogleV1 => google(GoogleSpeechVersion::V1, plan).await,
            Self::GoogleV2 => {
                let recognizer = "projects/p/locations/global/recognizers/_".to_owned();
                google(GoogleSpeechVersion::V2 { recognizer }, plan).await
            }
        }
    }
}

fn member(adapter: impl SpeechToText + 'static) -> Member<dyn SpeechToText> {
    let adapter: Arc<dyn SpeechToText> = Arc::new(adapter);
    Member::of_ears(adapter)
}

async fn simulator<P: Protocol>(protocol: P, plan: &[Fault]) -> Simulator<P> {
    Simulator::start_with(protocol, plan.iter().copied().map(Some).collect()).await
}

async fn google(
    version: GoogleSpeechVersion,
    plan: &[Fault],
) -> (Member<dyn SpeechToText>, Box<dyn Send>) {
    let limit = u64::try_from(FIVE_MINUTES.as_millis()).expect("milliseconds");
    let service = GoogleSimulator::start("", limit).await;
    for fault in plan {
        service.state.plan.push(*fault);
    }
    let options = GoogleSpeechOptions {
        service: Endpoint::parse(&service.url()).expect("an address"),
        access: Arc::new(GoogleAccess::Open),
        version,
        model: "latest_long".to_owned(),
        stream_soft: STREAM_SOFT,
        stream_hard: STREAM_HARD,
    };
    (member(GoogleSpeech::new(options).expect("an address")), Box::new(service))
}

/// The faults after which a stream is over and another may take its place.
fn breaks(events_before: usize) -> Vec<Fault> {
    let lasts = |fault: &Fault| {
        !matches!(
            fault,
            Fault::Latency(_) | Fault::Drip { .. } | Fault::ClockJump(_) | Fault::WrongOrder
        )
    };
    Fault::all(events_before).into_iter().filter(lasts).collect()
}

/// `None` if the transcript holds every word once and the change that must be told was told.
async fn heard_once(
    what: String,
    ears: ResilientEars,
    script: &[SttInput],
    told: ChangeOutcome,
) -> Option<String> {
    let (said, notes, end) = listen(&ears, script).await;
    let changes: Vec<ChangeOutcome> = notes
        .iter()
        .filter_map(|note| match note {
            AdapterNote::Changed(change) => Some(change.outcome),
            AdapterNote::Begun(_) | AdapterNote::Used(_) => None,
        })
        .collect();
    let heard = numbers(&said);
    let is_right = end.is_ok() && heard == (1..15).collect::<Vec<_>>() && changes.contains(&told);
    (!is_right).then(|| format!("{what}: {heard:?}, {changes:?}, {end:?}"))
}

#[tokio::test]
async fn a_distant_recogniser_that_breaks_in_mid_sentence_is_asked_again_and_hears_every_word_once()
{
    let script = two_sentences().await;
    let cases = Product::PAIRS.into_iter().flat_map(|(product, _)| {
        breaks(product.events_before()).into_iter().map(move |fault| (product, fault))
    });
    let checks = cases.map(|(product, fault)| {
        let script = &script;
        async move {
            let (member, _service) = product.start(&[fault]).await;
            let ears = ResilientEars::new(member, []);
            let what = format!("{product:?}, {fault:?}");
            heard_once(what, ears, script, ChangeOutcome::Retrying).await
        }
    });
    let wrong: Vec<String> = join_all(checks).await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn another_recogniser_hears_the_rest_of_a_sentence_in_which_a_distant_one_broke_for_good() {
    let script = two_sentences().await;
    let cases = Product::PAIRS.into_iter().flat_map(|(first, second)| {
        breaks(first.events_before()).into_iter().map(move |fault| (first, second, fault))
    });
    let checks = cases.map(|(first, second, fault)| {
        let script = &script;
        async move {
            let (broken, _service) = first.start(&[fault; 20]).await;
            let (well, _other) = second.start(&[]).await;
            let ears = ResilientEars::new(broken, [well]);
            let what = format!("{first:?} then {second:?}, {fault:?}");
            heard_once(what, ears, script, ChangeOutcome::Switching).await
        }
    });
    let wrong: Vec<String> = join_all(checks).await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
