"""One-line mutations of the rules of the conversation, and whether tests and simulation find them.

    python3 tests/mutants/mutants.py [COUNT] [SEED]

Draws COUNT lines of src/conversation by chance from SEED and changes each in one place: a comparison, an operator, a
number, a negation, a condition, a dropped statement, another arm's result. Each is built into a small crate of the pure
layers alone, in target/mutants, so that it takes seconds. First the timelines run, then random meetings. A mutation
that does not compile is no mutation and another one is drawn. What survives is printed as a diff.

Ends with 0 if at least nine in ten are found, with 1 otherwise, with 2 if what is not mutated fails already.
"""
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "target" / "mutants"
MUTATED = "src/conversation"
# The pure layers, and what their tests need beside them.
PARTS = ["conversation", "simulation", "time.rs", "hex.rs", "briefings.rs"]
TESTS = [path.stem for path in sorted((ROOT / "tests/it").glob("floor*.rs")) if path.stem != "floor_random"] + ["briefing"]
PACKAGES = ["serde", "serde_json", "serde-saphyr", "sha2", "strsim", "thiserror"]
DEV_PACKAGES = ["insta", "tempfile"]
# Simulated meetings: short ones, and long ones of five minutes.
MEETINGS, LONG_MEETINGS = 400, 2
# Seconds of a core, so that a busy machine finds nothing that is not there: a few times what the tests of what is not
# mutated take. Tests that do not end have found the mutation.
TEST_LIMIT_S = 120
FOUND_MIN = 0.9

SIMULATION = f"""
#[cfg(test)]
mod simulated {{
    use crate::simulation::tally::Tally;
    use crate::simulation::trial;
    use crate::time::Span;

    #[test]
    fn random_meetings_keep_every_rule() {{
        let mut tally = Tally::default();
        let long = Some(Span::from_millis(300_000));
        for (seed, length) in (0..{MEETINGS}).map(|seed| (seed, None)).chain((0..{LONG_MEETINGS}).map(|seed| (seed, long))) {{
            let played = trial::play(seed, length, &mut tally);
            assert!(played.is_ok(), "seed {{seed}}: {{played:?}}");
        }}
    }}
}}
"""


# ---- the small crate ----

def build_crate():
    """A crate of links to the project's files; `conversation` is a copy, for that is what is changed."""
    source = WORK / "src"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    for part in PARTS:
        if part == "conversation":
            shutil.copytree(ROOT / "src" / part, source / part)
        else:
            (source / part).symlink_to(ROOT / "src" / part)
    for folder in ["docs", "briefings", "tests"]:
        link = WORK / folder
        link.unlink(missing_ok=True)
        link.symlink_to(ROOT / folder)
    modules = [f"pub mod {Path(part).stem};" for part in PARTS]
    for test in TESTS:
        # What a test needs of the command line is tested elsewhere.
        path = without_command_line(ROOT / "tests/it" / f"{test}.rs", source)
        modules.append(f'#[cfg(test)]\n#[path = "{path}"]\nmod test_{test};')
    support = f"""
#[cfg(test)]
mod support {{
    #[path = "{ROOT}/tests/it/support/timeline.rs"]
    pub(crate) mod timeline;
    pub(crate) fn shared_dir() -> Option<std::path::PathBuf> {{
        let shared = std::path::Path::new("{ROOT}").join("../shared");
        shared.is_dir().then_some(shared)
    }}
}}
"""
    head = "extern crate self as voice_studio;\n"
    (source / "lib.rs").write_text(head + "\n".join(modules) + support + SIMULATION)
    manifest = (ROOT / "Cargo.toml").read_text()
    edition = re.search(r'^edition = .*$', manifest, re.M).group(0)
    line = lambda name: re.search(rf"^{re.escape(name)} = .*$", manifest, re.M).group(0)
    (WORK / "Cargo.toml").write_text("\n".join([
        "[workspace]", "[package]", 'name = "mutants"', 'version = "0.0.0"', edition, "",
        "[dependencies]", *map(line, PACKAGES), "", "[dev-dependencies]", *map(line, DEV_PACKAGES), "",
        # Most of a run is compiling.
        "[profile.dev]", "opt-level = 0", "debug = false", "incremental = true", "overflow-checks = true", "",
        '[profile.dev.package."*"]', "opt-level = 3", "",
    ]))
    shutil.copy(ROOT / "Cargo.lock", WORK / "Cargo.lock")


def without_command_line(path, folder):
    text = path.read_text()
    if "voice_studio::cli" not in text:
        return path
    text = text.replace("use voice_studio::cli;\n", "")
    tests = re.split(r"(?=^#\[test\]\n)", text, flags=re.M)
    copy = folder / f"test_{path.name}"
    copy.write_text("".join(test for test in tests if "cli::" not in test))
    return copy


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], cwd=WORK, capture_output=True, text=True,
                          env=os.environ | {"CARGO_TARGET_DIR": str(WORK / "target"), "RUSTFLAGS": "-Awarnings"})


def build():
    """The path of the test program; None if it does not compile."""
    done = cargo("test", "--lib", "--no-run")
    found = re.search(r"Executable.*\((.*)\)", done.stderr)
    if done.returncode != 0 or not found:
        return None, done.stderr
    path = Path(found.group(1))
    return (path if path.is_absolute() else WORK / path), done.stderr


def run(program, *arguments):
    """The first failing test, "does not end", or nothing."""
    environment = os.environ | {"INSTA_UPDATE": "no", "INSTA_WORKSPACE_ROOT": str(WORK), "CARGO_MANIFEST_DIR": str(WORK)}
    limit = lambda: resource.setrlimit(resource.RLIMIT_CPU, (TEST_LIMIT_S, TEST_LIMIT_S))
    done = subprocess.run([program, *arguments], cwd=WORK, capture_output=True, text=True, errors="replace",
                          env=environment, preexec_fn=limit)
    if done.returncode == 0:
        return None
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return "tests that do not end"
    failed = re.search(r"^test (\S+) \.\.\. FAILED", done.stdout, re.M)
    return failed.group(1) if failed else f"ends with {done.returncode}"


# Timelines of hours, and logs of hundreds of meetings: a second or more each, so the others are asked before them.
LONG = ["two_hours", "test_floor_log"]


def judge(program):
    """Who finds it: a timeline, a simulated meeting, or nobody."""
    skipped = [word for name in ["simulated::", *LONG] for word in ("--skip", name)]
    return run(program, *skipped) or run(program, *LONG) or run(program, "simulated::")


# ---- mutations ----

def code_lines(path):
    """Numbers of the lines that hold code of the product: no comment, no attribute, no import, no test."""
    numbers, depth = [], 0
    for number, line in enumerate(path.read_text().splitlines()):
        stripped = line.strip()
        if stripped == "#[cfg(test)]":
            break
        if stripped and not re.match(r"//|#\[|#!\[|use |pub use |mod |pub mod |pub\(super\) use ", stripped):
            numbers.append(number)
    return numbers


def swap(pattern, replacement):
    """Every place where a pattern stands outside of texts, changed."""
    def mutate(line, _lines, _number):
        for match in re.finditer(pattern, line):
            before = line[: match.start()]
            if before.count('"') % 2 == 0 and "//" not in before:
                new = replacement(match) if callable(replacement) else replacement
                yield before + new + line[match.end():]
    return mutate


def number_changed(match):
    digits = match.group(0).replace("_", "")
    return {"0": "1", "1": "0"}.get(digits, str(int(digits) + 1))


def dropped(line, _lines, _number):
    """A statement on a line of its own."""
    stripped = line.strip()
    if stripped.endswith(";") and not re.match(r"let |const |static |pub |type |return\b.*\w|\}", stripped):
        yield line[: len(line) - len(line.lstrip())] + "// dropped"


def other_arm(line, lines, number):
    """The result of the arm below in the place of one's own."""
    own, below = (re.match(r"(\s*.+? => )(.+),$", text) for text in (line, lines[number + 1 : number + 2] and lines[number + 1] or ""))
    if own and below and "{" not in own.group(2) + below.group(2) and own.group(2) != below.group(2):
        yield own.group(1) + below.group(2) + ","


OPERATORS = {
    "comparison": [swap(r" < ", " <= "), swap(r" <= ", " < "), swap(r" > ", " >= "), swap(r" >= ", " > "),
                   swap(r" == ", " != "), swap(r" != ", " == ")],
    "arithmetic": [swap(r" \+ ", " - "), swap(r" - ", " + "), swap(r" \* ", " / "), swap(r" / ", " * "),
                   swap(r" \+= ", " -= "), swap(r" -= ", " += "), swap(r"\.max\(", ".min("), swap(r"\.min\(", ".max(")],
    "logic": [swap(r" && (?!let )", " || "), swap(r" \|\| ", " && "), swap(r"(?<=[\s(&|])!(?=[a-z(])", ""),
              swap(r"\bif (?!let )(?=[a-z!(*])(.+?) \{$", lambda m: f"if !({m.group(1)}) {{"),
              swap(r"\btrue\b", "false"), swap(r"\bfalse\b", "true"), swap(r"\.is_some\(\)", ".is_none()"),
              swap(r"\.is_none\(\)", ".is_some()"), swap(r"\.any\(", ".all("), swap(r"\.all\(", ".any("),
              swap(r"\.is_some_and\(", ".is_none_or("), swap(r"\.is_none_or\(", ".is_some_and(")],
    "number": [swap(r"(?<![\w.])\d[\d_]*(?![\w.]|\s*=>)", number_changed)],
    "statement": [dropped],
    "arm": [other_arm],
}


def mutations(lines, number):
    line = lines[number]
    found = []
    for kind, operators in OPERATORS.items():
        for operator in operators:
            found += [(kind, new) for new in operator(line, lines, number) if new != line]
    return found


def candidates():
    """Every line that can be changed."""
    for path in sorted((ROOT / MUTATED).rglob("*.rs")):
        lines = path.read_text().splitlines()
        for number in code_lines(path):
            if mutations(lines, number):
                yield path.relative_to(ROOT / "src"), number


# ---- the run ----

def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    build_crate()
    begin = time.time()
    program, log = build()
    if program is None:
        print(log[-4000:])
        print("what is not mutated does not compile")
        return 2
    failing = judge(program)
    if failing:
        print(f"what is not mutated fails: {failing}")
        return 2
    print(f"{count} mutations from seed {seed}; building and testing what is not mutated took {time.time() - begin:.0f} s", flush=True)
    chance = random.Random(seed)
    places = list(candidates())
    chance.shuffle(places)
    found, survivors, unviable = 0, [], 0
    for path, number in places:
        if found + len(survivors) == count:
            break
        target = WORK / "src" / path
        original = (ROOT / "src" / path).read_text()
        lines = original.splitlines()
        kind, new = chance.choice(mutations(lines, number))
        old, lines[number] = lines[number], new
        target.write_text("\n".join(lines) + "\n")
        begin = time.time()
        program, _ = build()
        if program is None:
            unviable += 1
        else:
            by = judge(program)
            place = f"{found + len(survivors) + 1:3} src/{path}:{number + 1} {kind}"
            if by:
                found += 1
                print(f"{place}: found by {by} ({time.time() - begin:.0f} s)", flush=True)
            else:
                survivors.append(place)
                print(f"{place}: SURVIVES ({time.time() - begin:.0f} s)\n    - {old.strip()}\n    + {new.strip()}", flush=True)
        target.write_text(original)
    tried = found + len(survivors)
    print(f"{found} of {tried} found, {len(survivors)} survive; {unviable} drawn that do not compile")
    return 0 if tried and found >= FOUND_MIN * tried else 1


if __name__ == "__main__":
    sys.exit(main())
