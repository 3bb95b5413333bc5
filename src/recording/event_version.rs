//! Versions of the event log's lines, and the steps from an older one to the present one.
//!
//! Readers know the present version only. An older line is brought up to it while it is read, one step a version, and
//! the file stays as it is; a newer line is refused, for nobody here knows what it means.
//!
//! To change what a line may say: raise [`LOG_VERSION`], add the step to [`STEPS`], tell both in `docs/events.md` and
//! `docs/events.schema.json`. A new field that says nothing when it is absent needs none of this.

use serde_json::{Value, json};

use super::event_log::Event;
use crate::conversation::event::LOG_VERSION;

/// Brings a line of one version to the next.
type Step = fn(&mut Event);

/// The step from version 1 to 2, from 2 to 3, and so on.
const STEPS: [Step; 1] = [every_rule_is_written];
const _: () = assert!(STEPS.len() + 1 == LOG_VERSION as usize);

/// Version 2 writes every rule of the show. What version 1 left out was not there yet: such a show was held without.
fn every_rule_is_written(event: &mut Event) {
    if event.kind != "session.start" {
        return;
    }
    let rules = event.fields.get_mut("briefing").and_then(|briefing| briefing.get_mut("rules"));
    let Some(Value::Object(rules)) = rules else { return };
    for (name, off) in
        [("prepareTries", json!(0)), ("prepareNext", json!(false)), ("prepareSound", json!(false))]
    {
        rules.entry(name).or_insert(off);
    }
}

/// Brings a line up to the present version.
///
/// # Errors
/// The line's version, if there is no way from it.
pub(super) fn upgrade(event: &mut Event) -> Result<(), u32> {
    let known = 1..=LOG_VERSION;
    if !known.contains(&event.v) {
        return Err(event.v);
    }
    let done = usize::try_from(event.v - 1).unwrap_or(STEPS.len());
    for step in STEPS.iter().skip(done) {
        step(event);
    }
    Ok(())
}
