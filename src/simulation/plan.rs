//! How quick the recogniser, the models, the voices and the page of a made-up meeting are.

/// How quick everybody is, in milliseconds.
#[derive(Clone, Debug)]
pub struct Plan {
    pub onset_known: u64,
    pub stop_known: u64,
    pub words_after: u64,
    pub final_after: u64,
    pub judge_after: u64,
    pub text_after: u64,
    pub chunk_every: u64,
    pub voice_after: u64,
    pub report_every: u64,
    pub flush_after: u64,
    pub summary_after: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            onset_known: 40,
            stop_known: 160,
            words_after: 250,
            final_after: 40,
            judge_after: 50,
            text_after: 200,
            chunk_every: 20,
            voice_after: 100,
            report_every: 100,
            flush_after: 40,
            summary_after: 3000,
        }
    }
}
