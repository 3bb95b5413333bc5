"""The studio's figures, read by Prometheus' own Python library."""
import urllib.request

from common import url
from prometheus_client.parser import text_string_to_metric_families

with urllib.request.urlopen(url() + "/metrics", timeout=20) as answer:
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"), answer.headers
    text = answer.read().decode()
families = list(text_string_to_metric_families(text))
names = [family.name for family in families]
assert len(names) == len(set(names)) >= 15, names
for family in families:
    assert family.type in ("counter", "gauge") and family.documentation, family
    assert family.name.startswith("studio_"), family.name
    seen = set()
    for sample in family.samples:
        labels = tuple(sorted(sample.labels.items()))
        assert labels not in seen, sample
        seen.add(labels)
    assert family.samples or "service" in family.name or "adapter" in family.name, family.name
assert "studio_sessions" in names and "studio_adapter_breaker" in names, names
print("ok")
