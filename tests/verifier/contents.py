"""What a verified proof says, rendered as docs/formats.md, "JSON" shows it.

May not enter: anything before the proof was verified.
"""

import json

from comity import ed25519, shapes
from comity.wire import Refused, decode


def numbered(letter):
    """What names an object by the position of an entry."""
    return lambda rest: f"{letter}{int.from_bytes(rest, 'big')}" if len(rest) == 8 else None


def public_key(rest):
    """What names an object by a public key."""
    return rest.hex() if len(rest) == 32 and ed25519.is_key(rest) else None


def named(is_name):
    """What names an object by a text of one shape."""
    def name(rest):
        try:
            text = rest.decode()
        except UnicodeDecodeError:
            return None
        return text if is_name(text) else None
    return name


def is_agency(text):
    """Whether this is an agency's id."""
    return shapes.is_dotted(text, 64)


def is_dataset(text):
    """Whether this is a dataset's id, as written."""
    agency, slash, slug = text.partition("/")
    return bool(slash) and is_agency(agency) and shapes.is_dotted(slug, 96)


def version(rest):
    """A dataset's version."""
    dataset = named(is_dataset)(rest[:-5])
    if dataset is None or rest[-5:-4] != b"\0":
        return None
    return f"{dataset} {int.from_bytes(rest[-4:], 'big')}"


def grant_version(rest):
    """A grant's version."""
    if len(rest) != 12:
        return None
    return f"G{int.from_bytes(rest[:8], 'big')} {int.from_bytes(rest[8:], 'big')}"


def emergency_access(rest):
    """An access in an emergency."""
    if len(rest) != 16:
        return None
    return f"E{int.from_bytes(rest[:8], 'big')}/{int.from_bytes(rest[8:], 'big')}"


def exchange(rest):
    """An exchange."""
    return rest.hex() if len(rest) == 16 else None


def emergency_use(rest):
    """What an agency used of an emergency."""
    agency = named(is_agency)(rest[8:])
    return None if agency is None else f"E{int.from_bytes(rest[:8], 'big')} {agency}"


def emergency_recipient(rest):
    """What an agency had of a dataset in an emergency."""
    agency, _, dataset = rest[8:].partition(b"\0")
    agency, dataset = named(is_agency)(agency), named(is_dataset)(dataset)
    if agency is None or dataset is None:
        return None
    return f"E{int.from_bytes(rest[:8], 'big')} {agency} {dataset}"


def member_usage(rest):
    """What a member used of a task force's grant."""
    agency = named(is_agency)(rest[8:])
    return None if agency is None else f"G{int.from_bytes(rest[:8], 'big')} {agency}"


def reported(rest):
    """A report that was filed: by whom, of whom, of which kind, in which matter, from when until when, and its hash."""
    names = rest[49:].split(b"\0")
    if len(rest) < 49 or rest[32] > 1 or len(names) != 3:
        return None
    agencies = [named(is_agency)(one) for one in names[:2]]
    matter = named(shapes.is_code)(names[2]) if names[2] else "-"
    if None in agencies or matter is None:
        return None
    times = "-".join(str(int.from_bytes(one, "big")) for one in (rest[33:41], rest[41:49]))
    return f"{' '.join(agencies)} {shapes.ASSESSMENT_KIND.names[rest[32]]} {matter} {times} {rest[:32].hex()}"


def disputed(rest):
    """What a dispute is about."""
    named_by = {b"r": numbered("R"), b"g": numbered("G"), b"B": numbered("C")}.get(rest[:1])
    return None if named_by is None else named_by(rest[1:])


def place(rest):
    """Where an equivocation happened."""
    if len(rest) != 45 or public_key(rest[:32]) is None or rest[44] > 2:
        return None
    height, rnd = int.from_bytes(rest[32:40], "big"), int.from_bytes(rest[40:44], "big")
    return f"of {rest[:32].hex()} at height {height}, round {rnd}, {shapes.STEP.names[rest[44]]}"


def office(rest):
    """What names an office."""
    return named(lambda text: text in shapes.OFFICE.names)(rest)


def alone(rest):
    """The name of what there is one of."""
    return None if rest else ""


# The objects of the state, by the first letter of their keys ("State"): what they are, how the rest
# of the key names one (None: it does not), and their type.
OBJECTS = {
    "p": ("parameters", alone, shapes.PARAMS),
    "c": ("competent authority", alone, shapes.AGENCY_ID),
    "v": ("validators", alone, shapes.VALIDATOR_SET),
    "l": ("roll", alone, shapes.ROLL),
    "o": ("version of the rules", alone, shapes.U16),
    "a": ("agency", named(is_agency), shapes.AGENCY),
    "x": ("departure", named(is_agency), shapes.DEPARTURE),
    "n": ("official keys", named(is_agency), shapes.OFFICIAL_KEYS),
    "k": ("key", public_key, shapes.KEY),
    "m": ("matter", named(shapes.is_code), shapes.PUBLISHED_CODE),
    "b": ("duty basis", named(shapes.is_code), shapes.PUBLISHED_CODE),
    "d": ("dataset", named(is_dataset), shapes.PUBLISHED_DATASET),
    "e": ("dataset version", version, shapes.DATASET_VERSION),
    "j": ("gateway's numbers", public_key, shapes.GATEWAY_NUMBERS),
    "f": ("grant version", grant_version, shapes.GRANT_VERSION),
    "g": ("grant", numbered("G"), shapes.GRANT), "u": ("usage of grant", numbered("G"), shapes.USAGE),
    "r": ("request", numbered("R"), shapes.ASKED),
    "B": ("check request", numbered("C"), shapes.CHECK_REQUEST), "I": ("incident", numbered("I"), shapes.INCIDENT),
    "D": ("dispute", numbered("D"), shapes.DISPUTE),
    "O": ("last dispute about", disputed, shapes.DISPUTE_ID),
    "W": ("draw", numbered("W"), shapes.DRAW), "F": ("finding", numbered("F"), shapes.FINDING),
    "A": ("assessment", numbered("A"), shapes.ASSESSMENT),
    "H": ("reported", reported, shapes.ASSESSMENT_ID),
    "q": ("proposal", numbered("P"), shapes.PROPOSED_MEASURE),
    "E": ("recent emergencies", alone, shapes.EMERGENCY_IDS),
    "h": ("emergency", numbered("E"), shapes.EMERGENCY),
    "s": ("access in emergency", emergency_access, shapes.EMERGENCY_ACCESS),
    "S": ("use of emergency", emergency_use, shapes.EMERGENCY_USE),
    "X": ("exchange in emergency", exchange, shapes.LOG_INDEX),
    "R": ("first access in emergency", emergency_recipient, shapes.LOG_INDEX),
    "T": ("task force", numbered("T"), shapes.TASK_FORCE),
    "M": ("use of grant by member", member_usage, shapes.USAGE),
    "y": ("equivocation", place, shapes.LOG_INDEX),
    "w": ("calendars of region", named(lambda text: shapes.is_text(text, 64)), shapes.REGION_CALENDARS),
    "z": ("rule packs", alone, shapes.RULE_PACKS),
    "i": ("holders of office", office, shapes.AGENCY_IDS),
}


def said(kind, value):
    """What a proof of a kind says beside its height and time."""
    if kind == "receipt":
        return {"statement": statement(value["record"])}
    if kind == "collection":
        return {"collected": [
            {"index": entry["index"], "height": block["header"]["height"],
             "time": block["header"]["time"], "statement": statement(entry["record"])}
            for block in value["blocks"] for entry in block["entries"]]}
    if kind == "extract":
        return {"claims": [claim(bytes.fromhex(c["key"]), c["value"]) for c in value["claims"]]}
    if kind == "fork":
        return {"times": [value[side]["header"]["time"] for side in ("one", "other")]}
    return {}


def statement(record):
    """What a signed record in hexadecimal states."""
    data = bytes.fromhex(record)
    return decode(shapes.SIGNED_RECORD, data, len(data))["statement"]


def claim(key, value):
    """One claim: what it is about, and the object, or None.

    A key that could name nothing is proven absent too. It gets no name here: it must not be taken
    for the absence of what it resembles.
    """
    what, name, shape = OBJECTS.get(key[:1].decode("latin-1"), (None, None, None))
    which = name(key[1:]) if what else None
    if which is None:
        words = f"nothing that a log could hold ({key.hex()})"
    else:
        words = f"{what} {which}".strip()
    found = {"object": words, "key": key.hex(), "value": None}
    if value is not None:
        data = bytes.fromhex(value)
        try:
            found["value"] = value if which is None else decode(shape, data, len(data))
        except Refused:
            found["value"] = value
    return found


def signed(statement):
    """Who signed what, in a line."""
    signers = ", ".join(f"{s['agency']} ({s['role']})" for s in statement["signers"])
    action = {name: value for name, value in statement["action"].items() if name != "kind"}
    return f"{statement['action']['kind']} by {signers}: {json.dumps(action, ensure_ascii=False)}"


def claimed(claims):
    """Each claim in a line."""
    for one in claims:
        value = one["value"]
        shown = "no such object" if value is None else json.dumps(value, ensure_ascii=False)
        yield f"{one['object']}: {shown}"
