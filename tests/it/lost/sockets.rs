//! Sockets that are cut, delayed and halved at hundreds of random points: what the studio says and plays arrives exactly
//! once, and the recording is that of an undisturbed session but for the holes it tells of.
//!
//! The AIs talk by themselves, so that what is said does not depend on what got through; the host's microphone gives a
//! soft tone, so that every missing frame shows in the track.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use voice_studio::adapters::scripted::{ScriptedMind, ScriptedVoice};
use voice_studio::conversation::{AiSpeaker, Speaker};
use voice_studio::recording::{Event, Manifest, read_events};

use crate::recording::decode;
use crate::support::log::check_log;
use crate::support::page::{Page, TURNS};
use crate::support::proxy::{Proxy, Weather};
use crate::support::stand_ins::StandIns;
use crate::support::studio::{Opening, Studio};

/// Sessions behind the bad network, besides the one on a good one.
const DISTURBED: u64 = 10;
/// Cuts that all of them together must have seen for the test to mean something.
const CUTS_MIN: u64 = 200;

/// What a cut may add to the sounding part of a track, where the codec rings on.
const EDGE_MS: usize = 10;

const BAD: Weather = Weather { life_ms: (100, 900), slow_per_cent: 6, slow_ms: 60 };
const GOOD: Weather = Weather { life_ms: (600_000, 600_000), slow_per_cent: 0, slow_ms: 1 };

/// What each AI says whenever it has the floor, caption by caption.
const LINES: [[&str; 2]; 2] = [
    ["One two three four five six seven eight nine ten.", "Eleven twelve thirteen fourteen."],
    ["Red orange yellow green blue indigo violet.", "Black white grey brown pink."],
];

const WORD_MS: usize = 140;

/// Samples of all that an AI says in its turns.
fn said_samples(speaker: AiSpeaker) -> usize {
    let words = LINES[speaker.index()].iter().map(|line| line.split_whitespace().count());
    words.sum::<usize>() * WORD_MS * 48 * TURNS / 2
}

fn stand_ins() -> StandIns {
    let minds = LINES.map(|lines| lines.join(" "));
    let mut cast = StandIns::new(&[], &[""]);
    for (place, words) in minds.into_iter().enumerate() {
        cast = cast.with_mind(place, Arc::new(ScriptedMind::new([words]))).with_voice(
            place,
            Arc::new(ScriptedVoice::new().with_pace(Duration::from_millis(WORD_MS as u64))),
        );
    }
    cast
}

/// What came of one session.
struct Told {
    page: Page,
    folder: PathBuf,
    cuts: u64,
    pieces: u64,
}

async fn hold(studio: &Studio, number: u64) -> Told {
    let weather = if number == 0 { GOOD } else { BAD };
    let proxy = Proxy::start(studio.address(), 0x5EED_0000 + number, weather).await;
    let mut page = Page::new(format!("cut-{number}"));
    page.talk(&proxy).await;
    let folder = studio.recordings().join(&page.recorded_as);
    Told { page, folder, cuts: proxy.cuts(), pieces: proxy.pieces() }
}

fn events(folder: &Path) -> Vec<Event> {
    let log = read_events(&folder.join("events.jsonl")).expect("a log");
    log.map(|event| event.expect("a whole line")).collect()
}

/// Everything that the log says was told and must have arrived, did so, once and in order.
fn assert_told_once(told: &Told, events: &[Event]) {
    let Page { heard_of, episode, .. } = &told.page;
    let twice: Vec<_> = heard_of.numbers.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "{episode}: numbers that came twice: {twice:?}");
    let is_order = |event: &&Event| event.fields.contains_key("order");
    let word = |event: &Event, name: &str| event.fields[name].as_str().unwrap_or("").to_owned();
    let finals: Vec<u64> = events
        .iter()
        .filter(is_order)
        .filter(|event| event.kind == "caption" && event.fields["isFinal"] == true)
        .map(|event| event.fields["id"].as_u64().expect("a number"))
        .collect();
    let seen: Vec<u64> = heard_of.finals.iter().map(|caption| caption.id.into()).collect();
    assert_eq!(seen, finals, "{episode}: final captions");
    let orbs: Vec<(String, String)> = events
        .iter()
        .filter(is_order)
        .filter(|event| event.kind == "orb.state")
        .map(|event| (word(event, "speaker"), format!("\"{}\"", word(event, "state"))))
        .collect();
    assert_eq!(heard_of.orbs, orbs, "{episode}: orbs");
    let replies = events.iter().filter(|event| event.kind == "turn.metrics").count();
    assert_eq!(heard_of.replies, replies, "{episode}: replies");
}

/// The AIs took turns, whoever began, and every caption of them came, in order.
fn assert_said_all(told: &Told) {
    let said: Vec<&str> =
        told.page.heard_of.finals.iter().map(|caption| caption.text.as_str()).collect();
    let first = usize::from(said.first() == Some(&LINES[1][0]));
    let expected: Vec<&str> = (0..TURNS).flat_map(|turn| LINES[(first + turn) % 2]).collect();
    assert_eq!(said[..expected.len().min(said.len())], expected, "{}", told.page.episode);
}

/// Frames of the host's track that are silent and that no line of the log explains.
fn unexplained_silence(folder: &Path, events: &[Event]) -> Vec<u64> {
    let track = decode(folder, Speaker::You);
    let sounds = |frame: &[i16]| frame.iter().any(|sample| sample.unsigned_abs() > 40);
    let Some(first) = track.chunks(960).position(sounds) else { panic!("no sound at all") };
    let gaps: Vec<(u64, u64)> = events
        .iter()
        .filter(|event| event.kind == "recorder.gap")
        .map(|event| {
            let cause = event.fields["cause"].as_str().unwrap_or_default();
            assert!(["network", "absent", "stall"].contains(&cause), "a hole without a cause");
            let at = event.at.expect("a place").samples();
            (at, at + event.fields["samples"].as_u64().expect("a length"))
        })
        .collect();
    let end = track.len() as u64;
    let is_explained = |from: u64, to: u64| {
        // The last frames were still on their way when the session ended; an edge of a hole may lie inside a frame.
        to + 48 * 400 >= end || gaps.iter().any(|(a, b)| from + 960 >= *a && to <= b + 960)
    };
    track
        .chunks(960)
        .zip((0..).step_by(960))
        .skip(first)
        .filter(|(frame, from)| !sounds(frame) && !is_explained(*from, from + 960))
        .map(|(_, from)| from / 48)
        .collect()
}

/// The sound of an AI's track, without its silences.
fn sounding_ms(folder: &Path, speaker: AiSpeaker) -> usize {
    let track = decode(folder, speaker.into());
    track.chunks(48).filter(|ms| ms.iter().any(|sample| sample.unsigned_abs() > 400)).count()
}

/// Each AI was heard, and recorded, as in the undisturbed session: no sample twice, none missing.
fn assert_heard_once(told: &Told, undisturbed: &Told) {
    let episode = &told.page.episode;
    let manifest = Manifest::read(&told.folder).expect("readable").expect("a manifest");
    for speaker in AiSpeaker::BOTH {
        let of = |told: &Told| told.page.player.heard(speaker).to_vec();
        let (heard, whole, said) = (of(told), of(undisturbed), said_samples(speaker));
        let same = heard.iter().zip(&whole).take_while(|(heard, whole)| heard == whole).count();
        let (all, good) = (heard.len(), whole.len());
        assert!(
            same >= said,
            "{episode} {speaker}: {same} of {said}, {all} heard, {good} without cuts"
        );
        // The wish for autopilot is repeated until it is answered; one that comes late lets the AIs go on for longer, and
        // the end falls into a turn that begins as all of this AI's do.
        let more = heard[said..].len();
        assert!(heard.starts_with(&heard[said..]), "{episode}: {speaker} said something else");
        let track = manifest.tracks.iter().find(|track| track.speaker == speaker.into());
        let cut = track.expect("a track").cut_samples;
        assert_eq!(cut, 0, "{episode}: what {speaker} was heard to say found its place taken");
        // Decoded sound is not the same to the sample: each time that the voice is held, it rings out.
        let expected = sounding_ms(&undisturbed.folder, speaker) - (good - said) / 48;
        let recorded = sounding_ms(&told.folder, speaker);
        let most = expected + more / 48 + EDGE_MS * usize::try_from(told.cuts).expect("few");
        println!("{episode} {speaker}: {all} samples heard, {recorded} ms of {expected} to {most}");
        assert!((expected * 97 / 100..=most).contains(&recorded), "{episode}: {speaker}'s track");
    }
}

#[actix::test]
async fn what_a_bad_network_cuts_delays_and_halves_arrives_exactly_once() {
    let studio = Opening::of(stand_ins()).start().await;
    let all = (0..=DISTURBED).map(|number| hold(&studio, number));
    let told = futures_util::future::join_all(all).await;
    let cuts: u64 = told.iter().map(|told| told.cuts).sum();
    let pieces: u64 = told.iter().map(|told| told.pieces).sum();
    println!("{cuts} cuts, {pieces} pieces");
    assert_eq!(told[0].cuts, 0);
    let (undisturbed, disturbed) = told.split_first().expect("sessions");
    for told in disturbed {
        let events = events(&told.folder);
        check_log(&events);
        assert_told_once(told, &events);
        assert_said_all(told);
        assert_heard_once(told, undisturbed);
        let silent = unexplained_silence(&told.folder, &events);
        assert!(silent.is_empty(), "{}: silent without a word at {silent:?} ms", told.page.episode);
    }
    assert!(cuts >= CUTS_MIN, "only {cuts} cuts");
}
