"""Puts answers of real nodes into docs/openapi.json as its examples.

    COMITY_API_EXAMPLES=/tmp/answers.json cargo test --release -p comity-tests openapi
    python3 tests/openapi/take_examples.py /tmp/answers.json

Each key of the file is the place (a JSON pointer) of a media type or parameter in the document. With words after the
file, only places that contain one of them are taken: `take_examples.py /tmp/answers.json task-forces assessments`.
"""

import json
import pathlib
import sys

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "openapi.json"


def place(document, pointer):
    """What stands at a JSON pointer."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        document = document[int(part) if isinstance(document, list) else part]
    return document


def main():
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    answers = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    words = sys.argv[2:] or [""]
    answers = {
        pointer: answer for pointer, answer in answers.items() if any(word in pointer for word in words)
    }
    for pointer, answer in answers.items():
        place(document, pointer)["example"] = answer
    text = json.dumps(document, ensure_ascii=False, indent=1)
    DOCUMENT.write_text(text + "\n", encoding="utf-8")
    print(f"{len(answers)} examples")


main()
