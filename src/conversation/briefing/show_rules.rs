//! The keys of `rules:` about the show around the floor: who answers, the director, the producer's channel, the memory.

use super::errors::BriefingErrors;
use super::fields::Fields;
use super::rules::{millis, phrases, set};
use crate::conversation::rules::Rules;
use crate::conversation::show_rules::Answers;

/// Reads them out of the group `rules`.
pub(super) fn read(rules: &mut Rules, group: &mut Fields, errors: &mut BriefingErrors) {
    let word = group.word("answers", &Answers::ALL.map(|(word, _)| word), errors);
    let known = Answers::ALL.into_iter().find(|(known, _)| Some(*known) == word);
    set(&mut rules.show.answers, known.map(|(_, answers)| answers));
    set(&mut rules.show.follow_ups, group.switch("followUps", errors));
    set(&mut rules.show.strike_phrases, phrases(group, "strike", errors));
    set(
        &mut rules.show.history_words,
        group.number("historyWords", 200..=100_000, "words", errors),
    );
    if let Some(group) = group.group("director", errors) {
        read_director(rules, group, errors);
    }
}

fn read_director(rules: &mut Rules, mut group: Fields, errors: &mut BriefingErrors) {
    let show = &mut rules.show;
    set(&mut show.directs, group.switch("enabled", errors));
    set(&mut show.by_minutes, group.switch("byMinutes", errors));
    set(&mut show.novelty_min, group.number("noveltyMin", 0..=1000, "per mille", errors));
    set(&mut show.repetition_max, group.number("repetitionMax", 1..=1000, "per mille", errors));
    set(&mut show.share_max, group.number("shareMax", 500..=1000, "per mille", errors));
    set(&mut show.monologue_max, millis(&mut group, "monologueMs", 5_000, 300_000, errors));
    set(&mut show.ask_every, group.number("askEvery", 0..=50, "turns", errors));
    set(&mut show.wrap_up, millis(&mut group, "wrapUpMs", 0, 600_000, errors));
    set(&mut show.soft_landing, group.switch("softLanding", errors));
    set(&mut show.host_may_speak, millis(&mut group, "hostMaySpeakMs", 0, 10_000, errors));
    group.finish(errors);
}
