//! What happens when code panics: it is logged and counted, and the thread unwinds as far as whoever watches it.
//!
//! Every actor, pool thread and writer is watched, so a panic costs a part and never the process; this hook only sees to
//! it that none goes unnoticed. A message that was put together at run time may hold spoken words and is left out.

use std::panic::{PanicHookInfo, set_hook};

use crate::session::supervision::count_panic;

/// Takes the place of the hook that prints to standard error.
pub fn log_panics() {
    set_hook(Box::new(|panic| {
        count_panic();
        let thread = std::thread::current();
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(
            thread = thread.name().unwrap_or("unnamed"),
            place,
            message = fixed_message(panic),
            "a panic: whoever watches this part replaces it or ends the session in order"
        );
    }));
}

/// The message if it stands in the source as it is.
fn fixed_message(panic: &PanicHookInfo<'_>) -> &'static str {
    panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("withheld")
}
