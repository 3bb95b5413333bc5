//! Messages of `google.cloud.speech` (versions 1 and 2) and `google.cloud.texttospeech.v1`, as far as they are used.
//!
//! Names and numbers are those of Google's published definitions.

#![expect(missing_docs, reason = "the names are Google's, and so is what they mean")]

/// A length of time.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Duration {
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

impl Duration {
    #[must_use]
    pub fn of_millis(millis: i64) -> Self {
        let nanos = i32::try_from(millis.rem_euclid(1000)).unwrap_or_default() * 1_000_000;
        Self { seconds: millis.div_euclid(1000), nanos }
    }

    /// In samples at `hz`; before the start is the start.
    #[must_use]
    pub fn samples(&self, hz: u32) -> u64 {
        let hz = i128::from(hz);
        let samples = i128::from(self.seconds) * hz + i128::from(self.nanos) * hz / 1_000_000_000;
        u64::try_from(samples.max(0)).unwrap_or_default()
    }
}

pub mod speech_v1 {
    use super::Duration;

    pub const LINEAR16: i32 = 1;

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct StreamingRecognizeRequest {
        #[prost(oneof = "Request", tags = "1, 2")]
        pub request: Option<Request>,
    }

    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Request {
        #[prost(message, tag = "1")]
        StreamingConfig(StreamingRecognitionConfig),
        #[prost(bytes = "vec", tag = "2")]
        AudioContent(Vec<u8>),
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct StreamingRecognitionConfig {
        #[prost(message, optional, tag = "1")]
        pub config: Option<RecognitionConfig>,
        #[prost(bool, tag = "3")]
        pub interim_results: bool,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct RecognitionConfig {
        #[prost(int32, tag = "1")]
        pub encoding: i32,
        #[prost(int32, tag = "2")]
        pub sample_rate_hertz: i32,
        #[prost(string, tag = "3")]
        pub language_code: String,
        #[prost(message, repeated, tag = "6")]
        pub speech_contexts: Vec<SpeechContext>,
        #[prost(bool, tag = "8")]
        pub enable_word_time_offsets: bool,
        #[prost(bool, tag = "11")]
        pub enable_automatic_punctuation: bool,
        #[prost(string, tag = "13")]
        pub model: String,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct SpeechContext {
        #[prost(string, repeated, tag = "1")]
        pub phrases: Vec<String>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct StreamingRecognizeResponse {
        #[prost(message, optional, tag = "1")]
        pub error: Option<RpcStatus>,
        #[prost(message, repeated, tag = "2")]
        pub results: Vec<StreamingRecognitionResult>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct RpcStatus {
        #[prost(int32, tag = "1")]
        pub code: i32,
    }

    /// The same in both versions, but for the numbers of its parts.
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct StreamingRecognitionResult {
        #[prost(message, repeated, tag = "1")]
        pub alternatives: Vec<SpeechRecognitionAlternative>,
        #[prost(bool, tag = "2")]
        pub is_final: bool,
        #[prost(float, tag = "3")]
        pub stability: f32,
        /// Called `result_end_offset` in version 2.
        #[prost(message, optional, tag = "4")]
        pub result_end_time: Option<Duration>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct SpeechRecognitionAlternative {
        #[prost(string, tag = "1")]
        pub transcript: String,
        #[prost(float, tag = "2")]
        pub confidence: f32,
        #[prost(message, repeated, tag = "3")]
        pub words: Vec<WordInfo>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct WordInfo {
        #[prost(message, optional, tag = "1")]
        pub start_time: Option<Duration>,
        #[prost(message, optional, tag = "2")]
        pub end_time: Option<Duration>,
        #[prost(string, tag = "3")]
        pub word: String,
    }
}

pub mod speech_v2 {
    pub use super::speech_v1::{
        SpeechRecognitionAlternative, StreamingRecognitionResult, WordInfo,
    };

    pub const LINEAR16: i32 = 1;

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct StreamingRecognizeRequest {
        #[prost(string, tag = "3")]
        pub recognizer: String,
        #[prost(oneof = "Request", tags = "6, 5")]
        pub request: Option<Request>,
    }

    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Request {
        #[prost(message, tag = "6")]
        StreamingConfig(StreamingRecognitionConfig),
        #[prost(bytes = "vec", tag = "5")]
        Audio(Vec<u8>),
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct StreamingRecognitionConfig {
        #[prost(message, optional, tag = "1")]
        pub config: Option<RecognitionConfig>,
        #[prost(message, optional, tag = "2")]
        pub streaming_features: Option<StreamingRecognitionFeatures>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct StreamingRecognitionFeatures {
        #[prost(bool, tag = "2")]
        pub interim_results: bool,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct RecognitionConfig {
        #[prost(message, optional, tag = "2")]
        pub features: Option<RecognitionFeatures>,
        #[prost(message, optional, tag = "6")]
        pub adaptation: Option<SpeechAdaptation>,
        #[prost(message, optional, tag = "8")]
        pub explicit_decoding_config: Option<ExplicitDecodingConfig>,
        #[prost(string, tag = "9")]
        pub model: String,
        #[prost(string, repeated, tag = "10")]
        pub language_codes: Vec<String>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct RecognitionFeatures {
        #[prost(bool, tag = "2")]
        pub enable_word_time_offsets: bool,
        #[prost(bool, tag = "4")]
        pub enable_automatic_punctuation: bool,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct ExplicitDecodingConfig {
        #[prost(int32, tag = "1")]
        pub encoding: i32,
        #[prost(int32, tag = "2")]
        pub sample_rate_hertz: i32,
        #[prost(int32, tag = "3")]
        pub audio_channel_count: i32,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct SpeechAdaptation {
        #[prost(message, repeated, tag = "1")]
        pub phrase_sets: Vec<AdaptationPhraseSet>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct AdaptationPhraseSet {
        #[prost(message, optional, tag = "2")]
        pub inline_phrase_set: Option<PhraseSet>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct PhraseSet {
        #[prost(message, repeated, tag = "2")]
        pub phrases: Vec<Phrase>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Phrase {
        #[prost(string, tag = "1")]
        pub value: String,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct StreamingRecognizeResponse {
        #[prost(message, repeated, tag = "6")]
        pub results: Vec<StreamingRecognitionResult>,
    }
}

pub mod texttospeech_v1 {
    pub const PCM: i32 = 7;

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct StreamingSynthesizeRequest {
        #[prost(oneof = "StreamingRequest", tags = "1, 2")]
        pub streaming_request: Option<StreamingRequest>,
    }

    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum StreamingRequest {
        #[prost(message, tag = "1")]
        StreamingConfig(StreamingSynthesizeConfig),
        #[prost(message, tag = "2")]
        Input(StreamingSynthesisInput),
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct StreamingSynthesizeConfig {
        #[prost(message, optional, tag = "1")]
        pub voice: Option<VoiceSelectionParams>,
        #[prost(message, optional, tag = "4")]
        pub streaming_audio_config: Option<StreamingAudioConfig>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct VoiceSelectionParams {
        #[prost(string, tag = "1")]
        pub language_code: String,
        #[prost(string, tag = "2")]
        pub name: String,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct StreamingAudioConfig {
        #[prost(int32, tag = "1")]
        pub audio_encoding: i32,
        #[prost(int32, tag = "2")]
        pub sample_rate_hertz: i32,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct StreamingSynthesisInput {
        #[prost(oneof = "InputSource", tags = "1")]
        pub input_source: Option<InputSource>,
    }

    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum InputSource {
        #[prost(string, tag = "1")]
        Text(String),
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub struct StreamingSynthesizeResponse {
        #[prost(bytes = "vec", tag = "1")]
        pub audio_content: Vec<u8>,
    }
}
