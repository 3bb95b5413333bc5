//! Settings: one table, all errors at once, no secret in any message.

use std::time::Duration;

use voice_studio::config::settings::{self, Kind};
use voice_studio::config::{
    Choice, Config, ConfigErrors, DeployEnvironment, EXIT_CONFIG, Environment, GuestProvider,
    LogLevel, Secret, SttProvider, TtsProvider,
};

type Variables<'a> = &'a [(&'a str, &'a str)];

fn config(variables: Variables<'_>) -> Config {
    Config::from_env(&environment(variables)).unwrap()
}

fn errors(variables: Variables<'_>) -> ConfigErrors {
    Config::from_env(&environment(variables)).unwrap_err()
}

fn environment(variables: Variables<'_>) -> Environment {
    Environment::of(variables.iter().copied())
}

fn wrong_names(errors: &ConfigErrors) -> Vec<&str> {
    errors.0.iter().map(|error| error.name.as_str()).collect()
}

#[test]
fn the_example_file_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/.env.example");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    let table = settings::env_example();
    let wanted = concat!(env!("CARGO_TARGET_TMPDIR"), "/env.example");
    std::fs::write(wanted, &table).unwrap();
    let differs = written.lines().zip(table.lines()).find(|(written, table)| written != table);
    assert!(
        written == table,
        "first difference {differs:?}; to take over the table: cp {wanted} .env.example"
    );
}

#[test]
fn the_example_file_changes_nothing() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/.env.example");
    let file: Vec<(String, String)> =
        dotenvy::from_path_iter(path).unwrap().map(Result::unwrap).collect();
    let with_file = Config::from_env(&environment(&[]).with_file(file)).unwrap();
    assert_eq!(format!("{with_file:?}"), format!("{:?}", config(&[])));
}

#[test]
fn with_nothing_set_the_studio_is_local_and_needs_no_key() {
    let config = config(&[]);
    assert_eq!(config.address().to_string(), "127.0.0.1:4000");
    assert_eq!(config.cors_origins, ["http://localhost:3000"]);
    assert_eq!(config.environment, DeployEnvironment::Development);
    assert_eq!(config.log_level, LogLevel::Info);
    assert_eq!(config.recording_dir.to_str(), Some("./recordings"));
    assert_eq!(config.onnxruntime.to_str(), Some("./models/onnxruntime/libonnxruntime.so"));
    assert_eq!((config.arbiters, config.drain), (None, Duration::ZERO));
    let providers = config.effective();
    assert_eq!(providers.stt, SttProvider::Moonshine);
    assert_eq!(providers.tts, TtsProvider::Flite);
    assert_eq!(providers.guest, GuestProvider::Rehearsal);
    assert_eq!(config.chosen.stt, SttProvider::AssemblyAi);
}

#[test]
fn the_environment_wins_over_the_file_and_an_empty_value_says_nothing() {
    let environment = environment(&[("PORT", "5000"), ("LOG_LEVEL", "  ")]);
    let environment =
        environment.with_file([("PORT", "6000"), ("LOG_LEVEL", "debug"), ("HOST", "::1")]);
    let config = Config::from_env(&environment).unwrap();
    assert_eq!(config.port, 5000);
    assert_eq!(config.log_level, LogLevel::Debug);
    assert_eq!(config.address().to_string(), "[::1]:5000");
}

#[test]
fn every_kind_of_value_is_read() {
    let config = config(&[
        ("CORS_ORIGIN", "https://a.example, http://b.example:8080/"),
        ("HOST", "localhost"),
        ("STUDIO_ARBITERS", "2"),
        ("STUDIO_DRAIN_SECONDS", "120"),
        ("STUDIO_MAX_SESSIONS", "7"),
        ("STUDIO_MODELS_DIR", "/srv/models"),
        ("STT_PROVIDER", "Whisper"),
        ("GUEST_MODEL", "some/model"),
        ("USE_REAL_ADAPTERS", "FALSE"),
    ]);
    assert_eq!(config.cors_origins, ["https://a.example", "http://b.example:8080"]);
    assert_eq!(config.host.to_string(), "127.0.0.1");
    assert_eq!((config.arbiters, config.max_sessions), (Some(2), 7));
    assert_eq!(config.drain, Duration::from_secs(120));
    assert_eq!(config.onnxruntime.to_str(), Some("/srv/models/onnxruntime/libonnxruntime.so"));
    assert_eq!(config.chosen.stt, SttProvider::Whisper);
    assert_eq!(config.guest_model.as_deref(), Some("some/model"));
}

#[test]
fn the_older_name_of_the_environment_serves_where_the_newer_is_not_set() {
    assert_eq!(config(&[("NODE_ENV", "production")]).environment, DeployEnvironment::Production);
    let both = config(&[("NODE_ENV", "production"), ("STUDIO_ENV", "test")]);
    assert_eq!(both.environment, DeployEnvironment::Test);
    assert_eq!(wrong_names(&errors(&[("NODE_ENV", "staging")])), ["NODE_ENV"]);
}

#[test]
fn every_bad_value_is_told_at_once_with_what_was_given_and_what_was_expected() {
    let errors = errors(&[
        ("PORT", "70000"),
        ("HOST", "example.org"),
        ("CORS_ORIGIN", "localhost:3000"),
        ("LOG_LEVEL", "loud"),
        ("USE_REAL_ADAPTERS", "maybe"),
        ("STT_PROVIDER", "siri"),
        ("WHISPER_ENDPOINT", "localhost:8001"),
        ("STUDIO_ACCESS_TOKEN", "short"),
    ]);
    insta::assert_snapshot!(errors, @r"
    8 settings cannot be used
      HOST: example.org; expected an IP address such as 127.0.0.1 or 0.0.0.0, or localhost
      PORT: 70000; expected a whole number from 0 to 65535
      CORS_ORIGIN: localhost:3000; expected origins such as http://localhost:3000, separated by commas
      STUDIO_ACCESS_TOKEN: [secret]; expected a token of at least 16 characters without spaces
      LOG_LEVEL: loud; expected one of error, warn, info, debug, trace
      USE_REAL_ADAPTERS: maybe; expected true or false
      STT_PROVIDER: siri; expected one of assemblyai, google, whisper, whisper-local, deepgram, moonshine
      WHISPER_ENDPOINT: localhost:8001; expected an address such as http://localhost:8080/v1, without a password in it
    ");
}

#[test]
fn a_bad_value_in_the_file_says_where_it_stands() {
    let environment = environment(&[]).with_file([("PORT", "many")]);
    let message = Config::from_env(&environment).unwrap_err().to_string();
    assert!(
        message.contains("PORT: many (in .env); expected a whole number from 0 to 65535"),
        "{message}"
    );
}

#[test]
fn the_chosen_set_is_asked_for_what_it_needs_and_told_where_to_get_it() {
    insta::assert_snapshot!(errors(&[("USE_REAL_ADAPTERS", "true")]), @r"
    4 settings cannot be used
      ANTHROPIC_API_KEY is not set; expected a key without spaces, needed by Claude's words (Claude: https://platform.claude.com/settings/keys)
      ASSEMBLYAI_API_KEY is not set; expected a key without spaces, needed by STT_PROVIDER=assemblyai (AssemblyAI: https://www.assemblyai.com/dashboard/api-keys)
      GOOGLE_APPLICATION_CREDENTIALS is not set; expected a path, needed by TTS_PROVIDER=google (Google Cloud: path of a service account's JSON file.)
      GROQ_API_KEY is not set; expected a key without spaces, needed by GUEST_PROVIDER=groq (Groq: https://console.groq.com/keys)
    ");
}

#[test]
fn a_key_that_two_providers_need_is_asked_for_once_and_a_given_one_is_not() {
    let variables =
        [("USE_REAL_ADAPTERS", "true"), ("TTS_PROVIDER", "openai"), ("GUEST_PROVIDER", "openai")];
    let names = errors(&variables);
    let asked = wrong_names(&names).iter().filter(|name| **name == "OPENAI_API_KEY").count();
    assert_eq!(asked, 1);
    let mut variables = variables.to_vec();
    variables.extend([("OPENAI_API_KEY", "sk-1"), ("ANTHROPIC_API_KEY", "sk-2")]);
    let names = errors(&variables);
    assert!(
        !wrong_names(&names)
            .iter()
            .any(|name| name.ends_with("_API_KEY") && *name != "ASSEMBLYAI_API_KEY")
    );
}

#[test]
fn files_that_local_services_need_must_exist() {
    let variables =
        [("USE_REAL_ADAPTERS", "true"), ("TTS_PROVIDER", "piper"), ("STT_PROVIDER", "moonshine")];
    let absent = errors(&variables);
    assert!(wrong_names(&absent).contains(&"PIPER_MODEL_PATH"), "{absent}");
    let present = Config::from_env(&environment(&variables).with_is_file(|_| true)).unwrap_err();
    assert!(!wrong_names(&present).contains(&"PIPER_MODEL_PATH"), "{present}");
}

#[test]
fn a_piper_behind_its_server_needs_no_voice_on_this_machine() {
    let variables = [
        ("USE_REAL_ADAPTERS", "true"),
        ("STT_PROVIDER", "moonshine"),
        ("TTS_PROVIDER", "piper"),
        ("GUEST_PROVIDER", "rehearsal"),
        ("ANTHROPIC_API_KEY", "sk-1"),
        ("PIPER_HTTP_URL", "http://127.0.0.1:5000"),
    ];
    assert_eq!(config(&variables).chosen.tts, TtsProvider::Piper);
    let without = errors(&variables[..5]);
    assert_eq!(wrong_names(&without), ["PIPER_MODEL_PATH"]);
    let steps_in = errors(&[&variables[..2], &[("STUDIO_TTS_FALLBACK", "piper")]].concat());
    assert!(wrong_names(&steps_in).contains(&"PIPER_MODEL_PATH"), "{steps_in}");
}

#[test]
fn a_model_that_the_chosen_provider_has_no_use_for_is_a_warning() {
    let local = [
        ("USE_REAL_ADAPTERS", "true"),
        ("ANTHROPIC_API_KEY", "sk-1"),
        ("STT_PROVIDER", "moonshine"),
        ("TTS_PROVIDER", "flite"),
        ("GUEST_PROVIDER", "rehearsal"),
        ("STT_MODEL", "nova-3"),
        ("TTS_MODEL", "tts-1"),
        ("GUEST_MODEL", "some/model"),
    ];
    assert_eq!(
        config(&local).warnings,
        [
            "STT_MODEL has no effect with STT_PROVIDER=moonshine: it has one model",
            "TTS_MODEL has no effect with TTS_PROVIDER=flite: its voices are its models; a briefing names them",
            "GUEST_MODEL has no effect with GUEST_PROVIDER=rehearsal: it is built in",
        ]
    );
    assert_eq!(config(&local[1..]).warnings, [""; 0], "nothing chosen is in effect");
    let keys = ["DEEPGRAM_API_KEY", "OPENAI_API_KEY", "GROQ_API_KEY"].map(|name| (name, "k"));
    let chosen =
        [("STT_PROVIDER", "deepgram"), ("TTS_PROVIDER", "openai"), ("GUEST_PROVIDER", "groq")];
    assert_eq!(config(&[&local[..2], &chosen, &keys, &local[5..]].concat()).warnings, [""; 0]);
}

#[test]
fn a_wrong_choice_of_provider_is_told_once() {
    let errors = errors(&[("USE_REAL_ADAPTERS", "true"), ("STT_PROVIDER", "siri")]);
    assert_eq!(wrong_names(&errors).iter().filter(|name| **name == "STT_PROVIDER").count(), 1);
    assert!(!wrong_names(&errors).contains(&"ASSEMBLYAI_API_KEY"));
}

#[test]
fn an_open_door_demands_a_token() {
    let open = errors(&[("HOST", "0.0.0.0")]);
    assert_eq!(wrong_names(&open), ["STUDIO_ACCESS_TOKEN"]);
    assert!(open.to_string().contains("HOST=0.0.0.0 lets others in"));
    let config = config(&[("HOST", "0.0.0.0"), ("STUDIO_ACCESS_TOKEN", "0123456789abcdef")]);
    assert_eq!(config.access_token.unwrap().expose(), "0123456789abcdef");
}

#[test]
fn no_secret_is_ever_printed() {
    const KEY: &str = "sk-very-private-0123456789";
    let mut variables: Vec<(&str, &str)> = settings::all()
        .filter(|setting| setting.kind.is_secret())
        .map(|setting| (setting.name, KEY))
        .collect();
    let good = config(&variables);
    assert!(
        !format!("{good:?}{good:#?}{}{:?}", good.block(), environment(&variables))
            .contains("very-private")
    );
    let secret = Secret::new(KEY.to_owned());
    assert_eq!(format!("{secret} {secret:?}"), "[secret] [secret]");

    let spaced = format!("{KEY} {KEY}");
    for variable in &mut variables {
        variable.1 = &spaced;
    }
    let password = "http://user:very-private@host/";
    variables.extend([
        ("WHISPER_ENDPOINT", password),
        ("USE_REAL_ADAPTERS", "true"),
        ("HOST", "0.0.0.0"),
    ]);
    let bad = errors(&variables);
    assert!(
        wrong_names(&bad).contains(&"WHISPER_ENDPOINT")
            && wrong_names(&bad).contains(&"GROQ_API_KEY")
    );
    assert!(!format!("{bad}{bad:?}").contains("very-private"), "{bad}");
}

#[test]
fn a_misspelt_setting_of_ours_is_a_warning_with_the_name_that_was_meant() {
    let config =
        config(&[("STUDIO_DRAIN_SECOND", "5"), ("STUDIO_SOMETHING_ELSE", "x"), ("HOME", "/root")]);
    assert_eq!(
        config.warnings,
        [
            "STUDIO_DRAIN_SECOND is no setting of the studio; did you mean STUDIO_DRAIN_SECONDS?",
            "STUDIO_SOMETHING_ELSE is no setting of the studio",
        ]
    );
}

#[test]
fn the_printed_block_shows_what_is_in_effect() {
    let block =
        config(&[("STT_PROVIDER", "deepgram"), ("NODE_ENV", "production")]).block().to_string();
    insta::assert_snapshot!(block, @r"
    Backend Configuration
      Environment:       production
      Port:              4000
      CORS Origins:      http://localhost:3000
      Use Real Adapters: false
      STT Provider:      moonshine
      TTS Provider:      flite
      Guest Provider:    rehearsal
      Recording Dir:     ./recordings
      Briefings Dir:     ./briefings
    ");
}

#[test]
fn the_table_holds_each_name_once_and_explains_it() {
    let mut names: Vec<&str> = settings::all().map(|setting| setting.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    for setting in settings::all() {
        assert!(!setting.doc.is_empty() && !setting.kind.expects().is_empty(), "{}", setting.name);
        assert!(
            !(setting.kind.is_secret() && setting.default.is_some()),
            "{} has a known secret",
            setting.name
        );
    }
}

#[test]
fn words_of_choices_are_told_apart_without_regard_to_case() {
    for setting in settings::all() {
        let Kind::Choice(words) = setting.kind else { continue };
        for word in words {
            let shouted = word.to_uppercase();
            config(&[(setting.name, &shouted)]);
        }
    }
    assert_eq!(SttProvider::ALL.len(), SttProvider::NAMES.len());
}

#[test]
fn the_exit_code_is_that_of_a_configuration_error() {
    assert_eq!(EXIT_CONFIG, 78);
}
