//! Turn-taking by numbers: recorded people through the real ears into the rules, faster than they spoke.
//!
//! The recordings are no part of the project; without them or the models a test says so and passes. Every run takes a
//! part of the cases; `STUDIO_TURNS=all` takes ten offsets of each recording, fourteen of a listener's sounds.

mod echo;

use std::path::PathBuf;
use std::sync::Arc;

use voice_studio::adapters::hearing::silero::Silero;
use voice_studio::adapters::hearing::smart_turn::SmartTurn;
use voice_studio::adapters::stt::moonshine::Moonshine;
use voice_studio::conversation::briefing::Briefing;
use voice_studio::time::Span;
use voice_studio::turnbench::{Clip, Costs, Ears, Rate, Tally, barge_in, end_of_turn};

use crate::support::sound::wav_16k;
use crate::support::{models, shared_dir};

/// Quiet before a recording: the clock fit has settled by then.
const LEAD_SAMPLES: usize = 16_000;
/// Quiet after it: longer than any ceiling.
const TAIL_SAMPLES: usize = 5 * 16_000;
/// A read line, a command, a question: what a host says over an AI.
const TALK: [&str; 3] = ["read", "command", "question"];

fn ears(what: &str) -> Option<Ears> {
    let models = models(what)?;
    Some(Ears {
        voice_activity: Arc::new(Silero::start(&models)),
        speech_to_text: Some(Arc::new(Moonshine::start(&models))),
        end_of_turn: Some(Arc::new(SmartTurn::start(&models))),
        interim_words: true,
        costs: Costs::default(),
    })
}

/// One row of the recordings' list: file, kind, and where people were labelled to speak, in ms.
struct Row {
    path: PathBuf,
    kind: String,
    labels: Vec<(usize, usize)>,
}

impl Row {
    fn name(&self) -> String {
        self.path.file_stem().unwrap().to_string_lossy().into_owned()
    }

    fn is(&self, kinds: &[&str]) -> bool {
        kinds.contains(&self.kind.as_str())
    }

    fn whole(&self) -> Clip {
        Clip { name: self.name(), samples: wav_16k(&self.path), speech: 0..0 }
    }

    fn speech(&self) -> Option<Clip> {
        Clip::labelled_by_level(self.name(), wav_16k(&self.path))
    }
}

fn rows(what: &str) -> Option<Vec<Row>> {
    let Some(folder) = shared_dir().map(|shared| shared.join("speech")) else {
        println!("skipped: {what}: no recordings");
        return None;
    };
    let text = std::fs::read_to_string(folder.join("MANIFEST.tsv")).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let column = |name: &str| head.iter().position(|field| *field == name).unwrap();
    let (kind, labels) = (column("kind"), column("labels"));
    let ms = |seconds: &str| seconds.replace('.', "").parse::<usize>().ok();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let labels = fields[labels].split(' ').filter_map(|label| {
            let (from, until) = label.split_once(':')?.0.split_once('-')?;
            Some((ms(from)?, ms(until)?))
        });
        Row {
            path: folder.join(fields[0]),
            kind: fields[kind].to_owned(),
            labels: labels.collect(),
        }
    };
    Some(lines.filter(|line| !line.is_empty()).map(row).collect())
}

fn briefing() -> Arc<Briefing> {
    Arc::new(Briefing::parse("---\ntitle: Bench\n---\n").unwrap())
}

/// Places of an AI's speech at unlike phases of frames and hops: all of so many, or one that differs from clip to clip.
fn offsets(clip: usize, of: usize) -> Vec<usize> {
    let all = (0..of).map(|n| LEAD_SAMPLES + n * 4_999);
    if takes_all() { all.collect() } else { all.skip(clip % of).take(1).collect() }
}

#[expect(clippy::disallowed_methods, reason = "the long run is asked for by name")]
fn takes_all() -> bool {
    std::env::var("STUDIO_TURNS").is_ok_and(|how_many| how_many == "all")
}

fn ms(span: Option<Span>) -> String {
    span.map_or_else(|| "never".to_owned(), |span| format!("{} ms", span.millis()))
}

#[tokio::test]
async fn hosts_are_cut_off_a_third_as_often_as_by_a_timer_and_wait_no_longer() {
    let what = "end of turn on recordings";
    let (Some(ears), Some(rows)) = (ears(what), rows(what)) else { return };
    let ears = Ears { interim_words: false, ..ears };
    let briefing = briefing();
    let (mut engine, mut timer) = (Tally::default(), Tally::default());
    let (mut engine_cuts, mut timer_cuts) = (0, 0);
    let kinds = ["read", "command", "question", "hesitation", "spontaneous", "speech"];
    for row in rows.iter().filter(|row| row.is(&kinds)) {
        let Some(clip) = row.speech() else { continue };
        let clip = clip.in_a_room(LEAD_SAMPLES, TAIL_SAMPLES);
        let mut hearing = ears.hear(&clip.samples).await.unwrap();
        let (ours, _) = end_of_turn::judge(&ears, &mut hearing, &clip, &briefing).await.unwrap();
        let theirs = end_of_turn::by_silence(&hearing, &clip, Span::from_millis(500));
        let told = |outcome: &end_of_turn::Outcome| {
            format!("{} after {} cut-offs", ms(outcome.delay), outcome.cut_offs.len())
        };
        println!("{} ({}): engine {}, timer {}", clip.name, row.kind, told(&ours), told(&theirs));
        ours.delay.into_iter().for_each(|delay| engine.add(delay));
        theirs.delay.into_iter().for_each(|delay| timer.add(delay));
        if row.is(&["hesitation", "spontaneous"]) {
            engine_cuts += ours.cut_offs.len();
            timer_cuts += theirs.cut_offs.len();
        }
    }
    println!("engine: {engine}; timer: {timer}");
    println!("cut-offs on hesitant speech: engine {engine_cuts}, timer {timer_cuts}");
    assert!(engine.quantile(50) <= timer.quantile(50));
    assert!(engine_cuts * 3 <= timer_cuts);
}

#[tokio::test]
async fn a_host_who_speaks_stops_an_ai_wherever_it_is() {
    let what = "barge-in on recordings";
    let (Some(ears), Some(rows)) = (ears(what), rows(what)) else { return };
    let briefing = briefing();
    let mut stopped = Rate::default();
    let (mut ducks, mut pauses, mut stops) = (Tally::default(), Tally::default(), Tally::default());
    for (place, row) in rows.iter().filter(|row| row.is(&TALK)).enumerate() {
        let Some(clip) = row.speech() else { continue };
        // What comes after the first seconds decides nothing.
        let clip = clip.part(0..clip.samples.len().min(clip.speech.start + 3 * 16_000));
        for offset in offsets(place, 10) {
            let clip = clip.in_a_room(offset, 2 * 16_000);
            let mut hearing = ears.hear(&clip.samples).await.unwrap();
            let (outcome, _) =
                barge_in::judge(&ears, &mut hearing, &clip, &briefing).await.unwrap();
            let [duck, pause, stop] = [outcome.duck, outcome.pause, outcome.stop].map(ms);
            println!("{} at {offset}: duck {duck}, pause {pause}, stop {stop}", clip.name);
            stopped.add(outcome.stop.is_some());
            outcome.duck.into_iter().for_each(|span| ducks.add(span));
            outcome.pause.into_iter().for_each(|span| pauses.add(span));
            outcome.stop.into_iter().for_each(|span| stops.add(span));
        }
    }
    println!("stopped {stopped}; duck {ducks}; pause {pauses}; stop {stops}");
    assert!(stopped.share() >= 0.99, "{stopped}");
    // Virtual time: the same on every machine.
    assert!(ducks.quantile(50) <= Some(Span::from_millis(60)), "{ducks}");
    assert!(ducks.quantile(95) <= Some(Span::from_millis(110)), "{ducks}");
    assert!(pauses.quantile(50) <= Some(Span::from_millis(210)), "{pauses}");
    assert!(pauses.quantile(95) <= Some(Span::from_millis(280)), "{pauses}");
}

/// Places for each listener's sound: 15 sounds make 210 cases.
const BACK_CHANNEL_OFFSETS: usize = 14;

/// Laughs and breaths in the recordings, in ms: between the words, by their level.
const LAUGHS: [(usize, usize); 4] = [(3600, 5200), (3600, 4400), (4300, 5200), (3700, 4100)];
const BREATHS: [(usize, usize); 4] = [(1100, 1560), (2280, 3310), (5830, 6420), (10_230, 10_700)];

#[tokio::test]
async fn listeners_sounds_do_not_take_the_floor() {
    let what = "back-channels on recordings";
    let (Some(ears), Some(rows)) = (ears(what), rows(what)) else { return };
    let briefing = briefing();
    let mut sounds = Vec::new();
    for row in &rows {
        let short = row.labels.iter().filter(|(from, until)| until - from <= 700).copied();
        let spans: Vec<(usize, usize)> = match (row.kind.as_str(), row.name().as_str()) {
            ("meeting", _) => short.collect(),
            (_, "mfa-laughter") => LAUGHS.to_vec(),
            (_, "mfa-breaths") => BREATHS.to_vec(),
            _ => continue,
        };
        let clip = row.whole();
        sounds.extend(spans.iter().map(|(from, until)| clip.part(from * 16..until * 16)));
    }
    let mut went_on = Rate::default();
    for (place, sound) in sounds.iter().enumerate() {
        for offset in offsets(place, BACK_CHANNEL_OFFSETS) {
            let clip = sound.in_a_room(offset, 3 * 16_000);
            let mut hearing = ears.hear(&clip.samples).await.unwrap();
            let (outcome, _) =
                barge_in::judge(&ears, &mut hearing, &clip, &briefing).await.unwrap();
            println!("{} at {offset}: stop {}", clip.name, ms(outcome.stop));
            went_on.add(outcome.speaks_on);
        }
    }
    println!("went on {went_on}");
    assert!(went_on.share() >= 0.95, "{went_on}");
}

#[tokio::test]
async fn noise_pauses_and_stops_nobody() {
    let what = "noise on recordings";
    let (Some(ears), Some(rows)) = (ears(what), rows(what)) else { return };
    let ears = Ears { speech_to_text: None, ..ears };
    let briefing = briefing();
    let (mut paused, mut stopped) = (Rate::default(), Rate::default());
    for row in rows.iter().filter(|row| row.is(&["noise"])) {
        let noise = row.whole();
        for (place, from) in (0..noise.samples.len() - 16_000).step_by(16_000).enumerate() {
            let mut clip = noise.part(from..from + 16_000);
            clip.speech = 0..16_000;
            for offset in offsets(place, 10) {
                let clip = clip.in_a_room(offset, 16_000);
                let mut hearing = ears.hear(&clip.samples).await.unwrap();
                let (outcome, _) =
                    barge_in::judge(&ears, &mut hearing, &clip, &briefing).await.unwrap();
                if let Some(pause) = outcome.pause {
                    println!("{} from {from} at {offset}: pause {}", noise.name, ms(Some(pause)));
                }
                paused.add(outcome.pauses > 0);
                stopped.add(outcome.stop.is_some());
            }
        }
    }
    println!("paused {paused}, stopped {stopped}");
    assert!(paused.share() <= 0.01, "{paused}");
    assert_eq!(stopped.happened, 0);
}
