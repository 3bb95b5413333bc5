//! Speech to text by Parrot, a service that does not exist.

use tokio::sync::mpsc;
use voice_studio::adapters::net::{Endpoint, Incoming, Socket, truncated, unreadable};
use voice_studio::adapters::stt::{
    STT_AUDIO_CAPACITY, STT_EVENT_CAPACITY, SpeechToText, SttCapabilities, SttEvent, SttInput,
    SttOptions, SttStream, SttWords,
};
use voice_studio::adapters::{AdapterError, Availability, BoxFuture};
use voice_studio::audio::SampleRate;
use voice_studio::conversation::Stability;
use voice_studio::secret::Secret;

const NAME: &str = "parrot";

/// The service at an address.
#[derive(Debug)]
pub(crate) struct Parrot {
    pub(crate) service: Endpoint,
    pub(crate) key: Secret,
}

type Said = mpsc::Sender<Result<SttEvent, AdapterError>>;

impl SpeechToText for Parrot {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities { interim: true, word_times: false, rate: SampleRate::HZ_16000 }
    }

    fn availability(&self) -> Availability {
        Availability::Ready
    }

    fn open(&self, _options: SttOptions) -> BoxFuture<'_, Result<SttStream, AdapterError>> {
        Box::pin(async {
            let headers = [("authorization", self.key.expose())];
            let socket = Socket::connect(NAME, &self.service, "/listen", &headers).await?;
            let (input, given) = mpsc::channel(STT_AUDIO_CAPACITY);
            let (said, events) = mpsc::channel(STT_EVENT_CAPACITY);
            tokio::spawn(async move {
                let gone = said.clone();
                // Dropping the stream stops the work: the socket closes with the task.
                tokio::select! {
                    () = talk(socket, given, &said) => {}
                    () = gone.closed() => {}
                }
            });
            Ok(SttStream { input, events })
        })
    }
}

/// One stream. It ends with one `Done` or one error.
async fn talk(socket: Socket, given: mpsc::Receiver<SttInput>, said: &Said) {
    let last = match translate(socket, given, said).await {
        Ok(()) => Ok(SttEvent::Done),
        Err(error) => Err(error),
    };
    if said.send(last).await.is_err() {
        tracing::debug!("nobody waits for the end");
    }
}

/// Their words on the left, ours on the right.
async fn translate(
    mut socket: Socket,
    mut given: mpsc::Receiver<SttInput>,
    said: &Said,
) -> Result<(), AdapterError> {
    let mut is_open = true;
    loop {
        tokio::select! {
            input = given.recv(), if is_open => match input {
                Some(SttInput::Audio(frame)) if frame.rate != SampleRate::HZ_16000 => {
                    let reason = format!("sound at {}", frame.rate);
                    return Err(AdapterError::Refused { adapter: NAME, reason });
                }
                Some(SttInput::Audio(frame)) => {
                    let pcm: Vec<u8> = frame.samples.iter().flat_map(|s| s.to_le_bytes()).collect();
                    socket.send_binary(pcm).await?;
                }
                Some(SttInput::Finish) => socket.send_text("finish".to_owned()).await?,
                // It hears by itself when somebody speaks.
                Some(SttInput::SpeechStarted { .. } | SttInput::SpeechStopped { .. }) => {}
                None => {
                    is_open = false;
                    socket.send_text("end".to_owned()).await?;
                }
            },
            incoming = socket.next() => match incoming? {
                Incoming::Text(text) => {
                    let Some(words) = words(&text)? else { return Ok(()) };
                    if said.send(Ok(SttEvent::Words(words))).await.is_err() {
                        return Ok(());
                    }
                }
                Incoming::Binary(_) => {}
                Incoming::Closed { .. } => return Err(truncated(NAME, "its farewell")),
            },
        }
    }
}

/// A message of the service; `None` for its last one.
fn words(text: &str) -> Result<Option<SttWords>, AdapterError> {
    let message: serde_json::Value = serde_json::from_str(text)
        .map_err(|_broken| unreadable(NAME, "a message that is no JSON"))?;
    if message["type"] == "farewell" {
        return Ok(None);
    }
    let number = |name: &str| message[name].as_u64().ok_or_else(|| unreadable(NAME, "no number"));
    Ok(Some(SttWords {
        segment: u32::try_from(number("phrase")?).unwrap_or(u32::MAX),
        text: message["text"].as_str().unwrap_or_default().to_owned(),
        from_sample: number("from")?,
        until_sample: number("until")?,
        stability: if message["final"] == true { Stability::Final } else { Stability::Interim },
        words: Vec::new(),
    }))
}
