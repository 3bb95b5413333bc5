"""Deepgram's own library against the simulator of its live transcription."""
import threading

import common
from common import expect
from deepgram import DeepgramClient
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment


def client(key):
    ws = common.socket_url()
    environment = DeepgramClientEnvironment(base=common.url(), production=ws, agent=ws, agent_rest=common.url())
    return DeepgramClient(api_key=key, environment=environment)


heard = []
options = dict(model="nova-3", encoding="linear16", sample_rate="16000", channels="1", interim_results="true",
               punctuate="true", vad_events="true", keyterm="Ada")
with client(common.KEY).listen.v1.connect(**options) as connection:
    connection.on(EventType.MESSAGE, heard.append)
    listening = threading.Thread(target=connection.start_listening, daemon=True)
    listening.start()
    for chunk in common.chunks(common.speech(), 100):
        connection.send_media(chunk)
    connection.send_keep_alive()
    connection.send_finalize()
    connection.send_close_stream()
    listening.join(timeout=20)

kinds = [type(message).__name__ for message in heard]
results = [message for message in heard if message.type == "Results"]
finals = [message for message in results if message.is_final]
text = " ".join(message.channel.alternatives[0].transcript for message in finals)
expect(common.words(text), [1, 2, 3, 4, 5, 6])
expect(any(not message.is_final for message in results), True)
expect(any(message.from_finalize for message in results), True)
first = finals[0].channel.alternatives[0].words[0]
expect((first.word, round(first.start, 1), round(first.end, 1)), ("word1", 0.2, 0.4))
expect("SpeechStarted" in {message.type for message in heard}, True)
expect(heard[-1].type, "Metadata")
# Every message became a type of the library, none a bare dictionary.
expect([kind for kind in kinds if kind == "dict"], [])

try:
    with client("wrong").listen.v1.connect(model="nova-3", encoding="linear16", sample_rate="16000"):
        raise SystemExit("a wrong key was let in")
except Exception as error:
    # The library gives its own error or hands through that of its WebSocket client, as their versions meet.
    response = getattr(error, "response", None)
    expect(getattr(error, "status_code", None) or getattr(response, "status_code", repr(error)), 401)
common.done()
