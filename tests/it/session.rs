//! A session as actors, with scripted adapters and paused time: whole turns, interruptions, and everything that breaks.
//!
//! Each room ends with the checks of [`Room::over`]: a log whose inputs give its orders again, three tracks of one
//! length, a manifest.

use std::sync::Arc;
use std::time::Duration;

use voice_studio::adapters::scripted::{Fault, ScriptedEars, ScriptedMind, ScriptedVoice};
use voice_studio::audio::SampleRate;
use voice_studio::audio::playout::Reports;
use voice_studio::conversation::prompt::Role;
use voice_studio::conversation::{AiSpeaker, Input, OrbState, Speaker};
use voice_studio::recording::manifest::Manifest;
use voice_studio::session::messages::{Child, ChildStopped, EndSession};
use voice_studio::session::notice::{CloseReason, Notice};

use crate::support::room::{Left, Page, Room, Seen};
use crate::support::stand_ins::{Panicking, StandIns};

const QUESTION: &str = "Ada what is a moon";
const ANSWER: &str =
    "A moon is a rock that goes around a planet. It shines with borrowed light, and that is all.";
/// One word of a scripted voice.
const WORD_SAMPLES: u64 = 300 * 48;

/// The host asks and is answered.
async fn ask(room: &mut Room) {
    let before = room.page.replies_over();
    room.host_speaks(1500);
    room.until("an answer", |page| page.replies_over() > before).await;
}

/// The host asks, and the answer has been sounding for a while.
async fn ask_and_listen(room: &mut Room, ms: u64) {
    let before = room.page.frames().count();
    room.host_speaks(1500);
    room.until("the sound of an answer", |page| page.frames().count() > before).await;
    room.run(ms).await;
}

fn position(page: &Page, wanted: impl Fn(&Notice) -> bool) -> usize {
    page.seen
        .iter()
        .position(|seen| matches!(seen, Seen::Notice(_, notice) if wanted(notice)))
        .unwrap_or_else(|| panic!("a notice is missing in\n{}", page.story()))
}

fn closed_with(left: &Left) -> Option<CloseReason> {
    left.page.seen.iter().find_map(|seen| match seen {
        Seen::Closed(reason) => Some(*reason),
        _ => None,
    })
}

fn verdicts(left: &Left) -> Vec<&str> {
    left.events
        .iter()
        .filter(|event| event.kind == "barge-in")
        .filter_map(|event| event.fields["verdict"].as_str())
        .collect()
}

fn errors(left: &Left) -> Vec<String> {
    left.events
        .iter()
        .filter(|event| event.kind == "error")
        .map(|event| event.fields["context"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[actix::test]
async fn what_is_typed_is_answered_from_when_it_was_typed_on() {
    let mut room = Room::open(&StandIns::new(&[QUESTION], &[ANSWER, ANSWER])).await;
    ask(&mut room).await;
    room.run(5000).await;
    let before = room.page.replies_over();
    room.press(Input::Typed { text: "Ada, what is a star?".to_owned() });
    room.until("an answer", |page| page.replies_over() > before).await;
    let left = room.end().await;
    let waits: Vec<u64> = left
        .events
        .iter()
        .filter(|event| event.kind == "turn.metrics")
        .filter_map(|event| event.fields["endOfTurnMs"].as_u64())
        .collect();
    let [spoken, typed] = waits.as_slice() else { panic!("{waits:?}") };
    assert!(*spoken >= 100 && *typed <= 20, "{waits:?}: spoken, then typed");
}

#[actix::test]
async fn a_spoken_question_is_answered_aloud_and_recorded() {
    let mut room = Room::open(&StandIns::new(&[QUESTION], &[ANSWER])).await;
    ask(&mut room).await;
    let left = room.end().await;
    let page = &left.page;

    assert_eq!(page.said(Speaker::You), QUESTION);
    assert_eq!(page.said(Speaker::Claude), ANSWER);
    let orbs = page.orbs(Speaker::Claude);
    let thinking = orbs.iter().position(|orb| *orb == OrbState::Thinking).expect("thinks");
    let speaking = orbs.iter().position(|orb| *orb == OrbState::Speaking).expect("speaks");
    assert!(thinking < speaking, "{orbs:?}");

    let mut next = 0;
    for frame in page.frames() {
        assert_eq!((frame.speaker, frame.first_sample), (AiSpeaker::Claude, next));
        next += frame.samples.len() as u64;
    }
    assert_eq!(next, ANSWER.split(' ').count() as u64 * WORD_SAMPLES);
    assert_eq!(page.heard(AiSpeaker::Claude).len() as u64, next);
    assert!(page.most_ahead <= 200 * 48, "{} samples ahead of the listener", page.most_ahead);

    let ready = position(page, |notice| matches!(notice, Notice::RecordingReady(_)));
    assert_eq!(ready, page.seen.len() - 2, "the last word before the end");
    assert_eq!(closed_with(&left), Some(CloseReason::Ended));
    let track = crate::recording::decode(&left.folder, Speaker::Claude);
    let sounding =
        track.chunks(960).filter(|frame| frame.iter().any(|sample| sample.abs() > 1000)).count();
    let heard_frames = usize::try_from(next / 960).expect("a count");
    assert!(
        sounding <= heard_frames + 2 && sounding * 10 >= heard_frames * 9,
        "{sounding} frames of {heard_frames} heard are in the track"
    );
    let gaps = left.events.iter().filter(|event| event.kind == "recorder.gap");
    assert_eq!(gaps.count(), 0, "nothing of the host was lost");
}

#[actix::test]
async fn an_interruption_stops_the_answer_and_memory_keeps_what_was_heard() {
    let minds = [0, 1].map(|_| Arc::new(ScriptedMind::new([ANSWER])));
    let cast = StandIns::new(&[QUESTION, "Wait stop there Ada"], &[ANSWER])
        .with_mind(0, minds[0].clone())
        .with_mind(1, minds[1].clone());
    let mut room = Room::open(&cast).await;
    ask_and_listen(&mut room, 2000).await;
    let over = room.page.replies_over();
    room.host_speaks(1500);
    room.until("the end of the answer", |page| page.replies_over() > over).await;
    let heard_samples = room.page.heard(AiSpeaker::Claude).len() as u64;
    let said = room.page.said(Speaker::Claude);
    let asked = minds[0].prompts().len();
    for _ in 0..200 {
        if minds[0].prompts().len() > asked {
            break;
        }
        room.step().await;
    }
    let left = room.end().await;
    let page = &left.page;

    let duck =
        position(page, |notice| matches!(notice, Notice::Duck { gain_db, .. } if *gain_db < 0));
    let pause = position(page, |notice| matches!(notice, Notice::Pause { .. }));
    let flush = position(page, |notice| matches!(notice, Notice::Flush { .. }));
    assert!(duck < pause && pause < flush, "{}", page.story());
    let Some(turn) = page.frames().next().map(|frame| frame.turn) else { panic!("no sound") };
    let late = page.seen[pause..]
        .iter()
        .filter(|seen| matches!(seen, Seen::Sound(frame) if frame.turn == turn));
    assert_eq!(late.count(), 0, "no frame of a held turn leaves");
    assert_eq!(verdicts(&left), ["stopped"]);

    let words = said.split(' ').count() as u64;
    assert!(ANSWER.starts_with(&said) && words > 2, "{said:?}");
    assert!(
        heard_samples.abs_diff(words * WORD_SAMPLES) <= WORD_SAMPLES,
        "{words} words and {heard_samples} samples were heard"
    );
    let prompts = minds[0].prompts();
    let remembered = prompts.last().expect("asked again").messages.iter();
    let own: Vec<&str> = remembered
        .filter(|message| message.role == Role::Assistant)
        .map(|message| message.text.as_str())
        .collect();
    assert_eq!(own, [said.as_str()]);
}

#[actix::test]
async fn a_click_stands_in_the_track_where_it_was_at_every_rate() {
    tokio::time::pause();
    for hz in [16_000, 24_000, 44_100, 48_000] {
        let rate = SampleRate::new(hz).expect("a rate");
        let mut room = Room::open_next(&StandIns::new(&[], &[ANSWER]), rate).await;
        let click_at = u64::from(hz) * 3 / 2 + 7;
        room.click_at = Some(click_at);
        room.run(4000).await;
        // A frame that is sent holds the 20 ms before: its first sample was captured so much earlier.
        let captured = room.began.offset(-960).samples() + click_at * 48_000 / u64::from(hz);
        let left = room.end().await;
        let track = crate::recording::decode(&left.folder, Speaker::You);
        let (place, _) = track
            .iter()
            .enumerate()
            .max_by_key(|(_, sample)| sample.unsigned_abs())
            .expect("a track");
        let off = (place as u64).abs_diff(captured);
        assert!(off <= 5 * 48, "{hz} Hz: {place}, not {captured}: {off} samples off");
    }
}

#[actix::test]
async fn a_murmur_lets_the_answer_go_on_at_the_same_sample() {
    let mut room = Room::open(&StandIns::new(&[QUESTION, "mm hmm"], &[ANSWER])).await;
    ask_and_listen(&mut room, 1500).await;
    room.host_speaks(400);
    room.until("the end of the answer", |page| page.replies_over() > 0).await;
    let left = room.end().await;
    assert_eq!(verdicts(&left), ["resumed"]);
    assert_eq!(left.page.said(Speaker::Claude), ANSWER);
    let mut firsts: Vec<u64> = left.page.frames().map(|frame| frame.first_sample).collect();
    assert!(firsts.is_sorted(), "in order: {firsts:?}");
    firsts.dedup();
    assert_eq!(firsts.len(), left.page.frames().count(), "each frame was sent once");
    assert_eq!(
        left.page.heard(AiSpeaker::Claude).len() as u64,
        ANSWER.split(' ').count() as u64 * WORD_SAMPLES
    );
}

#[actix::test]
async fn a_mind_that_panics_is_replaced_and_the_next_question_is_answered() {
    let mind = Panicking::times(1, ScriptedMind::new([ANSWER]));
    let cast = StandIns::new(&[QUESTION, QUESTION], &[ANSWER]).with_mind(0, mind);
    let mut room = Room::open(&cast).await;
    ask(&mut room).await;
    assert!(
        room.page.told().iter().any(|told| told.starts_with("llm error: ")),
        "{:?}",
        room.page.told()
    );
    ask(&mut room).await;
    let left = room.end().await;
    assert_eq!(left.page.said(Speaker::Claude), ANSWER);
    assert_eq!(errors(&left), ["llm"]);
}

#[actix::test]
async fn a_voice_that_panics_is_replaced_and_the_next_question_is_answered() {
    let voice = Panicking::times(1, ScriptedVoice::new());
    let cast = StandIns::new(&[QUESTION, QUESTION], &[ANSWER]).with_voice(0, voice);
    let mut room = Room::open(&cast).await;
    ask(&mut room).await;
    assert!(
        room.page.told().iter().any(|told| told.starts_with("tts error: ")),
        "{:?}",
        room.page.told()
    );
    ask(&mut room).await;
    let left = room.end().await;
    assert_eq!(left.page.said(Speaker::Claude), ANSWER);
    assert_eq!(errors(&left), ["tts"]);
}

#[actix::test]
async fn ears_that_panic_are_replaced_and_the_first_question_is_heard() {
    let mut cast = StandIns::new(&[], &[ANSWER]);
    cast.speech_to_text = Panicking::times(1, ScriptedEars::new([QUESTION]));
    let mut room = Room::open(&cast).await;
    assert!(
        room.page.told().iter().any(|told| told.starts_with("stt error: ")),
        "{:?}",
        room.page.told()
    );
    ask(&mut room).await;
    let left = room.end().await;
    assert_eq!(left.page.said(Speaker::You), QUESTION);
    assert_eq!(left.page.said(Speaker::Claude), ANSWER);
    assert_eq!(errors(&left), ["stt"]);
}

/// A recogniser counts its stretches from 1 in every stream; the session's must go on, or its words count as settled.
#[actix::test]
async fn words_of_a_recogniser_that_took_over_are_not_taken_for_old_ones() {
    let mut cast = StandIns::new(&[], &[ANSWER]);
    let lines = [QUESTION, "Ada and what is a star"];
    // Five interim texts, one that is complete and one that is final: then the second stretch breaks it.
    let faults = vec![Some(Fault::FailsAfter(7))];
    cast.speech_to_text = Arc::new(ScriptedEars::new(lines).with_faults(faults));
    let mut room = Room::open(&cast).await;
    ask(&mut room).await;
    room.host_speaks(600);
    room.until("the break", |page| page.told().iter().any(|told| told.starts_with("stt error")))
        .await;
    room.run(3000).await;
    let before = room.page.said(Speaker::You);
    room.host_speaks(1500);
    room.run(4000).await;
    let left = room.end().await;
    assert!(errors(&left).contains(&"stt".to_owned()));
    let recognised = left.events.iter().filter(|event| event.kind == "stt.final");
    let segments: Vec<u64> =
        recognised.filter_map(|event| event.fields["segment"].as_u64()).collect();
    assert!(segments.windows(2).all(|pair| pair[0] < pair[1]), "{segments:?} after {before:?}");
}

#[actix::test]
async fn a_speaker_whose_mind_panics_too_often_is_shown_as_failed_and_the_session_ends_whole() {
    let mind = Panicking::times(99, ScriptedMind::new([ANSWER]));
    let lines = [QUESTION; 6];
    let cast = StandIns::new(&lines, &[ANSWER]).with_mind(0, mind);
    let mut room = Room::open(&cast).await;
    for _ in 0..5 {
        ask(&mut room).await;
        room.run(500).await;
    }
    let left = room.end().await;
    assert!(left.page.orbs(Speaker::Claude).contains(&OrbState::Failed), "{}", left.page.story());
    let lost = left.page.told().iter().filter(|told| told.contains("stays away")).count();
    assert_eq!(lost, 1, "{:?}", left.page.told());
    assert_eq!(closed_with(&left), Some(CloseReason::Ended));
}

#[actix::test]
async fn a_mind_that_hangs_is_given_up_and_the_next_question_is_answered() {
    tokio::time::pause();
    for fault in [Fault::HangsAtOpen, Fault::HangsAfter(0), Fault::FailsAfter(0), Fault::AtOpen] {
        let mind = Arc::new(ScriptedMind::new([ANSWER]).with_faults(vec![Some(fault)]));
        let cast = StandIns::new(&[QUESTION, QUESTION], &[ANSWER]).with_mind(0, mind);
        let mut room = Room::open_next(&cast, SampleRate::HZ_48000).await;
        ask(&mut room).await;
        ask(&mut room).await;
        let left = room.end().await;
        assert_eq!(left.page.said(Speaker::Claude), ANSWER, "{fault:?}");
    }
}

#[actix::test]
async fn a_voice_that_hangs_or_breaks_is_given_up_and_the_next_question_is_answered() {
    tokio::time::pause();
    for fault in [Fault::HangsAtOpen, Fault::HangsAfter(0), Fault::PanicsAfter(0)] {
        let voice = Arc::new(ScriptedVoice::new().with_faults(vec![Some(fault)]));
        let cast = StandIns::new(&[QUESTION, QUESTION], &[ANSWER]).with_voice(0, voice);
        let mut room = Room::open_next(&cast, SampleRate::HZ_48000).await;
        ask(&mut room).await;
        ask(&mut room).await;
        let left = room.end().await;
        assert_eq!(left.page.said(Speaker::Claude), ANSWER, "{fault:?}");
    }
}

#[actix::test]
async fn ears_that_hang_or_break_are_given_up_and_hear_again() {
    tokio::time::pause();
    for fault in [Fault::HangsAtOpen, Fault::HangsAfter(0), Fault::PanicsAfter(0)] {
        let mut cast = StandIns::new(&[], &[ANSWER]);
        let ears = ScriptedEars::new([QUESTION; 4]);
        cast.speech_to_text = Arc::new(ears.with_faults(vec![Some(fault)]));
        let mut room = Room::open_next(&cast, SampleRate::HZ_48000).await;
        room.host_speaks(900);
        room.until("word of it", |page| {
            page.told().iter().any(|told| told.starts_with("stt error"))
        })
        .await;
        room.run(4000).await;
        room.host_speaks(1500);
        room.until("an answer", |page| page.said(Speaker::Claude) == ANSWER).await;
        let left = room.end().await;
        assert_eq!(errors(&left), ["stt"], "{fault:?}");
    }
}

#[actix::test]
async fn a_detector_that_hangs_is_given_up_and_hears_again() {
    let mut cast = StandIns::new(&[QUESTION], &[ANSWER]);
    let deaf = ScriptedEars::default().with_faults(vec![Some(Fault::HangsAfter(20))]);
    cast.voice_activity = Arc::new(deaf);
    let mut room = Room::open(&cast).await;
    room.until("word of it", |page| page.told().iter().any(|told| told.starts_with("stt error")))
        .await;
    ask(&mut room).await;
    let left = room.end().await;
    assert_eq!(left.page.said(Speaker::Claude), ANSWER);
}

#[actix::test]
async fn a_listener_who_comes_back_hears_the_rest_from_the_first_unheard_sample() {
    let mut room = Room::open(&StandIns::new(&[QUESTION], &[ANSWER])).await;
    ask_and_listen(&mut room, 2000).await;
    let heard = room.page.heard(AiSpeaker::Claude).len() as u64;
    let frames = room.page.frames().count();
    let last_seq = room.page.seen.iter().rev().find_map(|seen| match seen {
        Seen::Notice(seq, _) => Some(*seq),
        _ => None,
    });
    room.lose_connection();
    room.run(5000).await;
    room.attach(last_seq);
    room.until("the end of the answer", |page| page.replies_over() > 0).await;
    let left = room.end().await;
    let first = left.page.frames().nth(frames).expect("sound after the break").first_sample;
    assert!(
        first <= heard && heard - first <= 100 * 48,
        "{first} after {heard}: reports come every 50 ms"
    );
    assert_eq!(left.page.said(Speaker::Claude), ANSWER);
    let numbers: Vec<u64> = left
        .page
        .seen
        .iter()
        .filter_map(|seen| match seen {
            Seen::Notice(seq, _) => Some(*seq),
            _ => None,
        })
        .collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
}

/// What a page hears of an answer, and of the same through connections that die before they report anything.
async fn heard_twice(reports: Reports) -> (Vec<i16>, Vec<i16>) {
    let mut room = Room::open(&StandIns::new(&[QUESTION, QUESTION], &[ANSWER, ANSWER])).await;
    ask(&mut room).await;
    let before = room.page.heard(AiSpeaker::Claude).len();
    ask_and_listen(&mut room, 500).await;
    let last_seq = room.page.seen.iter().rev().find_map(|seen| match seen {
        Seen::Notice(seq, _) => Some(*seq),
        _ => None,
    });
    for _ in 0..2 {
        room.attach_as(last_seq, reports);
        room.die_unnoticed();
        room.run(900).await;
    }
    room.attach_as(last_seq, reports);
    room.until("the end of the answer", |page| page.replies_over() > 1).await;
    let mut first = room.end().await.page.heard(AiSpeaker::Claude).to_vec();
    let second = first.split_off(before);
    (first, second)
}

#[actix::test]
async fn a_page_that_promises_reports_loses_nothing_on_connections_that_die_unnoticed() {
    let (first, second) = heard_twice(Reports::Promised).await;
    assert!(first == second, "{} and {} samples", first.len(), second.len());
}

#[actix::test]
async fn a_page_that_may_never_report_is_taken_to_have_heard_what_it_was_sent() {
    let (first, second) = heard_twice(Reports::Expected).await;
    assert!(second.len() < first.len(), "{} and {} samples", first.len(), second.len());
}

/// Only its frames and pongs tell that such a page is there; a connection that died gives none.
#[actix::test]
async fn a_page_that_may_never_report_is_taken_to_have_heard_no_more_than_its_connection_lived() {
    let long = [ANSWER; 4].join(" ");
    let mut room = Room::open(&StandIns::new(&[QUESTION], &[&long])).await;
    ask_and_listen(&mut room, 500).await;
    let sent = |page: &Page| page.frames().last().map_or(0, |frame| frame.first_sample);
    let before = sent(&room.page);
    room.attach_as(None, Reports::Expected);
    room.die_unnoticed();
    room.run(4_500).await;
    let frames = room.page.frames().count();
    room.attach_as(None, Reports::Expected);
    room.until("the rest", |page| page.frames().count() > frames).await;
    let first = room.page.frames().nth(frames).expect("sound after the break").first_sample;
    let assumed_ms = (first - before) / 48;
    assert!((2_000..3_000).contains(&assumed_ms), "{assumed_ms} ms of 4500 were taken as heard");
    room.end().await;
}

#[actix::test]
async fn a_session_that_nobody_comes_back_to_ends_in_order_after_a_minute() {
    let mut room = Room::open(&StandIns::new(&[QUESTION], &[ANSWER])).await;
    ask_and_listen(&mut room, 1000).await;
    room.lose_connection();
    room.run(59_000).await;
    assert!(room.session.connected(), "a minute is waited");
    room.run(2000).await;
    let left = room.over().await;
    let patience = left.events.iter().filter(|event| {
        event.kind == "deadline"
            && event.fields.get("deadline").is_some_and(|name| name == "listener-patience")
    });
    assert_eq!(patience.count(), 1);
    let text = std::fs::read_to_string(left.folder.join("session.yml")).expect("a manifest");
    assert!(text.contains("Ada"), "{text}");
}

#[actix::test]
async fn the_manifest_names_what_heard_the_host_and_what_wrote_the_answers() {
    let mut room = Room::open(&StandIns::new(&[QUESTION], &[ANSWER])).await;
    ask(&mut room).await;
    let left = room.end().await;
    let manifest = Manifest::read(&left.folder).expect("it can be read").expect("it is there");
    let models = manifest.tracks.iter().map(|track| track.model.as_deref());
    let minds = Some("script");
    assert_eq!(models.collect::<Vec<_>>(), [Some("scripted-ears"), minds, minds]);
}

#[actix::test]
async fn a_listener_who_comes_back_in_time_keeps_the_session() {
    let mut room = Room::open(&StandIns::new(&[QUESTION], &[ANSWER])).await;
    room.lose_connection();
    room.run(40_000).await;
    room.attach(None);
    room.run(40_000).await;
    ask(&mut room).await;
    let left = room.end().await;
    assert_eq!(left.page.said(Speaker::Claude), ANSWER);
}

#[actix::test]
async fn another_page_takes_the_chair_and_its_voice_is_heard() {
    let mut room = Room::open(&StandIns::new(&[QUESTION], &[ANSWER])).await;
    room.run(3000).await;
    room.attach(None);
    room.run(1000).await;
    ask(&mut room).await;
    let left = room.end().await;
    assert_eq!(left.page.said(Speaker::You), QUESTION);
    assert_eq!(left.page.said(Speaker::Claude), ANSWER);
}

#[actix::test]
async fn a_page_that_comes_back_after_a_long_talk_is_not_taken_for_a_slow_one() {
    let mut room = Room::open(&StandIns::new(&[QUESTION], &[ANSWER])).await;
    for _ in 0..15 {
        for index in 0..60 {
            room.press(Input::AutopilotSet { enabled: index % 2 == 0 });
        }
        room.step().await;
        room.run(1000).await;
    }
    room.lose_connection();
    room.run(200).await;
    room.attach(Some(0));
    room.run(500).await;
    let left = room.end().await;
    assert_eq!(closed_with(&left), Some(CloseReason::Ended));
}

#[actix::test]
async fn ending_in_mid_sentence_leaves_whole_files() {
    let mut room = Room::open(&StandIns::new(&[QUESTION], &[ANSWER])).await;
    ask_and_listen(&mut room, 1500).await;
    room.tell(EndSession);
    let left = room.end().await;
    let said = left.page.said(Speaker::Claude);
    assert!(ANSWER.starts_with(&said) && !said.is_empty() && said != ANSWER, "{said:?}");
    let vtt = std::fs::read_to_string(left.folder.join("claude.vtt")).expect("captions");
    let first_word = said.split(' ').next().expect("a word");
    assert!(vtt.contains(first_word), "{vtt}");
    let turns: Vec<_> = left
        .events
        .iter()
        .filter(|event| event.kind == "turn.end")
        .filter_map(|event| event.fields["reason"].as_str())
        .collect();
    assert_eq!(turns.last(), Some(&"session-ended"), "{turns:?}");
}

#[actix::test]
async fn ending_while_nobody_is_connected_leaves_whole_files() {
    let mut room = Room::open(&StandIns::new(&[QUESTION], &[ANSWER])).await;
    ask_and_listen(&mut room, 1500).await;
    room.lose_connection();
    room.run(1000).await;
    room.end().await;
}

#[actix::test]
async fn ending_while_the_host_speaks_keeps_the_good_bye() {
    let mut room = Room::open(&StandIns::new(&["that was all good bye"], &[ANSWER])).await;
    room.host_speaks(1500);
    room.run(1600).await;
    room.tell(EndSession);
    room.run(4000).await;
    let left = room.over().await;
    assert_eq!(left.page.said(Speaker::You), "that was all good bye");
}

#[actix::test]
async fn a_recorder_that_is_lost_ends_the_session() {
    let mut room = Room::open(&StandIns::new(&[QUESTION], &[ANSWER])).await;
    room.tell(ChildStopped { child: Child::Recorder, generation: 0 });
    room.run(1000).await;
    let left = room.over().await;
    let problem = position(&left.page, |notice| {
        matches!(notice, Notice::Problem { code: "recorder_lost", .. })
    });
    assert!(problem < left.page.seen.len());
}

#[actix::test]
async fn a_slow_mind_and_a_slow_voice_are_waited_for() {
    let wait = Duration::from_millis(1500);
    let mind = Arc::new(ScriptedMind::new([ANSWER]).with_delays(wait, Duration::from_millis(100)));
    let voice = Arc::new(ScriptedVoice::new().with_delay(wait));
    let cast = StandIns::new(&[QUESTION], &[ANSWER]).with_mind(0, mind).with_voice(0, voice);
    let mut room = Room::open(&cast).await;
    ask(&mut room).await;
    let left = room.end().await;
    assert_eq!(left.page.said(Speaker::Claude), ANSWER);
    assert!(errors(&left).is_empty());
}

#[actix::test]
async fn a_word_about_a_turn_that_plays_does_not_end_it() {
    let mut room = Room::open(&StandIns::new(&[QUESTION], &[ANSWER])).await;
    ask_and_listen(&mut room, 1000).await;
    let turn = room.page.frames().next().expect("sound").turn;
    let report = voice_studio::session::messages::ReportPlayout {
        speaker: AiSpeaker::Claude,
        turn,
        played_samples: 0,
        capture_sample: None,
        clock: None,
        stalled: false,
        flushed: true,
    };
    room.tell(report);
    room.until("the end of the answer", |page| page.replies_over() > 0).await;
    let left = room.end().await;
    assert_eq!(left.page.said(Speaker::Claude), ANSWER);
}
