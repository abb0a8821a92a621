"""text.json: which texts and names are accepted, and every character that is not."""

import hashlib

from comity import shapes

TYPES = {
    "text-96": shapes.Text(96), "agency-id": shapes.AGENCY_ID, "slug": shapes.SLUG,
    "code": shapes.CODE, "item-name": shapes.ITEM_NAME,
}


def scalar_values():
    """Every code point that is a character, ascending."""
    yield from range(0xD800)
    yield from range(0xE000, 0x110000)


def is_accepted(name, text):
    """Whether a text is of a type."""
    return TYPES[name].check(text)


def sweep(name, shape):
    """SHA-256 over one byte, 0 or 1, for each character: whether it is accepted in `shape`."""
    accepted = bytes(is_accepted(name, shape.format(chr(c))) for c in scalar_values())
    return {"type": name, "sweep": shape, "accepted": sum(accepted),
            "digest": hashlib.sha256(accepted).hexdigest()}


def cases():
    """The cases of text.json."""
    texts = {
        "text-96": ["", " ", "a\tb", "\u00a0", "e\u0301", "é", "x" * 97, "é" * 48, "é" * 49, "\x7f",
                    "\u2028", "\U0001f600", "\ufffc", "\ufe0f", "\u3164", "\U0010ffff"],
        "agency-id": ["", "a", "0", "a-b", "-a", "a-", "a.b", ".a", "a.", "a..b", "A", "é", "a b",
                      "a/b", "a_b", "a" * 64, "a" * 65, "-", "."],
        "slug": ["", "residents-income", "a" * 96, "a" * 97, "v1.2", "a.-b"],
        "code": ["", "A", "a.B-1", "-", "--.-", ".", "A.", "A B", "A_B", "Ä", "A" * 64, "A" * 65],
        "item-name": ["", " ", "a", " a", "a ", "a b", "a,b", "姓名", "\u3000a", "a\u00a0",
                      "a\u00a0b", "\u202fa", "\u205fa", "\u1680a", "\u2000a", "a\u200a", "x" * 96,
                      "x" * 97, "a\nb", "\u200ba", "，"],
    }
    for name, given in texts.items():
        for text in given:
            yield {"type": name, "text": text, "accepted": is_accepted(name, text)}
    for first, last in shapes.FORBIDDEN:
        for code in sorted({first - 1, first, last, last + 1}):
            if 0 <= code < 0x110000 and not 0xD800 <= code < 0xE000:
                yield {"type": "text-96", "text": f"a{chr(code)}b",
                       "accepted": is_accepted("text-96", f"a{chr(code)}b")}
    yield sweep("text-96", "{}")
    yield sweep("item-name", "{}")
    yield sweep("item-name", "a{}")
    yield sweep("code", "a{}b")
    yield sweep("agency-id", "a{}b")
