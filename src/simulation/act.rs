//! One line of a timeline: who does what, or what a service is like.
//!
//! [`Act::parse`] reads what [`Act`] prints. To add a kind: a variant, a line in `parse`, in `fmt` and in `play`.

use std::fmt;

use super::dice::Dice;
use super::meeting::{Meeting, Script, ms};
use super::plan::Plan;
use super::show::ShowAct;
use super::timeline::{in_seconds, seconds};
use crate::conversation::rules::Rules;
use crate::conversation::show_rules::Answers;
use crate::conversation::{AiSpeaker, Input, Outcome, Stability, TurnId};
use crate::time::{SessionTime, Span};

/// What somebody does, or a service is like. Names as at the table of every made-up meeting: host, ada, grace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    // ── The host's voice and the recogniser ──────────────────────────────────────────────────────────────
    /// The host says this; its words come after the end, when given; otherwise when the recogniser usually has them.
    Says(String, Span, Option<Span>),
    /// The host makes a sound without words.
    Sounds(Span),
    /// The recogniser hears words in this stretch, told so long after its end.
    Heard(String, Span, Span),
    /// The recogniser hears words in this stretch that may still change, told at this time.
    HeardInterim(String, Span, SessionTime),
    /// The recogniser says its last words once more.
    Repeats(Stability),
    /// The recogniser's last words become these.
    Corrects(String),
    /// The detector says that the voice began.
    Starts,
    /// The detector says that the voice ended, at this time where given.
    Stops(Option<SessionTime>),
    /// The end-of-turn model answers this question, asked or not, with this score.
    Answers(u32, u16),

    // ── What the host does ───────────────────────────────────────────────────────────────────────────────
    /// Types.
    Types(String),
    /// Marks the moment.
    Marks(String),
    /// Presses the button or key behind this input; one without text or times.
    Presses(Input),
    /// The page reports progress in a turn that never was.
    PlaysIn(AiSpeaker, TurnId),

    // ── What the AIs and services are like ───────────────────────────────────────────────────────────────
    /// What this AI's model will write next.
    Will(AiSpeaker, Script),
    /// This AI's next voice fails when it has this much sound.
    Breaks(AiSpeaker, Span),
    /// What the end-of-turn model says next; nothing if it cannot say.
    Scores(Option<u16>),
    /// How long a service takes, by the name of [`TAKES`].
    Takes(&'static str, Span),
    /// The show's briefing sets a rule, by the name of [`RULES`].
    Rule(&'static str, u64),
    /// Services are late, lose, double and fail things, as chance from this seed has it.
    FaultsFrom(u64),
    /// The producer, the plan, the summaries.
    Show(ShowAct),
    /// By now the table has come to rest: nobody has the floor and nothing is waited for.
    Rests,
}

/// Which field of the plan a line sets.
type PlanField = fn(&mut Plan) -> &mut u64;

/// What can be told to be quick or slow: the name in a timeline and the field of the plan.
pub const TAKES: [(&str, PlanField); 11] = [
    ("onset takes", |plan| &mut plan.onset_known),
    ("stop takes", |plan| &mut plan.stop_known),
    ("words take", |plan| &mut plan.words_after),
    ("last words take", |plan| &mut plan.final_after),
    ("model takes", |plan| &mut plan.judge_after),
    ("text takes", |plan| &mut plan.text_after),
    ("text comes every", |plan| &mut plan.chunk_every),
    ("voice takes", |plan| &mut plan.voice_after),
    ("page reports every", |plan| &mut plan.report_every),
    ("flush takes", |plan| &mut plan.flush_after),
    ("summary takes", |plan| &mut plan.summary_after),
];

/// Sets a rule to a number as a briefing would.
type SetRule = fn(&mut Rules, u64);

/// The rules that a timeline may set before anything has happened, by their names in a briefing; a switch is 0 or 1.
pub const RULES: [(&str, SetRule); 12] = [
    ("autopilot.gapMs", |rules, millis| rules.ai_gap = ms(millis)),
    ("prepare.tries", |rules, tries| {
        rules.prepare_tries = u16::try_from(tries).unwrap_or(u16::MAX);
    }),
    ("prepare.next", |rules, on| rules.prepare_next = on == 1),
    ("prepare.sound", |rules, on| rules.prepare_sound = on == 1),
    ("autopilot.maxTurns", |rules, turns| {
        rules.autopilot_max_turns = u16::try_from(turns).unwrap_or(u16::MAX);
    }),
    ("autopilot.gapVaryMs", |rules, millis| rules.show.gap_variation = ms(millis)),
    ("followUps", |rules, on| rules.show.follow_ups = on == 1),
    // By its place among the words that a briefing has for it.
    ("answers", |rules, place| {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        rules.show.answers = Answers::ALL.get(place).map_or_else(Answers::default, |(_, by)| *by);
    }),
    ("director.enabled", |rules, on| rules.show.directs = on == 1),
    ("director.softLanding", |rules, on| rules.show.soft_landing = on == 1),
    ("director.wrapUpMs", |rules, millis| rules.show.wrap_up = ms(millis)),
    ("historyWords", |rules, words| {
        rules.show.history_words = u32::try_from(words).unwrap_or(u32::MAX);
    }),
];

/// Lines without anything to fill in.
fn plain_acts() -> [(&'static str, Act); 18] {
    let press = Act::Presses;
    [
        ("host starts", Act::Starts),
        ("host stops", Act::Stops(None)),
        ("host interrupts", press(Input::InterruptPressed)),
        ("host nominates ada", press(Input::Nominated { speaker: AiSpeaker::Claude })),
        ("host nominates grace", press(Input::Nominated { speaker: AiSpeaker::Guest })),
        ("host mutes", press(Input::MuteSet { muted: true })),
        ("host unmutes", press(Input::MuteSet { muted: false })),
        ("host holds the key", press(Input::PushToTalkSet { held: true })),
        ("host releases the key", press(Input::PushToTalkSet { held: false })),
        ("host is lost", press(Input::HostLost)),
        ("host is back", press(Input::HostConnected)),
        ("host ends it", press(Input::EndRequested)),
        ("autopilot on", press(Input::AutopilotSet { enabled: true })),
        ("autopilot off", press(Input::AutopilotSet { enabled: false })),
        ("ears fail", press(Input::EarsChanged { available: false })),
        ("ears serve", press(Input::EarsChanged { available: true })),
        ("model says nothing", Act::Scores(None)),
        ("all is at rest", Act::Rests),
    ]
}

impl Act {
    /// Reads one line, without its time.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(line: &str) -> Result<Self, String> {
        let (quoted, plain) = unquoted(line)?;
        if let Some((_, act)) = plain_acts().into_iter().find(|(words, _)| *words == plain) {
            return Ok(act);
        }
        if let Some((name, rest)) = TAKES
            .iter()
            .find_map(|(name, _)| Some((*name, plain.strip_prefix(name)?.strip_prefix(' ')?)))
        {
            return Ok(Self::Takes(name, span(rest)?));
        }
        let words: Vec<&str> = plain.split_whitespace().collect();
        if let ["rule", name, value] = words.as_slice() {
            let known = RULES.iter().find(|(known, _)| known == name);
            return Ok(Self::Rule(known.ok_or("no such rule")?.0, number(value)?));
        }
        if let Some(show) = ShowAct::parse(&words, &quoted) {
            return show.map(Self::Show);
        }
        Ok(match words.as_slice() {
            ["host", "says", "for", length] => Self::Says(quoted, span(length)?, None),
            ["host", "says", "for", length, "heard", "after", after] => {
                Self::Says(quoted, span(length)?, Some(span(after)?))
            }
            ["host", "sounds", "for", length] => Self::Sounds(span(length)?),
            ["recogniser", "hears", "for", length, "heard", "after", after] => {
                Self::Heard(quoted, span(length)?, span(after)?)
            }
            ["recogniser", "hears", "for", length, "interim", "at", told] => {
                Self::HeardInterim(quoted, span(length)?, seconds(told)?)
            }
            ["recogniser", "repeats", "it"] => Self::Repeats(Stability::Final),
            ["recogniser", "repeats", "it", "for", "now"] => Self::Repeats(Stability::Interim),
            ["recogniser", "corrects", "it", "to"] => Self::Corrects(quoted),
            ["host", "stops", "at", at] => Self::Stops(Some(seconds(at)?)),
            ["model", "answers", ask, "with", score] => Self::Answers(number(ask)?, number(score)?),
            ["host", "types"] => Self::Types(quoted),
            ["host", "marks"] => Self::Marks(quoted),
            [name, "plays", "in", turn] => Self::PlaysIn(
                ai(name)?,
                TurnId(number(turn.strip_prefix('t').ok_or("a turn is written t7")?)?),
            ),
            [name, "will", "say"] => Self::Will(ai(name)?, Script::Says(quoted)),
            [name, "will", "fail"] => Self::Will(ai(name)?, Script::Fails(quoted, Outcome::Failed)),
            [name, "will", "refuse"] => {
                Self::Will(ai(name)?, Script::Fails(quoted, Outcome::Refused))
            }
            [name, "will", "time", "out"] => {
                Self::Will(ai(name)?, Script::Fails(quoted, Outcome::TimedOut))
            }
            [name, "will", "hang"] => Self::Will(ai(name)?, Script::Hangs),
            [name, "voice", "breaks", "after", heard] => Self::Breaks(ai(name)?, span(heard)?),
            ["model", "says", score] => Self::Scores(Some(number(score)?)),
            ["faults", "from", seed] => Self::FaultsFrom(number(seed)?),
            _ => return Err("it means nothing here".into()),
        })
    }

    /// Does it in `meeting`, or sees to it that it is done at `at`.
    pub(super) fn play(&self, at: SessionTime, meeting: &mut Meeting) {
        match self {
            Self::Says(text, length, after) => {
                let after = after.unwrap_or(ms(meeting.plan.words_after));
                meeting.say(at, *length, text, after);
            }
            Self::Sounds(length) => meeting.voice(at, *length),
            Self::Heard(text, length, after) => meeting.words(at, *length, text, *after),
            Self::HeardInterim(text, length, told) => meeting.interim(at, *length, text, *told),
            Self::Repeats(stability) => meeting.repeat_last(at, *stability),
            Self::Corrects(text) => meeting.correct_last(at, text),
            Self::Starts => meeting.learn(at, Input::SpeechStarted { at }),
            Self::Stops(when) => {
                meeting.learn(at, Input::SpeechStopped { at: when.unwrap_or(at) });
            }
            Self::Answers(ask, score) => {
                meeting.learn(at, Input::EndOfTurnJudged { ask: *ask, score: Some(*score) });
            }
            Self::Types(text) => meeting.learn(at, Input::Typed { text: text.clone() }),
            Self::Marks(label) => meeting.learn(at, Input::Marked { label: label.clone() }),
            Self::Presses(input) => meeting.learn(at, input.clone()),
            Self::PlaysIn(_, turn) => {
                meeting.learn(at, Input::Played { turn: *turn, samples: 480, at });
            }
            Self::Will(speaker, script) => {
                meeting.replies[speaker.index()].push_back(script.clone());
            }
            Self::Breaks(_, after) => meeting.break_voice(*after),
            Self::Scores(score) => meeting.scores.push_back(*score),
            Self::Takes(name, length) => {
                if let Some((_, field)) = TAKES.iter().find(|(known, _)| known == name) {
                    *field(&mut meeting.plan) = length.millis();
                }
            }
            Self::Rule(name, value) => {
                if let Some((_, set)) = RULES.iter().find(|(known, _)| known == name) {
                    meeting.rule(|rules| set(rules, *value));
                }
            }
            Self::FaultsFrom(seed) => meeting.dice = Some(Dice::new(*seed)),
            Self::Show(act) => act.play(at, meeting),
            Self::Rests => meeting.rests.push(at),
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |span: &Span| in_seconds(SessionTime::ZERO + *span);
        if let Some((words, _)) = plain_acts().iter().find(|(_, act)| act == self) {
            return f.write_str(words);
        }
        match self {
            Self::Says(text, length, None) => write!(f, "host says {text:?} for {}", of(length)),
            Self::Says(text, length, Some(after)) => {
                write!(f, "host says {text:?} for {} heard after {}", of(length), of(after))
            }
            Self::Sounds(length) => write!(f, "host sounds for {}", of(length)),
            Self::Heard(text, length, after) => {
                write!(f, "recogniser hears {text:?} for {} heard after {}", of(length), of(after))
            }
            Self::HeardInterim(text, length, told) => {
                let (length, told) = (of(length), in_seconds(*told));
                write!(f, "recogniser hears {text:?} for {length} interim at {told}")
            }
            Self::Repeats(Stability::Interim) => f.write_str("recogniser repeats it for now"),
            Self::Repeats(Stability::Complete | Stability::Final) => {
                f.write_str("recogniser repeats it")
            }
            Self::Corrects(text) => write!(f, "recogniser corrects it to {text:?}"),
            Self::Starts => f.write_str("host starts"),
            Self::Stops(None) => f.write_str("host stops"),
            Self::Stops(Some(at)) => write!(f, "host stops at {}", in_seconds(*at)),
            Self::Answers(ask, score) => write!(f, "model answers {ask} with {score}"),
            Self::Types(text) => write!(f, "host types {text:?}"),
            Self::Marks(label) => write!(f, "host marks {label:?}"),
            Self::Presses(input) => write!(f, "host presses {input:?}"),
            Self::PlaysIn(speaker, turn) => write!(f, "{} plays in {turn}", name_of(*speaker)),
            Self::Will(speaker, script) => {
                let name = name_of(*speaker);
                match script {
                    Script::Says(text) => write!(f, "{name} will say {text:?}"),
                    Script::Fails(text, Outcome::Refused) => {
                        write!(f, "{name} will refuse {text:?}")
                    }
                    Script::Fails(text, Outcome::TimedOut) => {
                        write!(f, "{name} will time out {text:?}")
                    }
                    Script::Fails(text, Outcome::Failed | Outcome::Complete) => {
                        write!(f, "{name} will fail {text:?}")
                    }
                    Script::Hangs => write!(f, "{name} will hang"),
                }
            }
            Self::Breaks(speaker, after) => {
                write!(f, "{} voice breaks after {}", name_of(*speaker), of(after))
            }
            Self::Scores(None) => f.write_str("model says nothing"),
            Self::Scores(Some(score)) => write!(f, "model says {score}"),
            Self::Takes(name, length) => write!(f, "{name} {}", of(length)),
            Self::Rule(name, value) => write!(f, "rule {name} {value}"),
            Self::FaultsFrom(seed) => write!(f, "faults from {seed}"),
            Self::Show(act) => act.fmt(f),
            Self::Rests => f.write_str("all is at rest"),
        }
    }
}

/// The quoted text of a line, and the line without it.
fn unquoted(line: &str) -> Result<(String, String), String> {
    let Some((before, after)) = line.split_once('"') else {
        return Ok((String::new(), line.trim().into()));
    };
    let (text, after) = after.rsplit_once('"').ok_or("an open quote")?;
    let plain = format!("{} {}", before.trim(), after.trim());
    Ok((text.into(), plain.trim().into()))
}

pub(super) fn span(text: &str) -> Result<Span, String> {
    Ok(seconds(text)?.since(SessionTime::ZERO))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().ok().ok_or_else(|| format!("{text:?} is no number that fits"))
}

pub(super) fn ai(name: &str) -> Result<AiSpeaker, String> {
    match name {
        "ada" => Ok(AiSpeaker::Claude),
        "grace" => Ok(AiSpeaker::Guest),
        other => Err(format!("{other:?} is neither ada nor grace")),
    }
}

pub(super) const fn name_of(speaker: AiSpeaker) -> &'static str {
    match speaker {
        AiSpeaker::Claude => "ada",
        AiSpeaker::Guest => "grace",
    }
}
