//! Turn-taking by numbers: recorded people through the real ears into the rules, faster than they spoke.
//!
//! The recordings are no part of the project; without them or the models a test says so and passes.

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

fn ears(what: &str) -> Option<Ears> {
    let models = models(what)?;
    Some(Ears {
        voice_activity: Arc::new(Silero::start(&models)),
        speech_to_text: Some(Arc::new(Moonshine::start(&models))),
        end_of_turn: Some(Arc::new(SmartTurn::start(&models))),
        costs: Costs::default(),
    })
}

/// One row of the recordings' list: file, kind, and where people were labelled to speak.
struct Row {
    path: PathBuf,
    kind: String,
    segments: Vec<(f64, f64)>,
}

impl Row {
    fn name(&self) -> String {
        self.path.file_stem().unwrap().to_string_lossy().into_owned()
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
    let column = |name: &str| head.iter().position(|field| field.starts_with(name)).unwrap();
    let (kind, segments) = (column("kind"), column("labels"));
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let segments = fields[segments].split(' ').filter_map(|segment| {
            let (times, _) = segment.split_once(':')?;
            let (from, until) = times.split_once('-')?;
            Some((from.parse().ok()?, until.parse().ok()?))
        });
        Row {
            path: folder.join(fields[0]),
            kind: fields[kind].to_owned(),
            segments: segments.collect(),
        }
    };
    Some(lines.filter(|line| !line.is_empty()).map(row).collect())
}

fn briefing() -> Arc<Briefing> {
    Arc::new(Briefing::parse("---\ntitle: Bench\n---\n").unwrap())
}

#[tokio::test]
async fn hosts_are_cut_off_a_third_as_often_as_by_a_timer_and_wait_no_longer() {
    let what = "end of turn on recordings";
    let (Some(ears), Some(rows)) = (ears(what), rows(what)) else { return };
    let briefing = briefing();
    let (mut engine, mut timer) = (Tally::default(), Tally::default());
    let (mut engine_cuts, mut timer_cuts) = (0, 0);
    for row in rows.iter().filter(|row| {
        ["read", "command", "question", "hesitation", "spontaneous", "speech"]
            .contains(&row.kind.as_str())
    }) {
        let Some(clip) = Clip::labelled_by_level(row.name(), wav_16k(&row.path)) else { continue };
        let clip = clip.in_a_room(LEAD_SAMPLES, TAIL_SAMPLES);
        let mut hearing = ears.hear(&clip.samples).await.unwrap();
        let (ours, _) = end_of_turn::judge(&ears, &mut hearing, &clip, &briefing).await.unwrap();
        let theirs = end_of_turn::by_silence(&hearing, &clip, Span::from_millis(500));
        let ms = |delay: Option<Span>| delay.map_or(-1, |delay| delay.millis() as i64);
        println!(
            "{:28} {:11} engine {:5} ms, cut {} | timer {:5} ms, cut {}",
            clip.name,
            row.kind,
            ms(ours.delay),
            ours.cut_offs.len(),
            ms(theirs.delay),
            theirs.cut_offs.len()
        );
        ours.delay.into_iter().for_each(|delay| engine.add(delay));
        theirs.delay.into_iter().for_each(|delay| timer.add(delay));
        engine_cuts += ours.cut_offs.len();
        timer_cuts += theirs.cut_offs.len();
    }
    println!("engine: {engine}, {engine_cuts} cut-offs\ntimer:  {timer}, {timer_cuts} cut-offs");
}

/// Ten places of an AI's speech, at unlike phases of frames and hops.
fn offsets() -> impl Iterator<Item = usize> {
    (0..10).map(|n| 16_000 + n * 4_999)
}

#[tokio::test]
async fn a_host_who_speaks_stops_an_ai_wherever_it_is() {
    let what = "barge-in on recordings";
    let (Some(ears), Some(rows)) = (ears(what), rows(what)) else { return };
    let briefing = briefing();
    let mut stopped = Rate::default();
    let (mut ducks, mut pauses, mut stops) = (Tally::default(), Tally::default(), Tally::default());
    for row in
        rows.iter().filter(|row| ["read", "command", "question"].contains(&row.kind.as_str()))
    {
        let Some(clip) = Clip::labelled_by_level(row.name(), wav_16k(&row.path)) else { continue };
        let mut line = format!("{:24}", clip.name);
        for offset in offsets() {
            // What comes after the first seconds decides nothing.
            let first = clip.samples.len().min(clip.speech.start + 3 * 16_000);
            let clip = clip.part(0..first).in_a_room(offset, 2 * 16_000);
            let mut hearing = ears.hear(&clip.samples).await.unwrap();
            let (outcome, _) =
                barge_in::judge(&ears, &mut hearing, &clip, &briefing).await.unwrap();
            stopped.add(outcome.stop.is_some());
            outcome.duck.into_iter().for_each(|span| ducks.add(span));
            outcome.pause.into_iter().for_each(|span| pauses.add(span));
            outcome.stop.into_iter().for_each(|span| stops.add(span));
            let ms = |span: Option<Span>| span.map_or(-1, |span| span.millis() as i64);
            line += &format!(" {}/{}/{}", ms(outcome.duck), ms(outcome.pause), ms(outcome.stop));
        }
        println!("{line}");
    }
    println!("stopped {stopped}\nduck {ducks}\npause {pauses}\nstop {stops}");
}

#[tokio::test]
async fn listeners_sounds_do_not_take_the_floor() {
    let what = "back-channels on recordings";
    let (Some(ears), Some(rows)) = (ears(what), rows(what)) else { return };
    let briefing = briefing();
    let mut sounds = Vec::new();
    for row in &rows {
        if row.kind == "meeting" {
            let clip = Clip { name: row.name(), samples: wav_16k(&row.path), speech: 0..0 };
            for (from, until) in row.segments.iter().filter(|(from, until)| until - from <= 0.7) {
                sounds.push(clip.part((from * 16e3) as usize..(until * 16e3) as usize));
            }
        }
        let spans: &[(usize, usize)] = match row.name().as_str() {
            "mfa-laughter" => &[(3600, 5200), (3600, 4400), (4300, 5200), (3700, 4100)],
            "mfa-breaths" => {
                &[(1100, 1560), (2280, 3310), (5830, 6420), (10230, 10700)]
            }
            _ => &[],
        };
        let clip = Clip { name: row.name(), samples: wav_16k(&row.path), speech: 0..0 };
        sounds.extend(spans.iter().map(|(from, until)| clip.part(from * 16..until * 16)));
    }
    let mut resumed = Rate::default();
    for sound in &sounds {
        let mut line = format!("{:24} {:4}", sound.name, sound.samples.len() / 16);
        for offset in offsets() {
            let clip = sound.in_a_room(offset, 3 * 16_000);
            let mut hearing = ears.hear(&clip.samples).await.unwrap();
            let (outcome, table) =
                barge_in::judge(&ears, &mut hearing, &clip, &briefing).await.unwrap();
            resumed.add(outcome.speaks_on);
            line += &format!(" {}", if outcome.speaks_on { "on" } else { "STOP" });
            if offset == 16_000 {
                line += &format!(" {:?}", table.words());
            }
        }
        println!("{line}");
    }
    println!("went on {resumed}");
}

#[tokio::test]
async fn noise_stops_nobody() {
    let what = "noise on recordings";
    let (Some(ears), Some(rows)) = (ears(what), rows(what)) else { return };
    let briefing = briefing();
    let (mut paused, mut stopped) = (Rate::default(), Rate::default());
    let mut ducks = 0;
    for row in rows.iter().filter(|row| row.kind == "noise") {
        let noise = wav_16k(&row.path);
        for part in 0..noise.len() / 16_000 {
            let samples = noise[part * 16_000..(part + 1) * 16_000].to_vec();
            let speech = 0..samples.len();
            let clip = Clip { name: row.name(), samples, speech }.in_a_room(offsets().nth(part % 10).unwrap(), 16_000);
            let mut hearing = ears.hear(&clip.samples).await.unwrap();
            let (outcome, _) =
                barge_in::judge(&ears, &mut hearing, &clip, &briefing).await.unwrap();
            paused.add(outcome.pauses > 0);
            stopped.add(outcome.stop.is_some());
            ducks += outcome.ducks;
        }
    }
    println!("paused {paused}, stopped {stopped}, ducks {ducks}");
}
