//! What if the rules had been others: the same host before the same services, held again.
//!
//! The host's side is fed as it was logged: voice, words, buttons. The services answer as they did: the end-of-turn
//! model where it was asked about the same silence, the language models with the replies they wrote, the voices with
//! the words as they said them, each after its median delay. The host does not react to what is new: who is cut off
//! goes on as he did. So both the logged rules and the changed ones are held in this world and compared with each
//! other, not with the log.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use super::compare::clock_time;
use super::error::ReplayError;
use super::fate::Fate;
use super::log::Log;
use crate::conversation::briefing::Briefing;
use crate::conversation::{
    AiSpeaker, Conversation, Input, Order, Outcome, Setup, Speaker, Stability, TurnId,
};
use crate::simulation::known::Known;
use crate::simulation::meeting::{Event, Meeting, Script};
use crate::simulation::plan::Plan;
use crate::simulation::story;
use crate::time::{SessionTime, Span};

/// How long the world runs on after the last line.
const RUN_ON: Span = Span::from_millis(5_000);
/// Final words this long after they were asked for belong to the question, not to the recogniser's own will.
const ASKED_FOR: Span = Span::from_millis(3_000);
/// Most lines of a difference that are shown.
const LINES_MAX: usize = 60;
/// Most decisions that are set side by side; comparing takes the square of it.
const DECISIONS_MAX: usize = 4_000;

/// The session as it was logged, and both runs in the made-up world.
#[derive(Clone, Debug)]
pub struct WhatIf {
    /// As it was.
    pub logged: Run,
    /// Under the logged rules.
    pub before: Run,
    /// Under the changed ones.
    pub after: Run,
}

/// One run.
#[derive(Clone, Debug)]
pub struct Run {
    /// How the host fared.
    pub fate: Fate,
    /// What was decided, in words without times and turns, each with its time.
    pub decisions: Vec<(SessionTime, String)>,
}

/// Holds the session of `log` under its own rules and under `settings` (`endOfTurn.firstAskMs=400`).
///
/// # Errors
/// [`ReplayError::Rule`] for a setting that no briefing could have.
pub fn what_if(log: &Log, settings: &[String]) -> Result<WhatIf, ReplayError> {
    let mut briefing = Briefing::clone(&log.setup.briefing);
    for setting in settings {
        let (key, value) = setting.split_once('=').ok_or_else(|| {
            ReplayError::Rule(format!("{setting:?} sets no rule; expected rule=value"))
        })?;
        briefing = briefing.with_rule(key.trim(), value.trim()).map_err(|errors| {
            let problems: Vec<String> =
                errors.0.iter().map(|error| format!("{}: {}", error.key, error.problem)).collect();
            ReplayError::Rule(problems.join("; "))
        })?;
    }
    let changed = Setup { briefing: briefing.into(), ..log.setup.clone() };
    Ok(WhatIf {
        logged: logged(log),
        before: held(log, log.conversation()),
        after: held(log, log.conversation_with(changed)),
    })
}

/// The session as it was: its own inputs under its own rules.
fn logged(log: &Log) -> Run {
    let (mut conversation, mut orders, mut events) = (log.conversation(), Vec::new(), Vec::new());
    for (now, input) in log.inputs() {
        events.push((now, Event::Fact(input.clone())));
        conversation.handle(now, input.clone(), &mut orders);
        events.extend(orders.drain(..).map(|order| (now, Event::Order(order))));
    }
    Run { fate: Fate::of(&events), decisions: decisions(&events) }
}

fn held(log: &Log, conversation: Conversation) -> Run {
    let mut meeting = Meeting::new(plan(log), None);
    meeting.conversation = conversation;
    meeting.known = Some(known(log));
    meeting.replies = replies(log);
    let mut finish_asked = None;
    for line in &log.lines {
        if line.event.kind == "stt.finish" {
            finish_asked = Some(line.time());
        }
        let Some((now, input)) = &line.input else { continue };
        if is_the_hosts(input, *now, finish_asked) {
            meeting.learn(*now, input.clone());
        }
    }
    let mut events = Vec::new();
    let end = log.end() + RUN_ON;
    // No rule is checked here: a log may hold what no made-up world would do.
    while let Ok(true) = meeting.step(end, &mut events) {}
    Run { fate: Fate::of(&events), decisions: decisions(&events) }
}

/// Whether an input comes from the host's side, whatever the studio does.
fn is_the_hosts(input: &Input, now: SessionTime, finish_asked: Option<SessionTime>) -> bool {
    match input {
        Input::Recognised { stability: Stability::Final, .. } => {
            finish_asked.is_none_or(|asked| now.since(asked) > ASKED_FOR)
        }
        Input::EndOfTurnJudged { .. }
        | Input::ReplyText { .. }
        | Input::ReplyEnded { .. }
        | Input::PieceVoiced { .. }
        | Input::VoiceStarted { .. }
        | Input::VoiceEnded { .. }
        | Input::Played { .. }
        | Input::Flushed { .. }
        | Input::DeadlinePassed { .. } => false,
        _ => true,
    }
}

/// The replies as they were written, in order, for each AI.
fn replies(log: &Log) -> [VecDeque<Script>; 2] {
    let mut texts: BTreeMap<TurnId, (AiSpeaker, String, Option<Outcome>)> = BTreeMap::new();
    for line in &log.lines {
        let fields = &line.event.fields;
        if line.event.kind == "llm.start" {
            let turn =
                fields.get("turn").and_then(|turn| serde_json::from_value(turn.clone()).ok());
            let speaker = fields
                .get("speaker")
                .and_then(|speaker| serde_json::from_value(speaker.clone()).ok());
            if let (Some(turn), Some(speaker)) = (turn, speaker) {
                texts.insert(turn, (speaker, String::new(), None));
            }
        }
        match &line.input {
            Some((_, Input::ReplyText { turn, text })) => {
                texts.entry(*turn).and_modify(|reply| reply.1.push_str(text));
            }
            Some((_, Input::ReplyEnded { turn, outcome })) => {
                texts.entry(*turn).and_modify(|reply| reply.2 = Some(*outcome));
            }
            _ => {}
        }
    }
    let mut replies = [VecDeque::new(), VecDeque::new()];
    for (speaker, text, outcome) in texts.into_values() {
        replies[speaker.index()].push_back(match outcome {
            Some(Outcome::Complete) => Script::Says(text),
            Some(outcome) => Script::Fails(text, outcome),
            // Stopped before its end: what there is of it stands for the whole.
            None if text.is_empty() => Script::Hangs,
            None => Script::Says(text),
        });
    }
    replies
}

fn known(log: &Log) -> Known {
    let mut known = Known::default();
    let (mut asked, mut texts) = (BTreeMap::new(), BTreeMap::new());
    let mut begun: BTreeMap<TurnId, u64> = BTreeMap::new();
    for line in &log.lines {
        let field = |name: &str| line.event.fields.get(name);
        let number = |name: &str| field(name).and_then(serde_json::Value::as_u64);
        match line.event.kind.as_str() {
            "end-of-turn.ask" => {
                asked.extend(number("ask").map(|ask| (ask, line.time())));
            }
            "tts.start" => {
                let text = field("text").and_then(serde_json::Value::as_str).map(String::from);
                if let (Some(turn), Some(piece), Some(text)) =
                    (number("turn"), number("piece"), text)
                {
                    texts.insert((turn, piece), text);
                }
            }
            _ => {}
        }
        match &line.input {
            Some((_, Input::EndOfTurnJudged { ask, score })) => {
                known.scores.extend(asked.get(&u64::from(*ask)).map(|at| (*at, *score)));
            }
            Some((_, Input::PieceVoiced { turn, piece, words, samples })) => {
                let begin = begun.insert(*turn, *samples).unwrap_or(0);
                let mut words = words.clone();
                for word in &mut words {
                    word.start_sample = word.start_sample.saturating_sub(begin);
                    word.end_sample = word.end_sample.saturating_sub(begin);
                }
                if let Some(text) = texts.remove(&(u64::from(turn.0), u64::from(*piece))) {
                    known.pieces.insert(text, (words, samples.saturating_sub(begin)));
                }
            }
            _ => {}
        }
    }
    known
}

/// How quick the services were: medians of the log.
fn plan(log: &Log) -> Plan {
    let mut started: BTreeMap<(&'static str, u64), SessionTime> = BTreeMap::new();
    let mut delays: BTreeMap<&'static str, Vec<u64>> = BTreeMap::new();
    let mut finish_asked = None;
    for line in &log.lines {
        let number = |name: &str| line.event.fields.get(name).and_then(serde_json::Value::as_u64);
        let now = line.time();
        let turn = number("turn").unwrap_or(0);
        match line.event.kind.as_str() {
            "end-of-turn.ask" => started.insert(("model", number("ask").unwrap_or(0)), now),
            "llm.start" => started.insert(("text", turn), now),
            "tts.start" if number("piece") == Some(0) => started.insert(("voice", turn), now),
            "playout.order"
                if line.event.fields.get("order").is_some_and(|order| order == "flush") =>
            {
                started.insert(("flush", turn), now)
            }
            "stt.finish" => finish_asked.replace(now),
            _ => None,
        };
        let ended = match &line.input {
            Some((_, Input::EndOfTurnJudged { ask, .. })) => Some(("model", u64::from(*ask))),
            Some((_, Input::ReplyText { turn, .. })) => Some(("text", u64::from(turn.0))),
            Some((_, Input::VoiceStarted { turn })) => Some(("voice", u64::from(turn.0))),
            Some((_, Input::Flushed { turn, .. })) => Some(("flush", u64::from(turn.0))),
            Some((_, Input::Recognised { stability: Stability::Final, .. })) => {
                let asked = finish_asked.take();
                delays.entry("words").or_default().extend(asked.map(|at| now.since(at).millis()));
                None
            }
            _ => None,
        };
        if let Some(since) = ended.and_then(|key| started.remove(&key)) {
            let name = ended.map_or("", |(name, _)| name);
            delays.entry(name).or_default().push(now.since(since).millis());
        }
    }
    let mut median = |name: &str, otherwise: u64| {
        let Some(values) = delays.get_mut(name).filter(|values| !values.is_empty()) else {
            return otherwise;
        };
        values.sort_unstable();
        values[values.len() / 2]
    };
    let usual = Plan::default();
    Plan {
        final_after: median("words", usual.final_after),
        judge_after: median("model", usual.judge_after),
        text_after: median("text", usual.text_after),
        voice_after: median("voice", usual.voice_after),
        flush_after: median("flush", usual.flush_after),
        ..usual
    }
}

/// What was decided about the floor, without numbers of turns, which shift after the first difference.
fn decisions(events: &[(SessionTime, Event)]) -> Vec<(SessionTime, String)> {
    let is_decision = |order: &Order| {
        matches!(
            order,
            Order::NoteTurnEnded { .. }
                | Order::NoteGranted { .. }
                | Order::NoteDenied { .. }
                | Order::NoteBargeIn { .. }
                | Order::Pause { .. }
                | Order::Resume { .. }
        )
    };
    let told = |event: &Event| match event {
        Event::Order(Order::NoteTurnEnded {
            speaker: Speaker::You, reason, heard_text, ..
        }) => Some(format!("you ends {reason:?} {heard_text:?}")),
        Event::Order(order) if is_decision(order) => story::tell(order, &[]).map(|line| {
            let words = line.split_whitespace().filter(|word| !is_turn(word));
            words.collect::<Vec<_>>().join(" ")
        }),
        Event::Order(_) | Event::Fact(_) => None,
    };
    events.iter().filter_map(|(now, event)| Some((*now, told(event)?))).collect()
}

fn is_turn(word: &str) -> bool {
    word.strip_prefix('t')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

impl WhatIf {
    /// How many of the log's decisions the made-up world makes too under the logged rules, and how many there are:
    /// how far it is to be believed.
    #[must_use]
    pub fn follows(&self) -> (usize, usize) {
        let cut = |run: &Run| run.decisions[..run.decisions.len().min(DECISIONS_MAX)].to_vec();
        let logged = cut(&self.logged);
        let lines = differing(&logged, &cut(&self.before));
        let lost = lines.iter().filter(|line| line.starts_with('-')).count();
        (logged.len() - lost, logged.len())
    }

    /// The decisions that differ, as a diff, and how many there are.
    #[must_use]
    pub fn diff(&self) -> String {
        let cut = |run: &Run| run.decisions[..run.decisions.len().min(DECISIONS_MAX)].to_vec();
        let (before, after) = (cut(&self.before), cut(&self.after));
        let lines = differing(&before, &after);
        let mut text = String::new();
        for line in lines.iter().take(LINES_MAX) {
            text.push_str(line);
            text.push('\n');
        }
        if lines.len() > LINES_MAX && writeln!(text, "… {} more", lines.len() - LINES_MAX).is_err()
        {
            return text;
        }
        if lines.is_empty() { "the same decisions\n".into() } else { text }
    }
}

/// Lines of `-` for decisions that fell away and `+` for new ones, in the order of a longest common subsequence.
fn differing(before: &[(SessionTime, String)], after: &[(SessionTime, String)]) -> Vec<String> {
    let width = after.len() + 1;
    let mut common = vec![0_u32; (before.len() + 1) * width];
    for (i, (_, left)) in before.iter().enumerate().rev() {
        for (j, (_, right)) in after.iter().enumerate().rev() {
            common[i * width + j] = if left == right {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < before.len() || j < after.len() {
        if i < before.len() && j < after.len() && before[i].1 == after[j].1 {
            (i, j) = (i + 1, j + 1);
        } else if j == after.len()
            || (i < before.len() && common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            lines.push(format!("- {} {}", clock_time(before[i].0), before[i].1));
            i += 1;
        } else {
            lines.push(format!("+ {} {}", clock_time(after[j].0), after[j].1));
            j += 1;
        }
    }
    lines
}
