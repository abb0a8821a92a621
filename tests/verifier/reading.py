"""What is read from disk: a genesis, strictly; other files, never more of them than they may have.

Source: docs/formats.md, "Encoding" (limits), "JSON", "Genesis".
"""

import json

from comity import shapes
from comity.forms import Unfit, check_genesis
from comity.wire import Refused, decode

MAX_GENESIS_BYTES = 16 * 1024 * 1024
# What Python raises where a rendering is not of the shape at hand.
MISSHAPEN = (
    AssertionError, AttributeError, IndexError, KeyError, OverflowError, StopIteration, TypeError,
    ValueError,
)


def read_up_to(path, limit):
    """The bytes of a file that may have `limit` of them; one more where it has more."""
    with open(path, "rb") as file:
        return file.read(limit + 1)


def no_member_twice(pairs):
    """An object, unless it names a member twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a member twice")
    return found


def without_nulls(value):
    """A rendering in which a missing option is left out; and what else may be left out, is there."""
    if isinstance(value, list):
        return [without_nulls(part) for part in value]
    if not isinstance(value, dict):
        return value
    kept = {name: without_nulls(part) for name, part in value.items() if part is not None}
    return {**kept, "post": kept.get("post", "")} if "possession" in kept else kept


def genesis(path):
    """The genesis in a file. Errors: `Unfit`, what is wrong; `OSError`."""
    return genesis_of(read_up_to(path, MAX_GENESIS_BYTES))


def genesis_of(data):
    """The genesis of these bytes. Errors: `Unfit`."""
    if len(data) > MAX_GENESIS_BYTES:
        raise Unfit("genesis: too long")
    try:
        written = without_nulls(json.loads(data, object_pairs_hook=no_member_twice))
        content = shapes.GENESIS.put(written)
    except (*MISSHAPEN, RecursionError) as error:
        raise Unfit("genesis: not one") from error
    try:
        read = decode(shapes.GENESIS, content, len(content))
    except Refused as refused:
        raise Unfit(f"genesis: {refused.kind}") from refused
    if json.dumps(without_nulls(read), sort_keys=True) != json.dumps(written, sort_keys=True):
        raise Unfit("genesis: not one")
    try:
        check_genesis(read)
    except Unfit as unfit:
        raise Unfit(f"genesis: {unfit.name}") from unfit
    return read
