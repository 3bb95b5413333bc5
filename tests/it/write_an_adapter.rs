//! The page `docs/write-an-adapter.md` is true: its code is the file below, compiled and held to the contract.

pub(crate) mod parrot;
pub(crate) mod simulator;

use voice_studio::adapters::net::Endpoint;
use voice_studio::adapters::stt::{SpeechToText, SttInput, SttOptions};
use voice_studio::audio::{Frame, SampleRate};
use voice_studio::secret::Secret;

use crate::adapters::recognisers::check_speech_to_text;
use crate::support::simulators::Simulator;
use crate::support::simulators::numbered::speak;
use parrot::Parrot;
use simulator::ParrotService;

pub(crate) const KEY: &str = "parrot-key-0123456789";

pub(crate) fn parrot_at(simulator: &Simulator<ParrotService>, key: &str) -> Parrot {
    Parrot {
        service: Endpoint::parse(&simulator.url()).expect("an address"),
        key: Secret::new(key.to_owned()),
    }
}

/// Numbered words as a host says them: a second of quiet, words, and quiet until they are final.
pub(crate) fn spoken(numbers: std::ops::Range<usize>) -> Vec<SttInput> {
    let quiet = vec![0; 16_000];
    let words: Vec<i16> = numbers.flat_map(speak).collect();
    let sound = [quiet.as_slice(), words.as_slice(), quiet.as_slice()].concat();
    let voice_ends = 16_000 + words.len() as u64;
    let mut inputs = Vec::new();
    for (index, part) in sound.chunks(320).enumerate() {
        inputs.push(SttInput::Audio(Frame::new(SampleRate::HZ_16000, part)));
        let sent = (index as u64 + 1) * 320;
        if sent == 16_000 + 320 {
            inputs.push(SttInput::SpeechStarted { at_sample: 16_000 });
        }
        if sent.saturating_sub(320) < voice_ends && voice_ends <= sent {
            inputs.push(SttInput::SpeechStopped { at_sample: voice_ends.min(sent) });
        }
    }
    inputs
}

#[tokio::test]
async fn the_adapter_of_the_page_keeps_the_contract() {
    let simulator = Simulator::start(ParrotService { key: KEY }).await;
    check_speech_to_text(&parrot_at(&simulator, KEY), &spoken(0..12)).await;
    let refused = parrot_at(&simulator, "another").open(SttOptions::default()).await.unwrap_err();
    assert_eq!(refused.to_string(), "parrot refused: HTTP 401 parrot_says_no");
}

#[test]
fn the_code_of_the_page_is_the_code_that_is_tested() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/write-an-adapter.md")).expect("the page");
    let code = include_str!("write_an_adapter/parrot.rs").replace("voice_studio::", "crate::");
    let code = code.replace("pub(crate)", "pub");
    let wanted = concat!(env!("CARGO_TARGET_TMPDIR"), "/parrot.rs");
    std::fs::write(wanted, &code).expect("a file");
    assert!(page.contains(&code), "put the text of {wanted} into docs/write-an-adapter.md");
}
