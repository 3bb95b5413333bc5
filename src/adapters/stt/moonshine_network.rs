//! Moonshine tiny English's two networks: one hears, one writes a token at a time.
//!
//! Invariants: inputs go in by name; the caches go from one step to the next without a copy; what was heard is worked
//! out once for a stretch of sound, however often it is then written.

use ort::session::{Session, SessionInputValue, SessionOutputs};
use ort::value::{DynValue, Tensor, TensorRef};

use crate::adapters::onnx::{OfflineModels, open_session};

/// What every text begins with.
pub(super) const TOKEN_START: usize = 1;
/// What every text ends with.
pub(super) const TOKEN_END: usize = 2;
/// Layers × (key, value): the caches of what was written, and as many of what was heard.
const CACHES: usize = 6 * 2;
/// Shape of a cache before the first step: one sequence, eight heads, no positions, 36 numbers a head.
const CACHE_EMPTY: [usize; 4] = [1, 8, 0, 36];

/// The network pair.
pub(super) struct Network {
    encoder: Session,
    decoder: Session,
    of_heard: Vec<CacheName>,
    of_written: Vec<CacheName>,
}

struct CacheName {
    past: String,
    present: String,
}

/// A stretch of sound, heard.
pub(super) struct Heard {
    hidden: DynValue,
    mask: Tensor<i64>,
    /// What the writing network makes of it; empty until its first step.
    caches: Vec<DynValue>,
}

/// A text that is being written.
pub(super) struct Written {
    caches: Vec<DynValue>,
}

impl Network {
    /// Opens both files.
    ///
    /// # Errors
    ///
    /// A sentence that names the file and what was wrong with it.
    pub(super) fn open(models: &OfflineModels) -> Result<Self, String> {
        let library = models.onnx_runtime();
        Ok(Self {
            encoder: open_session(&library, &models.moonshine("encoder_model.ort"))?,
            decoder: open_session(&library, &models.moonshine("decoder_model_merged.ort"))?,
            of_heard: (0..CACHES).map(|number| cache_name(number, "encoder")).collect(),
            of_written: (0..CACHES).map(|number| cache_name(number, "decoder")).collect(),
        })
    }

    /// Hears `sound`, -1 to 1 at 16 kHz: about 6 ms a second of it.
    pub(super) fn hear(&mut self, sound: &[f32]) -> ort::Result<Heard> {
        let mask = Tensor::from_array(([1, sound.len()], vec![1_i64; sound.len()]))?;
        let mut outputs = self.encoder.run(ort::inputs! {
            "input_values" => TensorRef::from_array_view(([1, sound.len()], sound))?,
            "attention_mask" => &mask,
        })?;
        let hidden = taken(&mut outputs, "last_hidden_state")?;
        drop(outputs);
        Ok(Heard { hidden, mask, caches: Vec::new() })
    }

    /// Writes `tokens` behind what is written and lets `read` look at the scores that every token has of being next,
    /// for each of `tokens` in turn: about 4 ms for one, 8 ms for a sentence at once.
    pub(super) fn write<T>(
        &mut self,
        tokens: &[usize],
        heard: &mut Heard,
        written: &mut Written,
        read: impl FnOnce(&[f32]) -> T,
    ) -> ort::Result<T> {
        let tokens: Vec<i64> =
            tokens.iter().map(|token| i64::try_from(*token).unwrap_or(0)).collect();
        // The first step works the caches of what was heard out; later ones give empty stand-ins for them.
        let is_known = [!heard.caches.is_empty()];
        if heard.caches.is_empty() {
            heard.caches = empty_caches()?;
        }
        let mut inputs: Vec<(&str, SessionInputValue<'_>)> = Vec::with_capacity(2 * CACHES + 4);
        let ids = TensorRef::from_array_view(([1_usize, tokens.len()], tokens.as_slice()))?;
        inputs.push(("input_ids", ids.into()));
        inputs.push(("encoder_hidden_states", (&heard.hidden).into()));
        inputs.push(("encoder_attention_mask", (&heard.mask).into()));
        let is_known_input = TensorRef::from_array_view(([1_usize], is_known.as_slice()))?;
        inputs.push(("use_cache_branch", is_known_input.into()));
        for (name, cache) in self.of_heard.iter().zip(&heard.caches) {
            inputs.push((&name.past, cache.into()));
        }
        for (name, cache) in self.of_written.iter().zip(&written.caches) {
            inputs.push((&name.past, cache.into()));
        }
        let mut outputs = self.decoder.run(inputs)?;
        let logits = taken(&mut outputs, "logits")?;
        let caches = all_taken(&mut outputs, &self.of_written)?;
        let heard_caches =
            if is_known[0] { None } else { Some(all_taken(&mut outputs, &self.of_heard)?) };
        drop(outputs);
        written.caches = caches;
        if let Some(caches) = heard_caches {
            heard.caches = caches;
        }
        let (_, scores) = logits.try_extract_tensor::<f32>()?;
        Ok(read(scores))
    }
}

impl Written {
    /// Nothing yet.
    pub(super) fn nothing() -> ort::Result<Self> {
        Ok(Self { caches: empty_caches()? })
    }
}

fn empty_caches() -> ort::Result<Vec<DynValue>> {
    (0..CACHES)
        .map(|_| Ok(Tensor::from_array((CACHE_EMPTY, Vec::<f32>::new()))?.into_dyn()))
        .collect()
}

fn cache_name(number: usize, half: &str) -> CacheName {
    let layer = number / 2;
    let kind = if number.is_multiple_of(2) { "key" } else { "value" };
    CacheName {
        past: format!("past_key_values.{layer}.{half}.{kind}"),
        present: format!("present.{layer}.{half}.{kind}"),
    }
}

fn all_taken(outputs: &mut SessionOutputs<'_>, names: &[CacheName]) -> ort::Result<Vec<DynValue>> {
    names.iter().map(|name| taken(outputs, &name.present)).collect()
}

/// An output as a value that outlives the run.
fn taken(outputs: &mut SessionOutputs<'_>, name: &str) -> ort::Result<DynValue> {
    outputs.remove(name).ok_or_else(|| ort::Error::new(format!("the network gave no {name}")))
}
