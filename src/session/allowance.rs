//! How far a voice may run ahead of the listener.
//!
//! A turn's allowance is shared by the Session, which grants as sound is heard, and the voice, which spends as it
//! speaks. A voice without allowance waits, so a reply that is interrupted has cost at most three seconds of sound.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::audio::playout::AHEAD_MAX;

/// Sound that may wait in the playout ledger: what the ledger takes, 288 KB.
pub const AHEAD_MAX_SAMPLES: usize = 3 * 48_000;
const _: () = assert!(AHEAD_MAX_SAMPLES as u64 == AHEAD_MAX.samples());

/// One turn's allowance, in samples at 48 kHz. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Allowance(Arc<Semaphore>);

impl Default for Allowance {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AHEAD_MAX_SAMPLES)))
    }
}

impl Allowance {
    /// Waits until `samples` may be spoken, and spends them. `false` when the turn is over.
    pub async fn spend(&self, samples: usize) -> bool {
        let wanted = u32::try_from(samples.min(AHEAD_MAX_SAMPLES)).unwrap_or(u32::MAX);
        match self.0.acquire_many(wanted).await {
            Ok(permit) => {
                permit.forget();
                true
            }
            Err(_closed) => false,
        }
    }

    /// Grants as much as was heard.
    pub fn grant(&self, samples: usize) {
        // Never more than the whole: a semaphore over its limit would panic.
        let room = AHEAD_MAX_SAMPLES.saturating_sub(self.0.available_permits());
        self.0.add_permits(samples.min(room));
    }

    /// The turn is over: whoever waits stops waiting.
    pub fn close(&self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_voice_waits_until_the_listener_has_heard() {
        let allowance = Allowance::default();
        assert!(allowance.spend(AHEAD_MAX_SAMPLES).await);
        let waiting = tokio::spawn({
            let allowance = allowance.clone();
            async move { allowance.spend(960).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        allowance.grant(960);
        assert!(waiting.await.is_ok_and(|spent| spent));
    }

    #[tokio::test]
    async fn a_turn_that_is_over_lets_go_of_its_voice() {
        let allowance = Allowance::default();
        allowance.close();
        assert!(!allowance.spend(960).await);
    }
}
