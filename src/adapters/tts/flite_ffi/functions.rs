//! Flite's C types and functions, as the public headers of Flite 2.x declare them.

use std::ffi::{c_char, c_int, c_void};

use libloading::Library;

/// An opaque thing of Flite's.
#[repr(C)]
pub(super) struct Opaque {
    _private: [u8; 0],
}

/// `cst_voice` of Flite 2.x.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct CVoice {
    pub(super) name: *const c_char,
    pub(super) features: *mut Opaque,
    pub(super) ffunctions: *mut Opaque,
    pub(super) utt_init: *const c_void,
}

/// `cst_wave` of Flite 2.x.
#[repr(C)]
pub(super) struct CWave {
    pub(super) kind: *const c_char,
    pub(super) sample_rate: c_int,
    pub(super) num_samples: c_int,
    pub(super) num_channels: c_int,
    pub(super) samples: *const i16,
}

/// `cst_audio_streaming_info` of Flite 2.x.
#[repr(C)]
pub(super) struct CStreaming {
    pub(super) min_buffsize: c_int,
    pub(super) callback:
        Option<unsafe extern "C" fn(*const CWave, c_int, c_int, c_int, *mut Self) -> c_int>,
    pub(super) utterance: *const Opaque,
    pub(super) item: *const Opaque,
    pub(super) userdata: *mut c_void,
}

/// The functions used, found by name. They stay valid because the libraries are leaked.
#[derive(Clone, Copy)]
pub(super) struct Functions {
    pub(super) synth_text: unsafe extern "C" fn(*const c_char, *const CVoice) -> *mut Opaque,
    pub(super) delete_utterance: unsafe extern "C" fn(*mut Opaque),
    pub(super) utt_relation: unsafe extern "C" fn(*const Opaque, *const c_char) -> *mut Opaque,
    pub(super) relation_head: unsafe extern "C" fn(*mut Opaque) -> *mut Opaque,
    pub(super) item_next: unsafe extern "C" fn(*const Opaque) -> *mut Opaque,
    pub(super) ffeature_float: unsafe extern "C" fn(*const Opaque, *const c_char) -> f32,
    pub(super) ffeature_int: unsafe extern "C" fn(*const Opaque, *const c_char) -> c_int,
    pub(super) new_streaming: unsafe extern "C" fn() -> *mut CStreaming,
    pub(super) streaming_val: unsafe extern "C" fn(*const CStreaming) -> *mut Opaque,
    pub(super) new_features: unsafe extern "C" fn() -> *mut Opaque,
    pub(super) feat_copy_into: unsafe extern "C" fn(*const Opaque, *mut Opaque) -> c_int,
    pub(super) feat_set: unsafe extern "C" fn(*mut Opaque, *const c_char, *const Opaque),
    pub(super) feat_set_float: unsafe extern "C" fn(*mut Opaque, *const c_char, f32),
    pub(super) feat_remove: unsafe extern "C" fn(*mut Opaque, *const c_char) -> c_int,
}

impl Functions {
    /// Finds all of them.
    ///
    /// # Errors
    ///
    /// The loader's sentence about the first that is missing.
    #[expect(unsafe_code, reason = "gives symbols their signatures")]
    pub(super) fn find(library: &'static Library) -> Result<Self, String> {
        // SAFETY: the signatures are those of Flite 2.x' public headers.
        unsafe {
            Ok(Self {
                synth_text: address(library, b"flite_synth_text\0")?,
                delete_utterance: address(library, b"delete_utterance\0")?,
                utt_relation: address(library, b"utt_relation\0")?,
                relation_head: address(library, b"relation_head\0")?,
                item_next: address(library, b"item_next\0")?,
                ffeature_float: address(library, b"flite_ffeature_float\0")?,
                ffeature_int: address(library, b"flite_ffeature_int\0")?,
                new_streaming: address(library, b"new_audio_streaming_info\0")?,
                streaming_val: address(library, b"audio_streaming_info_val\0")?,
                new_features: address(library, b"new_features\0")?,
                feat_copy_into: address(library, b"feat_copy_into\0")?,
                feat_set: address(library, b"feat_set\0")?,
                feat_set_float: address(library, b"feat_set_float\0")?,
                feat_remove: address(library, b"feat_remove\0")?,
            })
        }
    }
}

/// The address of a symbol, copied out of its library.
///
/// # Safety
///
/// `F` is the symbol's true signature and the library is never closed.
#[expect(unsafe_code, reason = "gives a symbol its signature")]
pub(super) unsafe fn address<F: Copy>(
    library: &'static Library,
    symbol: &[u8],
) -> Result<F, String> {
    // SAFETY: promised by the caller.
    let found = unsafe { library.get::<F>(symbol) };
    found.map(|symbol| *symbol).map_err(|error| error.to_string())
}
