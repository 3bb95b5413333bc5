"""AssemblyAI's own library against the simulator of Universal-Streaming."""
import common
from common import expect
from assemblyai.streaming.v3 import (
    StreamingClient,
    StreamingClientOptions,
    StreamingEvents,
    StreamingParameters,
)


def client(key):
    return StreamingClient(StreamingClientOptions(api_key=key, api_host=common.socket_url()))


begun, turns, ended, errors = [], [], [], []
one = client(common.KEY)
one.on(StreamingEvents.Begin, lambda _, event: begun.append(event))
one.on(StreamingEvents.Turn, lambda _, event: turns.append(event))
one.on(StreamingEvents.Termination, lambda _, event: ended.append(event))
one.on(StreamingEvents.Error, lambda _, error: errors.append(error))
one.connect(StreamingParameters(sample_rate=16_000, speech_model="universal-streaming-english", format_turns=True,
                                keyterms_prompt=["Ada"]))
one.stream(common.chunks(common.speech(), 100))
one.force_endpoint()
one.disconnect(terminate=True)

expect(errors, [])
expect(len(begun), 1)
finals = [turn for turn in turns if turn.end_of_turn and turn.turn_is_formatted]
expect(common.words(" ".join(turn.transcript for turn in finals)), [1, 2, 3, 4, 5, 6])
expect(finals[0].transcript[0], "W")
bare = [turn for turn in turns if turn.end_of_turn and not turn.turn_is_formatted]
expect([turn.turn_order for turn in bare], [turn.turn_order for turn in finals])
partial = [turn for turn in turns if not turn.end_of_turn]
expect(bool(partial) and not partial[0].words[-1].word_is_final, True)
word = finals[0].words[0]
expect((word.text, abs(word.start - 200) <= 2, abs(word.end - 400) <= 2), ("word1", True, True))
expect(len(ended), 1)

# Sound in too large a piece: an error in words, then a close with the same code.
coarse = client(common.KEY)
coarse.on(StreamingEvents.Error, lambda _, error: errors.append(error))
coarse.connect(StreamingParameters(sample_rate=16_000, speech_model="universal-streaming-english"))
coarse.stream(common.quiet(3_000))
coarse.disconnect(terminate=True)
expect(3007 in [error.code for error in errors], True)

stranger = client("wrong")
refused = []
stranger.on(StreamingEvents.Error, lambda _, error: refused.append(error))
stranger.connect(StreamingParameters(sample_rate=16_000, speech_model="universal-streaming-english"))
expect([error.code for error in refused], [401])
common.done()
