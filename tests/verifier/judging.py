"""Accesses and denials of an evidence bundle, judged again as things stood before each.

Holds: what cannot be told from the bundle alone is never called wrong.
Source: docs/formats.md, "Evidence bundles", "Judging again"; "Evaluation".
"""

from comity import shapes
from comity.grounds import (
    Refusal, agency_key, dataset_key, day_of, departure_key, grant_key, key_key, usage_key, version_key,
)
from comity.rules import Judge

SAME, OTHERWISE = "same", "otherwise"
HOSTING = ("requester-hosting-over", "provider-hosting-over")


def interrupted(held, index):
    """Interruptions as they stood before a position."""
    return [{**one, "ended_at": one["ended_at"] if is_before(one["ended_at"], index) else None}
            for one in held if one["at"] < index]


def is_before(at, index):
    """Whether something happened, and before a position."""
    return at is not None and at < index


class Before:
    """The objects of a bundle as they were before a position, and a judge who reads them.

    `objects`: {state key: what it holds}; `accesses`: (index, time, attempt) of each record-access.
    """

    def __init__(self, objects, accesses, index, time):
        self.objects, self.index, self.time = objects, index, time
        self.accesses = [one for one in accesses if one[0] < index]

    def key(self, name):
        """A key, or None."""
        key = self.objects.get(key_key(name))
        if key is None or not (key["registered_at"] is None or key["registered_at"] < self.index):
            return None
        revoked = key["revoked"]
        return {**key, "revoked": revoked if revoked and revoked["at"] < self.index else None}

    def grant(self, name):
        """A grant, or None."""
        grant = self.objects.get(grant_key(name))
        if grant is None or grant["issued_at"] >= self.index:
            return None
        revoked = grant["revoked"]
        return {**grant, "suspensions": interrupted(grant["suspensions"], self.index),
                "revoked": revoked if revoked and revoked["at"] < self.index else None}

    def dataset(self, name):
        """A dataset in the version of then, or None."""
        published = self.objects.get(dataset_key(name))
        start = b"e" + name.encode() + b"\0"
        versions = [value for key, value in self.objects.items() if key.startswith(start) and value]
        versions = [one for one in [published, *versions] if one and one["version_at"] < self.index]
        if published is None or not versions:
            return None
        then = max(versions, key=lambda one: one["version_at"])
        return {**published, "dataset": then["dataset"], "version_at": then["version_at"],
                "suspensions": interrupted(published["suspensions"], self.index),
                "withdrawals": interrupted(published["withdrawals"], self.index)}

    def judge(self, attempt):
        """A judge who knows just this much."""
        state, name = {b"p": shapes.PARAMS.put(self.objects[b"p"])}, attempt["grant"]
        for key, shape, value in (
            (key_key(attempt["officer"]), shapes.KEY, self.key(attempt["officer"])),
            (grant_key(name), shapes.GRANT, self.grant(name)),
            (dataset_key(attempt["dataset"]), shapes.PUBLISHED_DATASET, self.dataset(attempt["dataset"])),
        ):
            if value is not None:
                state[key] = shape.put(value)
        for agency in {attempt["requester"], attempt["dataset"].split("/")[0]}:
            departure = self.objects.get(departure_key(agency))
            if departure is not None and departure["at"] < self.index:
                state[departure_key(agency)] = shapes.DEPARTURE.put(departure)
            member = self.objects.get(agency_key(agency))
            if member is not None:
                state[agency_key(agency)] = shapes.AGENCY.put(member)
        state[usage_key(name)] = shapes.USAGE.put(self.usage(name))
        return Judge(state, {}, self.exchanges())

    def exchanges(self):
        """The exchanges that are used, each with its end."""
        return {attempt["exchange"]: attempt["valid_until"] for _, _, attempt in self.accesses
                if attempt["valid_until"] >= self.time}

    def usage(self, name):
        """What was used of a grant, as far as the bundle goes."""
        offset = self.objects[b"p"]["day_offset_minutes"]
        days = [day_of(time, offset) for _, time, attempt in self.accesses if attempt["grant"] == name]
        last = days[-1] if days else 0
        return {"total": len(days), "day": last, "on_day": days.count(last)}


def has_dataset(objects, name):
    """Whether a dataset is there with all its versions."""
    published = objects.get(dataset_key(name))
    return published is not None and published["version"] <= len(objects) and all(
        objects.get(version_key(name, number)) is not None for number in range(1, published["version"]))


def judged(objects, accesses, genesis, entry, action):
    """How an access or a denial is judged again: `same`, `otherwise`, or why it cannot be."""
    index, time = entry
    attempt = action["attempt"]["attempt"]
    named = action.get("refusal")
    rules = objects.get(b"o")
    if rules is not None and rules != 1:
        return "rules"
    grant = objects.get(grant_key(attempt["grant"]))
    is_there = grant is not None and grant["issued_at"] < index
    before, name = Before(objects, accesses, index, time), grant and grant["terms"]["dataset"]
    if objects.get(b"p") is None:
        return "objects"
    if is_there and not (has_dataset(objects, name) and before.dataset(name)):
        return "objects"
    try:
        before.judge(attempt).evaluate(attempt, time)
        found = None
    except Refusal as refusal:
        found = refusal.value
    if is_there and not is_counted(objects, accesses, genesis, attempt["grant"], grant):
        return "quota"
    rule, due = ((one or {}).get("rule") for one in (named, found))
    if rule == "exchange-used" and attempt["exchange"] not in before.exchanges():
        return "exchange"
    if (rule in HOSTING or due in HOSTING) and named != found:
        return "hosting"
    if due == "exchange-used" and rule != due:
        return "window"
    return SAME if named == found else OTHERWISE


def is_counted(objects, accesses, genesis, name, grant):
    """Whether all is there that the quotas of a grant are counted by."""
    total, daily = (grant["terms"][field] for field in ("total_quota", "daily_quota"))
    used = (objects.get(usage_key(name)) or {"total": 0})["total"]
    shown = sum(attempt["grant"] == name for _, _, attempt in accesses)
    if (total is not None or daily is not None) and shown != used:
        return False
    offsets = [params["day_offset_minutes"] for params in (objects[b"p"], genesis["params"])]
    return daily is None or offsets[0] == offsets[1]
