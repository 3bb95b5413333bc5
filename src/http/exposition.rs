//! Figures as Prometheus reads them: its text format, version 0.0.4.
//!
//! Knows no figure. A family's samples stand together behind its head, as the format demands.

use std::fmt::Display;

/// What an answer in this format is called.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What kind of number a family holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It only rises; the family's name ends with `_total`.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// The text so far.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

/// A family whose head is written.
#[derive(Debug)]
pub(super) struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Exposition {
    /// Begins a family; `help` is one line.
    pub(super) fn family(&mut self, kind: Kind, name: &'static str, help: &str) -> Family<'_> {
        debug_assert_eq!(kind == Kind::Counter, name.ends_with("_total"), "{name}");
        let word = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let help = help.replace('\\', r"\\").replace('\n', r"\n");
        self.0.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {word}\n"));
        Family { text: &mut self.0, name }
    }

    /// A family of one number.
    pub(super) fn one(&mut self, kind: Kind, name: &'static str, help: &str, value: impl Display) {
        self.family(kind, name, help).sample(&[], value);
    }

    /// The whole text.
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

impl Family<'_> {
    /// A number with these labels, which no other of the family has.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(self.name);
        if !labels.is_empty() {
            let labels: Vec<String> = labels
                .iter()
                .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
                .collect();
            self.text.push_str(&format!("{{{}}}", labels.join(",")));
        }
        self.text.push_str(&format!(" {value}\n"));
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_labels_and_odd_letters_are_written_as_the_format_wants_them() {
        let mut figures = Exposition::default();
        figures.one(Kind::Gauge, "a_ready", "Whether it is.", 1);
        let mut family = figures.family(Kind::Counter, "a_total", "One\nline.");
        family.sample(&[("model", "x\"y\\z\n")], 2);
        family.sample(&[("model", "z"), ("role", "tts")], 0.5);
        assert_eq!(
            figures.into_text(),
            "# HELP a_ready Whether it is.\n# TYPE a_ready gauge\na_ready 1\n\
             # HELP a_total One\\nline.\n# TYPE a_total counter\n\
             a_total{model=\"x\\\"y\\\\z\\n\"} 2\na_total{model=\"z\",role=\"tts\"} 0.5\n"
        );
    }
}
