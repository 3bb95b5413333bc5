"""OpenAI's own library against the simulators of its speech and (URL 2) of servers that transcribe as it does."""
import base64
import json
import sys

import common
from common import expect
from openai import AuthenticationError, OpenAI

TEXT = "Good morning to you all."


def client(key, base=None):
    return OpenAI(api_key=key, base_url=(base or common.url()) + "/v1", max_retries=0)


options = dict(model="gpt-4o-mini-tts", voice="alloy", input=TEXT, response_format="pcm")
with client(common.KEY).audio.speech.with_streaming_response.create(**options) as answer:
    sound = b"".join(answer.iter_bytes())
expect(len(sound), len(TEXT) * 24_000 // 20 * 2)
# The library knows the form and leaves its events to whoever reads them.
with client(common.KEY).audio.speech.with_streaming_response.create(**options, stream_format="sse") as answer:
    expect(answer.headers["content-type"], "text/event-stream")
    events = [json.loads(line[len("data: ") :]) for line in answer.iter_lines() if line]
sound_in_events = b"".join(base64.b64decode(event["audio"]) for event in events[:-1])
expect((sound_in_events, events[-1]["type"]), (sound, "speech.audio.done"))
expect({event["type"] for event in events[:-1]}, {"speech.audio.delta"})
try:
    client("wrong").audio.speech.create(**options)
    raise SystemExit("a wrong key was let in")
except AuthenticationError as error:
    expect(error.code, "invalid_api_key")

written = client(common.KEY, sys.argv[2].rstrip("/")).audio.transcriptions.create(
    file=("speech.wav", common.wav(common.speech()), "audio/wav"),
    model="whisper-1",
    language="en",
    response_format="verbose_json",
    timestamp_granularities=["word"],
)
expect(common.words(written.text), [1, 2, 3, 4, 5, 6])
expect((written.words[0].word, round(written.words[0].start, 1)), ("word1", 0.2))
common.done()
