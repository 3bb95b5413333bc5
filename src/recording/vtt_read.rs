//! Cues read back from the caption files that [`super::vtt`] writes, for search and for pages.
//!
//! Reads what WebVTT allows of cues and passes over the rest: other tools may have touched a file.

/// One cue as people read it: no markup, one line.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadCue {
    /// Display name of its speaker; empty if the file does not say.
    pub speaker: String,
    /// Session ms.
    pub start_ms: u64,
    /// Session ms.
    pub end_ms: u64,
    /// Its words.
    pub text: String,
    /// Whether its speaker was interrupted at its end.
    pub cut: bool,
}

/// The cues of a file, in its order.
#[must_use]
pub fn read_cues(file: &str) -> Vec<ReadCue> {
    let mut cues = Vec::new();
    let mut lines = file.lines();
    while let Some(line) = lines.next() {
        let Some((from, until)) = line.split_once("-->") else { continue };
        let (Some(start_ms), Some(end_ms)) =
            (millis(from), until.split_whitespace().next().and_then(millis))
        else {
            continue;
        };
        let payload: Vec<&str> =
            lines.by_ref().take_while(|line| !line.trim().is_empty()).collect();
        let Plain { speaker, text, cut } = plain(&payload.join(" "));
        cues.push(ReadCue { speaker, start_ms, end_ms, text, cut });
    }
    cues
}

/// `hh:mm:ss.ttt`, hours optional.
fn millis(text: &str) -> Option<u64> {
    let (clock, fraction) = text.trim().split_once('.')?;
    let mut seconds: u64 = 0;
    for part in clock.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    seconds.checked_mul(1000)?.checked_add(fraction.parse().ok().filter(|ms| *ms < 1000)?)
}

/// A cue's payload without markup.
struct Plain {
    speaker: String,
    text: String,
    cut: bool,
}

fn plain(payload: &str) -> Plain {
    let mut found = Plain { speaker: String::new(), text: String::new(), cut: false };
    let mut rest = payload;
    while let Some((before, after)) = rest.split_once('<') {
        found.text.push_str(before);
        let Some((tag, after)) = after.split_once('>') else {
            rest = after;
            break;
        };
        let (element, name) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut classes = element.split('.');
        if classes.next() == Some("v") {
            found.speaker = unescape(name.trim());
            found.cut |= classes.any(|class| class == "cut");
        }
        rest = after;
    }
    found.text.push_str(rest);
    found.text = unescape(&found.text.split_whitespace().collect::<Vec<_>>().join(" "));
    found
}

fn unescape(text: &str) -> String {
    // The ampersand last, or `&amp;lt;` would become `<`.
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cues_come_back_without_markup() {
        let file = "WEBVTT\n\nNOTE\ntrack: x\n\nc1\n00:00:01.000 --> 00:00:02.500 align:start\n<v.estimated.cut Ada &amp; Co>One <00:00:01.500>two\n&lt;three&gt;</v>\n\nc2\n01:00:00.007 --> 01:00:01.000\nno voice\n\nbad --> worse\nx\n";
        assert_eq!(
            read_cues(file),
            [
                ReadCue {
                    speaker: "Ada & Co".to_owned(),
                    start_ms: 1000,
                    end_ms: 2500,
                    text: "One two <three>".to_owned(),
                    cut: true
                },
                ReadCue {
                    speaker: String::new(),
                    start_ms: 3_600_007,
                    end_ms: 3_601_000,
                    text: "no voice".to_owned(),
                    cut: false
                },
            ]
        );
    }

    #[test]
    fn whatever_a_file_holds_reading_it_ends() {
        for file in [
            "",
            "-->",
            "00:01.000 --> 00:02.000",
            "1.1 --> 99999999999999999999.0\n<",
            "00:00.9999 --> 0.1",
        ] {
            assert!(read_cues(file).len() <= 1, "{file}");
        }
    }
}
