"""The libraries of OpenAI, Groq and Together against the simulators of chat completions: their addresses in this order,
then a llama.cpp server, which OpenAI's library speaks to."""
import sys

import common
from common import expect
from groq import AuthenticationError as GroqRefused
from groq import Groq
from openai import AuthenticationError as OpenAiRefused
from openai import OpenAI
from together import Together

TEXT = "A moon is a rock that goes around a planet."
openai_url, groq_url, together_url, llama_url = (address.rstrip("/") for address in sys.argv[1:5])
options = dict(
    model="a-model",
    messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is a moon?"}],
    stream=True,
)


def read(stream):
    """The text, the last reason to stop, and the counts wherever they came."""
    text, reason, usage = "", None, None
    for chunk in stream:
        usage = getattr(chunk, "usage", None) or usage
        groq = getattr(chunk, "x_groq", None)
        usage = (groq and groq.usage) or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reason = choice.finish_reason or reason
    return text, reason, usage


def check(stream, wanted_reason):
    text, reason, usage = read(stream)
    expect((text, reason), (TEXT, wanted_reason))
    expect(usage.completion_tokens, 10)


openai = OpenAI(api_key=common.KEY, base_url=openai_url + "/v1", max_retries=1)
check(openai.chat.completions.create(stream_options={"include_usage": True}, **options), "stop")
# The simulator's plan: its second answer is a 429; the library asks again by itself.
check(openai.chat.completions.create(stream_options={"include_usage": True}, **options), "stop")
try:
    OpenAI(api_key="wrong", base_url=openai_url + "/v1", max_retries=0).chat.completions.create(**options)
    raise SystemExit("a wrong key was let in")
except OpenAiRefused as error:
    expect(error.code, "invalid_api_key")

check(Groq(api_key=common.KEY, base_url=groq_url, max_retries=0).chat.completions.create(**options), "stop")
try:
    Groq(api_key="wrong", base_url=groq_url, max_retries=0).chat.completions.create(**options)
    raise SystemExit("a wrong key was let in")
except GroqRefused as error:
    expect(error.status_code, 401)

check(Together(api_key=common.KEY, base_url=together_url, max_retries=0).chat.completions.create(**options), "eos")

llama = OpenAI(api_key="none", base_url=llama_url + "/v1", max_retries=0)
check(llama.chat.completions.create(stream_options={"include_usage": True}, **options), "stop")
common.done()
