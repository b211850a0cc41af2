#!/usr/bin/env python3
"""Builds the shim, lets BoGo's runner drive it, and counts: run.py RUNNER [further flags for the runner]

The environment variable TLCP_FEATURES goes to the shim's build: aws-lc-rs is the other provider.

Every test of the runner must pass, but those that config.json disables. Each of them has its reason; where the reason is
"differs: TEXT (…)", the library answers otherwise than BoringSSL and means it: the test is run too, and the runner must
say TEXT. Where it is "run beside TLS 1.3", the test is run with a server that leaves TLS 1.3 to another stack."""
import json
import os
import pathlib
import re
import subprocess
import sys
from collections import Counter

HERE = pathlib.Path(__file__).resolve().parent
CONFIG = HERE / "config.json"
BESIDE = "run beside TLS 1.3"
DIFFERS = re.compile(r"differs: (.*?) \((.*)\)")
RESULT = re.compile(r"^(PASSED|FAILED|UNIMPLEMENTED) \((.*)\)$", re.M)


def build():
    """The shim's path."""
    command = ["cargo", "build", "--manifest-path", HERE / "Cargo.toml", "--message-format", "json"]
    command += ["--features", os.environ.get("TLCP_FEATURES", "")]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = [json.loads(line) for line in output.splitlines()]
    return next(m["executable"] for m in messages if m.get("executable"))


def run(runner, shim, *flags):
    """What the runner printed, by test: its word, and the text behind it."""
    command = [runner, "-shim-path", shim, "-shim-config", CONFIG, "-num-workers", "2", "-allow-unimplemented", *flags]
    text = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace").stdout
    found = list(RESULT.finditer(text))
    if not found:
        sys.exit(text)
    ends = [m.start() for m in found[1:]] + [len(text)]
    return {m[2]: (m[1], text[m.end():end].strip()) for m, end in zip(found, ends)}


def reason_finder():
    """Why a test is disabled: the first pattern's reason, in Go's language of patterns."""
    patterns = []
    for glob, reason in json.loads(CONFIG.read_text())["DisabledTests"].items():
        parts = re.split(r"(\*|\[.*?\])", glob)
        pattern = "".join({"*": ".*"}.get(p, p if p.startswith("[") else re.escape(p)) for p in parts)
        patterns.append((re.compile(pattern), glob, reason))
    unused = {glob for _, glob, _ in patterns}

    def find(name):
        hits = [(glob, reason) for pattern, glob, reason in patterns if pattern.fullmatch(name)]
        unused.difference_update(glob for glob, _ in hits)
        return hits[0][1] if hits else None

    return find, unused


def main():
    runner, *flags = sys.argv[1:]
    shim = build()
    # A flag that no shim knows: every test is named, none is run.
    names = run(runner, shim, "-include-disabled", "-shim-extra-flags", "-name-all-tests")
    find, unused = reason_finder()
    reasons = {name: find(name) for name in names}
    beside = [name for name, reason in reasons.items() if reason == BESIDE]
    differing = [name for name, reason in reasons.items() if reason and DIFFERS.match(reason)]

    results = run(runner, shim, *flags)
    results |= run(runner, shim, "-include-disabled", "-shim-extra-flags", "-tls13-elsewhere", "-test", ";".join(beside))
    others = run(runner, shim, "-include-disabled", "-test", ";".join(differing))
    bad = [f"{word} {name}\n{text}" for name, (word, text) in results.items() if word != "PASSED"]
    for name, (word, text) in others.items():
        if DIFFERS.match(reasons[name])[1] not in text:
            bad.append(f"{word} {name}: it should differ, {reasons[name]}\n{text}")
    bad += [f"{glob} in config.json matches no test" for glob in sorted(unused)]

    for reason, count in Counter(filter(None, reasons.values())).most_common():
        print(f"{count:5} disabled: {reason}")
    passed = sum(word == "PASSED" for word, _ in results.values())
    print(f"{len(names):5} tests, {len(names) - len(results)} disabled, {len(differing)} of them as they should differ")
    print("\n\n".join(bad))
    print(f"{passed} passed, {len(bad)} failed")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
