"""ElevenLabs' own library against the simulator of its speech: by request, with times, and over the socket."""
import common
from common import VOICE, expect
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError

TEXT = "Good morning to you all."
LETTER_BYTES = 24_000 // 20 * 2


def client(key):
    made = ElevenLabs(api_key=key, base_url=common.url())
    # The library makes wss of every address.
    made.text_to_speech._ws_base_url = common.socket_url()
    return made


speech = client(common.KEY).text_to_speech
options = dict(voice_id=VOICE, model_id="eleven_flash_v2_5", output_format="pcm_24000")

sound = b"".join(speech.stream(text=TEXT, **options))
expect(len(sound), len(TEXT) * LETTER_BYTES)

lines = list(speech.stream_with_timestamps(text=TEXT, **options))
letters = [letter for line in lines for letter in line.alignment.characters]
expect("".join(letters), TEXT)
starts = [start for line in lines for start in line.alignment.character_start_times_seconds]
expect(abs(starts[-1] - (len(TEXT) - 1) * 0.05) < 0.001, True)

sound = b"".join(speech.convert_realtime(text=iter(["Good morning ", "to you all."]), **options))
expect(len(sound) >= len(TEXT) * LETTER_BYTES, True)

for wrong, status, code in [
    (lambda: list(client("wrong").text_to_speech.stream(text=TEXT, **options)), 401, "invalid_api_key"),
    (lambda: list(speech.stream(text=TEXT, **{**options, "voice_id": "nosuchvoice"})), 404, "voice_not_found"),
]:
    try:
        wrong()
        raise SystemExit("was not refused")
    except ApiError as error:
        expect((error.status_code, error.body["detail"]["status"]), (status, code))
common.done()
