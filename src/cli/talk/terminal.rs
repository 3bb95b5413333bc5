//! The terminal: single keys, a screen of its own, and everything as it was afterwards.
//!
//! Where standard output is no terminal, final captions are printed a line each; keys are read from standard input
//! either way, so a script can press them.

use std::io::{self, BufRead, IsTerminal};

use tokio::sync::mpsc;

use super::print;
use crate::client::talk::screen::{KEYS, ansi, draw, plain};
use crate::client::talk::view::View;
use crate::client::talk::{Key, Show};
use crate::transport::protocol::WireCaption;

/// A screen of its own, and no cursor.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";
/// Where the terminal does not say.
const USUAL_SIZE: (usize, usize) = (80, 24);

/// What the process was started with.
pub(super) struct Terminal {
    is_screen: bool,
}

impl Terminal {
    pub(super) fn new() -> Self {
        Self { is_screen: io::stdout().is_terminal() }
    }

    pub(super) const fn is_screen(&self) -> bool {
        self.is_screen
    }

    /// Reads keys from now on, and takes the screen where there is one.
    pub(super) fn enter(self, press: mpsc::Sender<Key>) -> Screen {
        let keys = single_keys::Mode::enter();
        std::thread::spawn(move || read_keys(io::stdin().lock(), &press));
        if self.is_screen {
            show_as_it_is(ENTER);
        }
        Screen { is_screen: self.is_screen, is_on_air: false, shown: String::new(), _keys: keys }
    }
}

/// Hands on keys until there are no more or nobody wants them. Runs on a thread of its own, since reading waits; it
/// ends with the process.
fn read_keys(from: impl BufRead, press: &mpsc::Sender<Key>) {
    for byte in from.bytes() {
        let Ok(byte) = byte else { return };
        let Some(key) = Key::of(char::from(byte)) else { continue };
        if press.blocking_send(key).is_err() {
            return;
        }
    }
}

/// The screen while it is taken; gives it back when dropped, after a panic too.
pub(super) struct Screen {
    is_screen: bool,
    /// Whether a terminal that is none was told that the session has begun.
    is_on_air: bool,
    shown: String,
    _keys: Option<single_keys::Mode>,
}

impl Show for Screen {
    fn draw(&mut self, view: &View) {
        if !self.is_screen {
            if view.recording && !self.is_on_air {
                self.is_on_air = true;
                // With standard output gone the talk goes on all the same.
                drop(print::line(&format!("On air: {} ({KEYS})", view.title)));
            }
            return;
        }
        let (columns, rows) = single_keys::size().unwrap_or(USUAL_SIZE);
        let text = ansi(&draw(view, columns, rows));
        if text != self.shown {
            show_as_it_is(&text);
            self.shown = text;
        }
    }

    fn said(&mut self, view: &View, caption: &WireCaption) {
        if !self.is_screen {
            drop(print::line(&plain(view, caption)));
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.is_screen {
            show_as_it_is(LEAVE);
        }
    }
}

fn show_as_it_is(text: &str) {
    // With the terminal gone there is nobody left to tell.
    drop(print::screen(text));
}

/// Keys without Enter and without their echo.
#[cfg(unix)]
mod single_keys {
    use std::io::{stdin, stdout};

    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

    /// Gives the terminal's own mode back when dropped.
    pub(super) struct Mode(Termios);

    impl Mode {
        /// `None` where standard input is no terminal.
        pub(super) fn enter() -> Option<Self> {
            let before = tcgetattr(stdin()).ok()?;
            let mut raw = before.clone();
            raw.make_raw();
            tcsetattr(stdin(), OptionalActions::Now, &raw).ok()?;
            Some(Self(before))
        }
    }

    impl Drop for Mode {
        fn drop(&mut self) {
            // A terminal that is gone needs no mode.
            drop(tcsetattr(stdin(), OptionalActions::Now, &self.0).map_err(std::io::Error::from));
        }
    }

    /// Columns and rows.
    pub(super) fn size() -> Option<(usize, usize)> {
        let size = tcgetwinsize(stdout()).ok()?;
        (size.ws_col > 0 && size.ws_row > 0)
            .then(|| (usize::from(size.ws_col), usize::from(size.ws_row)))
    }
}

/// Elsewhere keys want Enter, and the size is the usual one.
#[cfg(not(unix))]
mod single_keys {
    pub(super) struct Mode;

    impl Mode {
        pub(super) fn enter() -> Option<Self> {
            None
        }
    }

    pub(super) fn size() -> Option<(usize, usize)> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_handed_on_and_other_letters_are_not() {
        let (press, mut keys) = mpsc::channel(16);
        read_keys(&b" xmA\n\x03"[..], &press);
        drop(press);
        let mut pressed = Vec::new();
        while let Some(key) = keys.blocking_recv() {
            pressed.push(key);
        }
        assert_eq!(pressed, [Key::Interrupt, Key::Mute, Key::Autopilot, Key::End]);
    }
}
