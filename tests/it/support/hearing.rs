//! A recording through detector and recogniser, faster than it was spoken.

use voice_studio::adapters::hearing::VoiceActivity;
use voice_studio::adapters::stt::{SpeechToText, SttEvent, SttOptions, SttStream};
use voice_studio::conversation::Stability;

use super::comes;
use super::gate::heard_through;

/// The final words of sound at 16 kHz.
pub(crate) async fn words_heard(
    recogniser: &dyn SpeechToText,
    detector: &dyn VoiceActivity,
    samples: &[i16],
) -> String {
    let script = heard_through(detector, samples).await;
    let options = SttOptions { language: "en".to_owned(), ..SttOptions::default() };
    let SttStream { input, mut events } =
        comes("open", recogniser.open(options)).await.expect("a stream");
    let feed = tokio::spawn(async move {
        for given in script {
            input.send(given).await.expect("the stream listens");
        }
    });
    let mut finals = Vec::new();
    while let Some(event) = comes("words", events.recv()).await {
        if let SttEvent::Words(words) = event.expect("words")
            && words.stability == Stability::Final
        {
            finals.push(words.text);
        }
    }
    feed.await.expect("all was heard");
    finals.join(" ")
}
