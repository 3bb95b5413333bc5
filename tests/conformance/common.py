"""What the checks by the providers' own libraries share: a limit on their time, and speech a simulator understands."""
import array
import math
import os
import signal
import sys

KEY = "a-key-for-tests"
RATE = 16_000
VOICE = "21m00Tcm4TlvDq8ikWAM"

# No library may find a key, an address or a proxy of its own.
for name in list(os.environ):
    if name.endswith(("_API_KEY", "_BASE_URL", "_PROXY", "_proxy")) or name.startswith("GOOGLE_"):
        del os.environ[name]
os.environ["NO_PROXY"] = "127.0.0.1"

# A library may wait for ever; this script may not.
signal.alarm(60)


def url() -> str:
    return sys.argv[1].rstrip("/")


def socket_url() -> str:
    return url().replace("http://", "ws://")


def speak(numbers) -> bytes:
    """Numbered words as PCM: 200 ms of a tone whose pitch is the number, 100 ms of silence."""
    samples = array.array("h")
    for number in numbers:
        step = math.tau * (400 + 20 * number) / RATE
        samples.extend(int(9_000 * math.sin(step * at)) for at in range(RATE * 200 // 1000))
        samples.extend([0] * (RATE * 100 // 1000))
    return samples.tobytes()


def quiet(ms: int) -> bytes:
    return bytes(RATE * ms // 1000 * 2)


def speech() -> bytes:
    """Two sentences: words 1 to 3, a pause, words 4 to 6."""
    return quiet(200) + speak([1, 2, 3]) + quiet(1000) + speak([4, 5, 6]) + quiet(1000)


def chunks(pcm: bytes, ms: int):
    size = RATE * ms // 1000 * 2
    for at in range(0, len(pcm), size):
        yield pcm[at : at + size].ljust(size, b"\0")


def words(text: str) -> list[int]:
    return [int("".join(c for c in word if c.isdigit())) for word in text.split()]


def wav(pcm: bytes) -> bytes:
    import io
    import wave

    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(pcm)
    return file.getvalue()


def expect(found, wanted):
    if found != wanted:
        raise SystemExit(f"found {found!r}, wanted {wanted!r}")


def done():
    """The last word. Threads of a library that has no end are no reason to wait."""
    print("ok", flush=True)
    os._exit(0)
