#!/usr/bin/env python3
"""Joins the files here into the one page, ../verifier.html: `join.py`, or `join.py --check` to see whether it is current.

Holds: the page allows exactly its own script and style, by their hashes, and no connection.
"""

import base64
import hashlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent / "verifier.html"
SCRIPTS = [
    "encoding", "json", "hashing", "ed25519", "shapes", "records", "checks", "proofs", "container", "closure", "judging", "bundles", "words", "terms", "faults", "describing",
    "page", "door",
]


def source(value):
    """What a Content-Security-Policy calls this text."""
    digest = hashlib.sha256(value.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def read(name):
    """A file beside this one."""
    return (HERE / name).read_text(encoding="utf-8")


def page():
    """The whole page."""
    parts = [read(f"{name}.js") for name in SCRIPTS]
    script = "\n(() => {\n'use strict';\n\n" + "\n".join(parts) + "\n})();\n"
    style = "\n" + read("style.css")
    policy = (
        f"default-src 'none'; script-src {source(script)}; style-src {source(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    values = {"@CSP@": policy, "@STYLE@": style, "@SCRIPT@": script}
    html = read("page.html")
    for mark, value in values.items():
        before, after = html.split(mark)
        html = before + value + after
    return html


def main():
    """Exit code 1 where the page is not current."""
    joined = page()
    if sys.argv[1:] == ["--check"]:
        if PAGE.read_text(encoding="utf-8") != joined:
            sys.exit("cli/pages/verifier.html is not what its sources make: run cli/pages/verifier/join.py")
        return
    PAGE.write_text(joined, encoding="utf-8")


if __name__ == "__main__":
    main()
