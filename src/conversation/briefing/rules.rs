//! `rules:` of a briefing: the numbers of the conversation that a host may set.
//!
//! Every key is optional and stands in for the default of [`Rules`]. Bounds keep a slip of the finger (`pauseMs: 20000`)
//! from making a show that nobody can interrupt; they are wider than any taste.

use super::errors::BriefingErrors;
use super::fields::{Fields, TextShape};
use crate::conversation::rules::{PRESETS, Rules};
use crate::time::Span;

/// Most phrases in a list.
const PHRASES_MAX: usize = 50;
/// A phrase.
const PHRASE: TextShape = TextShape::line(60);

/// The rules of the group `rules`, or the defaults where it says nothing.
pub(super) fn read(group: Option<Fields>, errors: &mut BriefingErrors) -> Rules {
    read_over(Rules::default(), group, errors)
}

/// The same, where the rules say nothing those of `rules`.
pub(super) fn read_over(
    mut rules: Rules,
    group: Option<Fields>,
    errors: &mut BriefingErrors,
) -> Rules {
    let Some(mut group) = group else { return rules };
    if let Some(preset) = group.word("preset", &PRESETS, errors) {
        rules.take_preset(preset);
    }
    set(&mut rules.answer_seconds, group.number("answerSeconds", 2..=120, "seconds", errors));
    set(&mut rules.hand_overs_max, group.number("handOversMax", 0..=50, "turns", errors));
    super::show_rules::read(&mut rules, &mut group, errors);
    if let Some(group) = group.group("autopilot", errors) {
        read_autopilot(&mut rules, group, errors);
    }
    if let Some(group) = group.group("prepare", errors) {
        read_prepare(&mut rules, group, errors);
    }
    if let Some(group) = group.group("endOfTurn", errors) {
        read_end_of_turn(&mut rules, group, errors);
    }
    if let Some(group) = group.group("bargeIn", errors) {
        read_barge_in(&mut rules, group, errors);
    }
    group.finish(errors);
    rules
}

fn read_autopilot(rules: &mut Rules, mut group: Fields, errors: &mut BriefingErrors) {
    set(&mut rules.autopilot_max_turns, group.number("maxTurns", 1..=200, "turns", errors));
    set(&mut rules.ai_gap, millis(&mut group, "gapMs", 0, 5000, errors));
    set(&mut rules.show.gap_variation, millis(&mut group, "gapVaryMs", 0, 2000, errors));
    group.finish(errors);
}

fn read_prepare(rules: &mut Rules, mut group: Fields, errors: &mut BriefingErrors) {
    set(&mut rules.prepare_tries, group.number("tries", 0..=5, "tries", errors));
    set(&mut rules.prepare_next, group.switch("next", errors));
    set(&mut rules.prepare_sound, group.switch("sound", errors));
    group.finish(errors);
}

fn read_end_of_turn(rules: &mut Rules, mut group: Fields, errors: &mut BriefingErrors) {
    let line = group.line;
    set(&mut rules.first_ask, millis(&mut group, "firstAskMs", 50, 5000, errors));
    set(&mut rules.second_ask, millis(&mut group, "secondAskMs", 50, 10_000, errors));
    set(&mut rules.turn_ceiling, millis(&mut group, "ceilingMs", 200, 30_000, errors));
    set(&mut rules.done_score, group.number("doneScore", 1..=1000, "per mille", errors));
    set(&mut rules.thinking_ceiling, millis(&mut group, "thinkingMs", 200, 30_000, errors));
    set(&mut rules.habit_percent, group.number("habitPercent", 0..=300, "per cent", errors));
    set(&mut rules.slow_percent, group.number("slowPercent", 100..=300, "per cent", errors));
    set(&mut rules.thinking_phrases, phrases(&mut group, "thinking", errors));
    let path = group.path_of("firstAskMs");
    group.finish(errors);
    let waits = [rules.first_ask, rules.second_ask, rules.turn_ceiling];
    if !waits.is_sorted() {
        let [first, second, ceiling] = waits.map(Span::millis);
        errors.note(
            line,
            path,
            format!("{first}, {second} and {ceiling} in effect; expected firstAskMs ≤ secondAskMs ≤ ceilingMs"),
        );
    }
}

fn read_barge_in(rules: &mut Rules, mut group: Fields, errors: &mut BriefingErrors) {
    let line = group.line;
    set(&mut rules.barge_in_pause, millis(&mut group, "pauseMs", 40, 2000, errors));
    set(&mut rules.back_channel_max, millis(&mut group, "backChannelMaxMs", 100, 5000, errors));
    set(&mut rules.resume_after, millis(&mut group, "resumeAfterMs", 100, 5000, errors));
    set(&mut rules.duck_db, group.number("duckDb", -60..=0, "dB", errors));
    set(&mut rules.finish_word, millis(&mut group, "finishWordMs", 0, 200, errors));
    set(&mut rules.warm_up, millis(&mut group, "warmUpMs", 0, 10_000, errors));
    set(&mut rules.always_interrupt, phrases(&mut group, "always", errors));
    set(&mut rules.never_interrupt, phrases(&mut group, "never", errors));
    let path = group.path_of("pauseMs");
    group.finish(errors);
    if rules.barge_in_pause > rules.back_channel_max {
        let (pause, longest) = (rules.barge_in_pause.millis(), rules.back_channel_max.millis());
        errors.note(
            line,
            path,
            format!("{pause} and {longest} in effect; expected pauseMs ≤ backChannelMaxMs"),
        );
    }
    if let Some(both) =
        rules.always_interrupt.iter().find(|phrase| rules.never_interrupt.contains(phrase))
    {
        errors.note(
            line,
            "rules.bargeIn",
            format!("\"{both}\" is both in always and in never; expected one of them"),
        );
    }
}

pub(super) fn millis(
    group: &mut Fields,
    key: &'static str,
    min: u32,
    max: u32,
    errors: &mut BriefingErrors,
) -> Option<Span> {
    group.number(key, min..=max, "milliseconds", errors).map(|ms| Span::from_millis(u64::from(ms)))
}

/// A list of phrases in lower case and without punctuation, as words are compared.
pub(super) fn phrases(
    group: &mut Fields,
    key: &'static str,
    errors: &mut BriefingErrors,
) -> Option<Vec<String>> {
    let phrases = group.texts(key, PHRASES_MAX, PHRASE, errors)?;
    Some(
        phrases
            .into_iter()
            .map(|phrase| comparable(&phrase.value))
            .filter(|phrase| !phrase.is_empty())
            .collect(),
    )
}

fn comparable(phrase: &str) -> String {
    let is_part = |c: &char| c.is_alphanumeric() || c.is_whitespace() || matches!(c, '\'' | '-');
    let plain: String = phrase.to_lowercase().replace('’', "'").chars().filter(is_part).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}
