"""Event logs against the published schema, by a validator nobody here wrote: the schema's file, then the logs.
What a log holds must be right, and each kind of line must be refused once it is spoiled."""
import json
import sys
from collections import Counter

from jsonschema import Draft202012Validator

# The first faults say what is wrong with the others.
FAULTS_MAX = 20
# So many lines of one kind with the same fields are judged, for judging takes milliseconds each.
LINES_OF_A_KIND = 20

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
faults, seen, judged, lines = [], {}, Counter(), 0

for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as log:
        for number, text in enumerate(log, 1):
            line = json.loads(text)
            lines += 1
            kind = (line.get("type"), line.get("input"), line.get("order"))
            seen.setdefault(kind, line)
            judged[kind, *line] += 1
            if judged[kind, *line] > LINES_OF_A_KIND:
                continue
            for error in validator.iter_errors(line):
                place = "/".join(str(part) for part in error.absolute_path)
                faults.append(f"{path}:{number}: {line.get('type')} {place}: {error.message[:300]}")

for (kind, *_), line in seen.items():
    spoiled = {
        "a field nobody knows": line | {"unheardOf": 1},
        "no session": {name: value for name, value in line.items() if name != "sessionId"},
        "a session that is a number": line | {"sessionId": 7},
        "another version": line | {"v": 1},
        "a type nobody knows": line | {"type": f"{kind}.x"},
        "an order or input nobody knows": line | {"input" if "input" in line else "order": "sneeze"},
    }
    for what, bad in spoiled.items():
        if validator.is_valid(bad):
            faults.append(f"{kind} with {what} is taken")

if not lines:
    faults.append("no line was seen")
if faults:
    sys.exit("\n".join(faults[:FAULTS_MAX] + [f"{len(faults)} faults in all"]))
print(lines, "lines of", len(seen), "kinds:", " ".join(sorted({str(kind) for kind, *_ in seen})))
print("ok")
