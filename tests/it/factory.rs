//! The factory has every product that the settings let one choose: a word without its line there is found here.

use voice_studio::config::{
    Choice, Config, Environment, GuestProvider, SttProvider, TtsProvider, WITHOUT_LOCAL_WHISPER,
};
use voice_studio::factory::Adapters;

/// Settings with which every product can be built, with this choice. Nothing is connected by that.
fn settings(
    (stt, tts, guest): (SttProvider, TtsProvider, GuestProvider),
) -> [(&'static str, &'static str); 14] {
    let key = "a-key-for-tests";
    [
        ("USE_REAL_ADAPTERS", "true"),
        ("STT_PROVIDER", stt.as_str()),
        ("TTS_PROVIDER", tts.as_str()),
        ("GUEST_PROVIDER", guest.as_str()),
        ("STUDIO_MODELS_DIR", "/nowhere"),
        ("ANTHROPIC_API_KEY", key),
        ("ASSEMBLYAI_API_KEY", key),
        ("DEEPGRAM_API_KEY", key),
        ("ELEVENLABS_API_KEY", key),
        ("GROQ_API_KEY", key),
        ("OPENAI_API_KEY", key),
        ("TOGETHER_API_KEY", key),
        (
            "GOOGLE_APPLICATION_CREDENTIALS",
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/google-account-for-tests.json"),
        ),
        ("STUDIO_WHISPER_MODEL", "/nowhere/ggml.bin"),
    ]
}

#[tokio::test]
async fn every_provider_that_can_be_chosen_is_built_and_goes_by_its_word() {
    let ears = SttProvider::ALL.iter().copied();
    let voices = TtsProvider::ALL.iter().copied();
    let minds = GuestProvider::ALL.iter().copied().cycle();
    assert_eq!(ears.len(), voices.len(), "each is chosen once");
    for ((stt, tts), guest) in ears.zip(voices).zip(minds) {
        let environment = Environment::of(settings((stt, tts, guest))).with_is_file(|_| true);
        let config = match Config::from_env(&environment) {
            Ok(config) => config,
            Err(errors) => {
                let is_lacking = stt == SttProvider::WhisperLocal;
                assert!(is_lacking && !cfg!(feature = "local-whisper"), "{errors}");
                assert!(errors.to_string().contains(WITHOUT_LOCAL_WHISPER), "{errors}");
                let instead = settings((SttProvider::Moonshine, tts, guest));
                Config::from_env(&Environment::of(instead).with_is_file(|_| true)).expect("good")
            }
        };
        let stt = config.chosen.stt;
        let states = Adapters::from_config(&config).states();
        for (kind, word) in [
            ("stt", stt.as_str()),
            ("claude", "anthropic"),
            ("guest", guest.as_str()),
            ("tts", tts.as_str()),
        ] {
            let first = states.iter().find(|state| state.kind == kind && !state.fallback);
            let first = first.unwrap_or_else(|| panic!("no {kind} in {states:?}"));
            assert_eq!(first.name, word, "{:?}", first.reason);
        }
    }
}
