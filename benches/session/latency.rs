//! What the engine adds to a reply: the answer's first frame at the client, less what nobody can save.
//!
//! Nobody can save the silence that the rules chose, the scripted times of mind and voice, and the detector's hop. The
//! end of speech is the detector's own, from the event log; so its hop is not in the figures. The log knows the
//! session's begin to the millisecond, which is the error of a single figure.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::Instant;
use voice_studio::adapters::llm::{LanguageModel as _, LlmEvent};
use voice_studio::adapters::scripted::{ScriptedMind, ScriptedVoice};
use voice_studio::adapters::tts::{TextToSpeech as _, TtsEvent, TtsOptions, TtsPiece};
use voice_studio::conversation::Prompt;
use voice_studio::conversation::rules::Rules;
use voice_studio::recording::read_events;

use super::figures::{figure, note, percentile};
use super::host::{Held, ms_of};
use super::studio::{MIND, Scene, VOICE};

/// What the engine added to each answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Added {
    /// From the end of speech, ms.
    since_end: f64,
    /// From the moment the detector had said so, where that was later than the chosen silence, ms.
    since_known: f64,
}

fn providers_ms() -> f64 {
    (MIND + VOICE).as_secs_f64() * 1000.0
}

fn silence_ms() -> f64 {
    ms_of(Rules::default().first_ask.samples())
}

/// Reads the session's log for the end of speech before each answer.
pub(crate) fn added(dir: &Path, held: &Held, answers: &[Duration]) -> anyhow::Result<Vec<Added>> {
    let mut begin = None;
    let mut stops = Vec::new();
    for event in read_events(&dir.join("events.jsonl"))? {
        let event = event?;
        match event.kind.as_str() {
            #[expect(clippy::cast_precision_loss, reason = "ms since 1970 have 41 bits")]
            "session.start" => begin = Some(event.timestamp_ms as f64 + 0.5),
            "speech.stop" => {
                let at = event.at.context("speech.stop without at")?;
                let now = event.now.context("speech.stop without now")?;
                stops.push((ms_of(at.samples()), ms_of(now.samples())));
            }
            _ => {}
        }
    }
    let begin = begin.context("no session.start in the log")?;
    let mut all = Vec::new();
    for answer in answers {
        let answer = held.began_unix_ms + answer.as_secs_f64() * 1000.0 - begin;
        let Some((at, known)) = stops.iter().rev().find(|(_, known)| *known < answer) else {
            continue;
        };
        let judged = at + silence_ms();
        all.push(Added {
            since_end: answer - judged - providers_ms(),
            since_known: answer - judged.max(*known) - providers_ms(),
        });
    }
    Ok(all)
}

/// What an engine without any rules adds in the same way: it waits for the silence, asks the mind, gives the voice its
/// words, and has the sound. What timers and words cost is in it, and what else keeps the machine busy.
pub(crate) async fn without_rules(scene: Scene, turns: usize) -> anyhow::Result<Vec<f64>> {
    let mind = ScriptedMind::new([scene.reply()]).with_delays(MIND, Duration::ZERO);
    let voice = ScriptedVoice::new().with_delay(VOICE);
    let mut all = Vec::new();
    for _ in 0..turns {
        let begin = Instant::now();
        tokio::time::sleep_until(begin + Rules::default().first_ask.to_duration()).await;
        let prompt = Prompt { system: String::new(), messages: Vec::new(), answer_seconds: 0 };
        let mut words = mind.open(prompt).await?;
        let mut text = String::new();
        while let Some(event) = words.events.recv().await {
            match event? {
                LlmEvent::Text(more) => text.push_str(&more),
                LlmEvent::Begun(_) | LlmEvent::Note(_) => {}
                LlmEvent::Done(_) => break,
            }
        }
        let options = TtsOptions { voice: String::new(), language: "en".into() };
        let mut sound = voice.open(options).await?;
        sound.pieces.send(TtsPiece { piece: 0, text }).await?;
        while let Some(event) = sound.events.recv().await {
            if matches!(event?, TtsEvent::Audio { .. }) {
                break;
            }
        }
        all.push(begin.elapsed().as_secs_f64() * 1000.0 - silence_ms() - providers_ms());
    }
    Ok(all)
}

/// Prints the engine's figures beside their budgets.
pub(crate) fn report(added: &[Added], bare: &[f64]) -> anyhow::Result<()> {
    anyhow::ensure!(added.len() >= 30, "only {} answers came", added.len());
    let since_end: Vec<f64> = added.iter().map(|one| one.since_end).collect();
    let since_known: Vec<f64> = added.iter().map(|one| one.since_known).collect();
    let (p50, p99) = (percentile(bare, 50), percentile(bare, 99));
    note(&format!("an engine without rules adds, p50 of {}", bare.len()), p50, "ms");
    note("an engine without rules adds, p99", p99, "ms");
    let count = added.len();
    figure(
        &format!("the studio adds above that, p50 of {count}"),
        percentile(&since_known, 50) - p50,
        "ms",
        3.0,
    );
    figure("the studio adds above that, p99", percentile(&since_known, 99) - p99, "ms", 10.0);
    note("its p99 above the other's p50", percentile(&since_known, 99) - p50, "ms");
    note(
        "the same from the end of speech, the detector's hop included, p50",
        percentile(&since_end, 50) - p50,
        "ms",
    );
    note(
        "the same from the end of speech, the detector's hop included, p99",
        percentile(&since_end, 99) - p50,
        "ms",
    );
    Ok(())
}
