"""Google's own libraries against the simulators of its recogniser (both versions), its voices and its tokens."""
import json
import pathlib
import sys

import common
from common import expect
import grpc
from google.api_core.exceptions import InvalidArgument, OutOfRange
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import Request
from google.cloud import speech_v1, speech_v2, texttospeech_v1 as tts
from google.cloud.speech_v1.services.speech.transports import SpeechGrpcTransport as TransportV1
from google.cloud.speech_v2.services.speech.transports import SpeechGrpcTransport as TransportV2
from google.cloud.texttospeech_v1.services.text_to_speech.transports import (
    TextToSpeechGrpcTransport,
    TextToSpeechRestTransport,
)
from google.oauth2.service_account import Credentials

STREAMS, SHORT, REQUESTS, TOKENS = [address.rstrip("/") for address in sys.argv[1:5]]


def channel(url):
    return grpc.insecure_channel(url.removeprefix("http://"))


def v1(url):
    config = speech_v1.StreamingRecognitionConfig(
        config=speech_v1.RecognitionConfig(
            encoding=speech_v1.RecognitionConfig.AudioEncoding.LINEAR16,
            sample_rate_hertz=common.RATE,
            language_code="en-US",
            enable_word_time_offsets=True,
            speech_contexts=[speech_v1.SpeechContext(phrases=["Ada"])],
        ),
        interim_results=True,
    )
    client = speech_v1.SpeechClient(transport=TransportV1(channel=channel(url)))
    asks = (speech_v1.StreamingRecognizeRequest(audio_content=chunk) for chunk in common.chunks(common.speech(), 100))
    return client.streaming_recognize(config, asks, timeout=30)


def v2(url):
    config = speech_v2.StreamingRecognitionConfig(
        config=speech_v2.RecognitionConfig(
            explicit_decoding_config=speech_v2.ExplicitDecodingConfig(
                encoding=speech_v2.ExplicitDecodingConfig.AudioEncoding.LINEAR16,
                sample_rate_hertz=common.RATE,
                audio_channel_count=1,
            ),
            language_codes=["en-US"],
            model="long",
            features=speech_v2.RecognitionFeatures(enable_word_time_offsets=True),
            adaptation=speech_v2.SpeechAdaptation(phrase_sets=[speech_v2.SpeechAdaptation.AdaptationPhraseSet(
                inline_phrase_set=speech_v2.PhraseSet(phrases=[speech_v2.PhraseSet.Phrase(value="Ada")]))]),
        ),
        streaming_features=speech_v2.StreamingRecognitionFeatures(interim_results=True),
    )

    def asks():
        recognizer = "projects/studio-tests/locations/global/recognizers/_"
        yield speech_v2.StreamingRecognizeRequest(recognizer=recognizer, streaming_config=config)
        for chunk in common.chunks(common.speech(), 100):
            yield speech_v2.StreamingRecognizeRequest(audio=chunk)

    client = speech_v2.SpeechClient(transport=TransportV2(channel=channel(url)))
    return client.streaming_recognize(asks(), timeout=30)


for recognise, start in [(v1, "start_time"), (v2, "start_offset")]:
    results = [result for answer in recognise(STREAMS) for result in answer.results]
    finals = [result for result in results if result.is_final]
    expect(common.words(" ".join(result.alternatives[0].transcript for result in finals)), [1, 2, 3, 4, 5, 6])
    expect(any(not result.is_final and result.stability > 0 for result in results), True)
    word = finals[0].alternatives[0].words[0]
    expect((word.word, round(getattr(word, start).total_seconds(), 1)), ("word1", 0.2))
    try:
        list(recognise(SHORT))
        raise SystemExit("a stream lived for ever")
    except OutOfRange:
        pass

TEXT = "Good morning to you all."
streaming = tts.TextToSpeechClient(transport=TextToSpeechGrpcTransport(channel=channel(STREAMS)))


def speak(name):
    config = tts.StreamingSynthesizeConfig(
        voice=tts.VoiceSelectionParams(language_code="en-US", name=name),
        streaming_audio_config=tts.StreamingAudioConfig(audio_encoding=tts.AudioEncoding.PCM, sample_rate_hertz=24_000),
    )
    asks = [
        tts.StreamingSynthesizeRequest(streaming_config=config),
        tts.StreamingSynthesizeRequest(input=tts.StreamingSynthesisInput(text=TEXT)),
    ]
    return b"".join(answer.audio_content for answer in streaming.streaming_synthesize(iter(asks), timeout=30))


expect(len(speak("en-US-Chirp3-HD-Kore")), len(TEXT) * 24_000 // 20 * 2)
try:
    speak("en-US-Neural2-F")
    raise SystemExit("a voice that does not stream did")
except InvalidArgument:
    pass

rest = tts.TextToSpeechClient(transport=TextToSpeechRestTransport(
    host=REQUESTS, credentials=AnonymousCredentials(), url_scheme="http"))
answer = rest.synthesize_speech(
    input=tts.SynthesisInput(text=TEXT),
    voice=tts.VoiceSelectionParams(language_code="en-US", name="en-US-Neural2-F"),
    audio_config=tts.AudioConfig(audio_encoding=tts.AudioEncoding.LINEAR16, sample_rate_hertz=24_000),
    timeout=30,
)
expect(answer.audio_content[:4], b"RIFF")

# The exchange of a signed claim for a token.
file = pathlib.Path(__file__).parent.parent / "data" / "google-account-for-tests.json"
account = json.loads(file.read_text()) | {"token_uri": TOKENS + "/token"}
credentials = Credentials.from_service_account_info(account, scopes=["https://www.googleapis.com/auth/cloud-platform"])
credentials.refresh(Request())
expect((credentials.valid, credentials.token), (True, "ya29.a-token"))
common.done()
