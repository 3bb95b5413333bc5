//! Places where a test makes things go wrong on purpose: a panic, a thread that stands still, a stream of which nothing
//! comes any more.
//!
//! Without the feature `fault-points` every place is nothing at all; with it a place does nothing until a test arms it,
//! for one session and for one time. No setting can arm one.
//!
//! A test can also take a mend out ([`without`]), to show that something breaks without it.

#[cfg(feature = "fault-points")]
pub use armed::{Fault, Lever, Without, arm, fired, without};

/// A place. `scope` says whose it is: a session's id, a recording's folder.
#[cfg(not(feature = "fault-points"))]
#[inline(always)]
pub const fn point(_name: &'static str, _scope: &str) {}

#[cfg(feature = "fault-points")]
pub use armed::{hang, is_out, point};

/// A place in a stream, asked before each of its events.
#[cfg(not(feature = "fault-points"))]
#[inline(always)]
pub fn hang(_name: &'static str, _scope: &str) -> std::future::Ready<()> {
    std::future::ready(())
}

/// Whether a test has taken this mend out.
#[cfg(not(feature = "fault-points"))]
#[inline(always)]
pub const fn is_out(_mend: &str) -> bool {
    false
}

#[cfg(feature = "fault-points")]
mod armed {
    use std::cell::RefCell;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::sync::{Mutex, PoisonError};

    /// What happens there.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Fault {
        /// A panic.
        Panic,
        /// The thread stands still until the lever is dropped.
        Stall,
        /// Nothing comes of the stream any more. Only for a place that [`hang`] is asked at.
        Hang,
    }

    struct Armed {
        name: &'static str,
        scope: String,
        fault: Fault,
        held: Option<Receiver<()>>,
    }

    /// Lets a stalled thread go when it is dropped.
    #[derive(Debug)]
    pub struct Lever {
        _release: Sender<()>,
    }

    /// So that places that nobody has armed cost one relaxed read.
    static IS_ANY_ARMED: AtomicBool = AtomicBool::new(false);
    static ARMED: Mutex<Vec<Armed>> = Mutex::new(Vec::new());
    static FIRED: Mutex<Vec<(&'static str, String)>> = Mutex::new(Vec::new());

    /// Arms a place for the next time that `scope` comes by.
    #[must_use = "a stalled thread goes on when its lever is dropped"]
    pub fn arm(name: &'static str, scope: &str, fault: Fault) -> Lever {
        let (release, held) = channel();
        let armed = Armed { name, scope: scope.to_owned(), fault, held: Some(held) };
        ARMED.lock().unwrap_or_else(PoisonError::into_inner).push(armed);
        IS_ANY_ARMED.store(true, Ordering::Release);
        Lever { _release: release }
    }

    /// Whether the place has struck there.
    #[must_use]
    pub fn fired(name: &str, scope: &str) -> bool {
        let fired = FIRED.lock().unwrap_or_else(PoisonError::into_inner);
        fired.iter().any(|(own, whose)| *own == name && whose == scope)
    }

    /// A place. `scope` says whose it is: a session's id, a recording's folder.
    ///
    /// # Panics
    /// If a test has armed it so.
    pub fn point(name: &'static str, scope: &str) {
        let Some(armed) = take(name, scope) else { return };
        match armed.fault {
            Fault::Panic => strike(armed.name),
            // An error means that the lever is gone, which is what is waited for.
            Fault::Stall => drop(armed.held.map(|held| held.recv())),
            Fault::Hang => {}
        }
    }

    /// A place in a stream, asked before each of its events. Where a test has armed it with [`Fault::Hang`] it never
    /// answers.
    pub async fn hang(name: &'static str, scope: &str) {
        if take(name, scope).is_some_and(|armed| armed.fault == Fault::Hang) {
            std::future::pending::<()>().await;
        }
    }

    /// What a place is armed with, and notes that it strikes.
    fn take(name: &'static str, scope: &str) -> Option<Armed> {
        if !IS_ANY_ARMED.load(Ordering::Acquire) {
            return None;
        }
        let armed = {
            let mut all = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
            let place = all.iter().position(|armed| armed.name == name && armed.scope == scope)?;
            all.swap_remove(place)
        };
        let mut fired = FIRED.lock().unwrap_or_else(PoisonError::into_inner);
        fired.push((armed.name, armed.scope.clone()));
        Some(armed)
    }

    thread_local! {
        /// A test that takes something out does so for its own thread: others run beside it.
        static OUT: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    }

    /// Puts a mend back when it is dropped.
    #[derive(Debug)]
    pub struct Without(&'static str);

    /// Takes a mend out, for this thread.
    #[must_use = "a mend is back when this is dropped"]
    pub fn without(mend: &'static str) -> Without {
        OUT.with_borrow_mut(|out| out.push(mend));
        Without(mend)
    }

    /// Whether a test has taken this mend out.
    #[must_use]
    pub fn is_out(mend: &str) -> bool {
        OUT.with_borrow(|out| out.contains(&mend))
    }

    impl Drop for Without {
        fn drop(&mut self) {
            OUT.with_borrow_mut(|out| out.retain(|mend| *mend != self.0));
        }
    }

    #[expect(clippy::panic, reason = "a panic is what a test has ordered here")]
    fn strike(name: &str) {
        panic!("a test lets {name} panic")
    }
}
