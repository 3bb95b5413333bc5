//! The terminal's screen, drawn from a [`View`]. Pure: text of styled pieces, and the same as a terminal takes it.
//!
//! Whatever others say is stripped of control characters: a caption must not move the cursor or colour the screen.

use super::view::View;
use crate::transport::protocol::{OrbState, Speaker, WireCaption};

/// What is below this cannot be read; a smaller terminal shows the beginning.
pub const COLUMNS_MIN: usize = 32;
/// The same for rows: head, three speakers, rules, one caption, keys.
pub const ROWS_MIN: usize = 9;
/// Columns of names and of states.
const NAME_COLUMNS: usize = 14;
const STATE_COLUMNS: usize = 14;
/// Longest level bar.
const BAR_COLUMNS_MAX: usize = 30;

/// The keys, as the last line says them.
pub const KEYS: &str = "space interrupt · m mute · a autopilot · q end";

/// How a piece is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// As text is.
    Plain,
    /// What is of less weight.
    Soft,
    /// What is of more.
    Strong,
    /// A speaker's colour; shapes and names tell them apart without it.
    Voice(Speaker),
    /// What must be seen.
    Alert,
}

/// A line of the screen.
pub type Line = Vec<(Style, String)>;

/// Draws the screen: at most `rows` lines of at most `columns` characters.
#[must_use]
pub fn draw(view: &View, columns: usize, rows: usize) -> Vec<Line> {
    let (columns, rows) = (columns.max(COLUMNS_MIN), rows.max(ROWS_MIN));
    let mut lines = vec![head(view, columns), rule(columns)];
    for speaker in [Speaker::You, Speaker::Claude, Speaker::Guest] {
        lines.push(speaker_line(view, speaker, columns));
    }
    lines.push(rule(columns));
    let room = rows - lines.len() - 3;
    let mut said = captions(view, columns);
    let shown = said.split_off(said.len().saturating_sub(room));
    let empty = room - shown.len();
    lines.extend(shown);
    lines.extend(std::iter::repeat_n(Line::new(), empty));
    lines.push(rule(columns));
    lines.push(vec![(Style::Soft, cut(&clean(&view.notice), columns))]);
    lines.push(vec![(Style::Plain, cut(KEYS, columns))]);
    lines
}

/// The screen as a terminal takes it: from the upper left corner, each line cleared to its end.
#[must_use]
pub fn ansi(lines: &[Line]) -> String {
    let mut text = String::from("\x1b[H");
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            text.push_str("\r\n");
        }
        for (style, piece) in line {
            let code = match style {
                Style::Plain => "0",
                Style::Soft => "2",
                Style::Strong => "1",
                Style::Voice(Speaker::You) => "34",
                Style::Voice(Speaker::Claude) => "33",
                Style::Voice(Speaker::Guest) => "32",
                Style::Alert => "1;31",
            };
            text.push_str(&format!("\x1b[{code}m{piece}\x1b[0m"));
        }
        text.push_str("\x1b[K");
    }
    text.push_str("\x1b[J");
    text
}

/// A final caption as one line, for a terminal that is none: a file, a pipe.
#[must_use]
pub fn plain(view: &View, caption: &WireCaption) -> String {
    let cut = if caption.cut { " [cut off]" } else { "" };
    let time = clock(caption.start);
    format!("{time} {}: {}{cut}", clean(view.name(caption.speaker)), clean(&caption.text))
}

fn head(view: &View, columns: usize) -> Line {
    let time = clock(view.now_ms);
    let (style, word) = match (view.recording, view.muted) {
        (true, true) => (Style::Alert, format!("● REC {time}  MUTED")),
        (true, false) => (Style::Alert, format!("● REC {time}")),
        (false, _) => (Style::Soft, format!("○ not recording {time}")),
    };
    let autopilot = if view.autopilot { "  autopilot" } else { "" };
    let right = format!("{word}{autopilot}");
    let room = columns.saturating_sub(right.chars().count() + 1);
    let title = cut(&clean(&view.title), room);
    let gap = columns.saturating_sub(right.chars().count() + title.chars().count());
    vec![(Style::Strong, title), (Style::Plain, " ".repeat(gap)), (style, right)]
}

fn rule(columns: usize) -> Line {
    vec![(Style::Soft, "─".repeat(columns))]
}

fn speaker_line(view: &View, speaker: Speaker, columns: usize) -> Line {
    let shape = match speaker {
        Speaker::You => '●',
        Speaker::Claude => '◆',
        Speaker::Guest => '■',
    };
    let orb = view.orbs[speaker.index()];
    let name = cut(&clean(view.name(speaker)), NAME_COLUMNS);
    let label = format!("{shape} {name:NAME_COLUMNS$} ");
    let state = format!("{:STATE_COLUMNS$}", word(orb));
    let room = columns.saturating_sub(NAME_COLUMNS + 3 + STATE_COLUMNS).min(BAR_COLUMNS_MAX);
    let level = usize::from(view.levels[speaker.index()].min(1000));
    let full = (level * room).div_ceil(1000);
    let style = if orb == OrbState::Failed { Style::Alert } else { Style::Plain };
    vec![
        (Style::Voice(speaker), label),
        (style, state),
        (Style::Voice(speaker), "█".repeat(full)),
        (Style::Soft, "·".repeat(room - full)),
    ]
}

const fn word(orb: OrbState) -> &'static str {
    match orb {
        OrbState::Idle => "ready",
        OrbState::Connecting => "connecting",
        OrbState::Listening => "listening",
        OrbState::Thinking => "thinking",
        OrbState::Speaking => "speaking",
        OrbState::Paused => "holding",
        OrbState::Interrupted => "interrupted",
        OrbState::Muted => "muted",
        OrbState::Failed => "not available",
    }
}

/// All captions, wrapped; the name of a speaker stands before the first line.
fn captions(view: &View, columns: usize) -> Vec<Line> {
    let room = columns.saturating_sub(NAME_COLUMNS + 1).max(1);
    let mut lines = Vec::new();
    for caption in &view.captions {
        let mut words: Vec<(Style, String)> = Vec::new();
        let heard = if caption.is_final || caption.speaker != Speaker::You {
            Style::Plain
        } else {
            Style::Soft
        };
        let mut add = |style: Style, text: &str| {
            words.extend(clean(text).split_whitespace().map(|word| (style, word.to_owned())));
        };
        add(heard, &caption.text);
        add(Style::Soft, &caption.pending);
        if caption.cut {
            add(Style::Alert, "╱cut");
        }
        for (index, piece) in wrap(words, room).into_iter().enumerate() {
            let name = if index == 0 {
                cut(&clean(view.name(caption.speaker)), NAME_COLUMNS)
            } else {
                String::new()
            };
            let label = format!("{name:NAME_COLUMNS$} ");
            lines.push([vec![(Style::Voice(caption.speaker), label)], piece].concat());
        }
    }
    lines
}

/// Words in lines of at most `room` characters; a word longer than a line is cut.
fn wrap(words: Vec<(Style, String)>, room: usize) -> Vec<Line> {
    let mut lines = vec![Line::new()];
    let mut used = 0;
    for (style, word) in words {
        let word = cut(&word, room);
        let length = word.chars().count();
        if used > 0 && used + 1 + length > room {
            lines.push(Line::new());
            used = 0;
        }
        let Some(line) = lines.last_mut() else { continue };
        let piece = if used > 0 { format!(" {word}") } else { word };
        used += piece.chars().count();
        match line.last_mut() {
            Some((last, text)) if *last == style => text.push_str(&piece),
            _ => line.push((style, piece)),
        }
    }
    lines
}

fn clean(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    text.chars().take(columns.saturating_sub(1)).chain(['…']).collect()
}

fn clock(ms: u64) -> String {
    let seconds = ms / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::protocol::TurnId;

    fn caption(id: u32, speaker: Speaker, text: &str) -> WireCaption {
        WireCaption {
            id,
            speaker,
            turn: TurnId(id),
            text: text.to_owned(),
            pending: String::new(),
            is_final: true,
            start: 61_000,
            end: 62_000,
            estimated: false,
            cut: false,
            words: Vec::new(),
        }
    }

    fn view() -> View {
        let mut view = View {
            title: "Night trains".to_owned(),
            names: ["Mona", "Ada", "Grace"].map(str::to_owned),
            orbs: [OrbState::Listening, OrbState::Speaking, OrbState::Idle],
            levels: [0, 500, 0],
            recording: true,
            now_ms: 62_500,
            notice: "Autopilot is on.".to_owned(),
            ..View::default()
        };
        view.captions.push_back(caption(1, Speaker::You, "Why did they come back?"));
        view.captions.push_back(WireCaption {
            pending: "worth more than an hour saved".to_owned(),
            is_final: false,
            ..caption(2, Speaker::Claude, "Because a bed that moves is")
        });
        view
    }

    fn text(lines: &[Line]) -> String {
        let line = |line: &Line| {
            let text: String = line.iter().map(|(_, piece)| piece.as_str()).collect();
            text.trim_end().to_owned()
        };
        lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_screen_shows_who_speaks_how_loud_and_what() {
        assert_eq!(
            text(&draw(&view(), 50, 12)),
            "\
Night trains                            ● REC 1:02
──────────────────────────────────────────────────
● Mona           listening     ···················
◆ Ada            speaking      ██████████·········
■ Grace          ready         ···················
──────────────────────────────────────────────────
Mona           Why did they come back?
Ada            Because a bed that moves is worth
               more than an hour saved
──────────────────────────────────────────────────
Autopilot is on.
space interrupt · m mute · a autopilot · q end"
        );
    }

    #[test]
    fn what_was_not_heard_yet_is_softer_and_a_cut_is_seen() {
        let mut view = view();
        let lines = draw(&view, 80, 12);
        assert!(
            lines[7].contains(&(Style::Soft, " worth more than an hour saved".to_owned())),
            "{:?}",
            lines[7]
        );
        view.captions[1].cut = true;
        view.captions[1].pending.clear();
        assert!(draw(&view, 80, 12)[7].contains(&(Style::Alert, " ╱cut".to_owned())));
    }

    #[test]
    fn every_size_is_filled_and_never_overfilled() {
        let view = view();
        for (columns, rows) in [(1, 1), (30, 9), (37, 10), (80, 24), (200, 60)] {
            let lines = draw(&view, columns, rows);
            assert_eq!(lines.len(), rows.max(ROWS_MIN), "{columns} × {rows}");
            for line in &lines {
                let width: usize = line.iter().map(|(_, piece)| piece.chars().count()).sum();
                assert!(width <= columns.max(COLUMNS_MIN), "{columns} × {rows}: {line:?}");
            }
        }
    }

    #[test]
    fn the_newest_words_stay_on_a_low_screen() {
        let lines = text(&draw(&view(), 80, 10));
        assert!(lines.contains("Because a bed") && !lines.contains("Why did they"), "{lines}");
    }

    #[test]
    fn nobody_moves_the_cursor_by_what_they_say() {
        let mut view = view();
        view.captions.push_back(caption(3, Speaker::Guest, "\x1b[2J\x07gone\r\nline"));
        view.names[2] = "\x1b[31mGrace".to_owned();
        view.notice = "\x1b]0;title\x07".to_owned();
        let drawn = draw(&view, 80, 24);
        assert!(!text(&drawn).replace('\n', "").chars().any(char::is_control));
        let escapes = ansi(&drawn).matches('\x1b').count();
        let own: usize = drawn.iter().map(|line| line.len() * 2 + 1).sum();
        assert_eq!(
            escapes,
            own + 2,
            "two for each piece, one for each line, the corner and the end"
        );
        assert!(!plain(&view, &view.captions[2]).contains('\x1b'));
    }

    #[test]
    fn a_pipe_gets_a_line_for_each_final_caption() {
        let view = view();
        let cut = WireCaption { cut: true, ..caption(2, Speaker::Claude, "Because a bed") };
        assert_eq!(plain(&view, &cut), "1:01 Ada: Because a bed [cut off]");
    }
}
