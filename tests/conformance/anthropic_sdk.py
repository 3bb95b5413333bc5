"""Anthropic's own library against the simulator of the Messages API."""
import common
from common import expect
from anthropic import APIStatusError, Anthropic, AuthenticationError

TEXT = "A moon is a rock that goes around a planet."
options = dict(
    model="claude-haiku-4-5",
    max_tokens=100,
    system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    messages=[{"role": "user", "content": "What is a moon?"}],
)


def client(key, retries=0):
    return Anthropic(api_key=key, base_url=common.url(), max_retries=retries)


# The helper, and the events one by one.
with client(common.KEY).messages.stream(**options) as stream:
    expect("".join(stream.text_stream), TEXT)
    message = stream.get_final_message()
expect((message.stop_reason, message.usage.output_tokens), ("end_turn", 10))
expect(message.usage.cache_read_input_tokens > 0, True)
kinds = [event.type for event in client(common.KEY).messages.create(stream=True, **options)]
expect(kinds[:2], ["message_start", "content_block_start"])
expect(kinds[-3:], ["content_block_stop", "message_delta", "message_stop"])
expect(kinds.count("content_block_delta"), 10)

# The simulator's plan: 529, then 429, then well; the library asks again by itself.
with client(common.KEY, retries=2).messages.stream(**options) as stream:
    expect(stream.get_final_text(), TEXT)
# Then an answer that breaks off.
try:
    with client(common.KEY).messages.stream(**options) as stream:
        stream.get_final_text()
    raise SystemExit("a broken answer was taken for a whole one")
except APIStatusError as error:
    raise SystemExit(f"a broken connection is no status: {error}")
except SystemExit:
    raise
except Exception as error:
    expect("Error" in type(error).__name__, True)
try:
    client("wrong").messages.create(**options)
    raise SystemExit("a wrong key was let in")
except AuthenticationError as error:
    expect(error.body["error"]["type"], "authentication_error")
try:
    client(common.KEY).messages.create(**{**options, "model": "no-such-model"})
    raise SystemExit("an unknown model was let in")
except APIStatusError as error:
    expect((error.status_code, error.body["error"]["type"]), (404, "not_found_error"))
common.done()
