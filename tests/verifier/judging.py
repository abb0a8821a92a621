"""Accesses and denials of an evidence bundle, judged again as things stood before each.

Holds: what cannot be told from the bundle alone is never called wrong.
Source: docs/formats.md, "Evidence bundles", "Judging again"; "Evaluation".
"""

from comity import late, shapes
from comity.grounds import (
    UNUSED, Refusal, agency_key, dataset_key, day_of, departure_key, emergency_key, emergency_use_key,
    grant_key, grant_version_key, key_key, task_force_key, usage_key, version_key,
)
from comity.emergencies import MAX_ENTRIES
from comity.rules import Judge, count_of

SAME, OTHERWISE = "same", "otherwise"
HOSTING = ("requester-hosting-over", "provider-hosting-over", "lead-gone")


def is_late(action):
    """Whether an action takes in an access late."""
    return action["kind"] == "embed-late"


def is_access(action):
    """Whether an action is of an access that took place."""
    return action["kind"] == "record-access" or is_late(action)


def attempt_in(action):
    """The signed attempt inside, or None."""
    return action["record"]["attempt"] if is_late(action) else action.get("attempt")


def accessed(action):
    """The attempt of an access, and whether it counts where it went in late."""
    attempt = attempt_in(action)["attempt"]
    return {**attempt, "counts": late.counts(action["against"])} if is_late(action) else attempt


def interrupted(held, index):
    """Interruptions as they stood before a position."""
    return [one if is_before(one["ended_at"], index) else {**one, "ended_at": None, "ended_on": None}
            for one in held if one["at"] < index]


def is_before(at, index):
    """Whether something happened, and before a position."""
    return at is not None and at < index


class Before:
    """The objects of a bundle as they were before a position, and a judge who reads them.

    `objects`: {state key: what it holds}; `accesses`: (index, time, attempt) of each access, in its time or
    late; `time`: as of which it is judged.
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
        versions = [self.objects.get(grant_version_key(name, n))
                    for n in range(1, min(grant["version"], len(self.objects) + 1))]
        then = [one for one in [*versions, grant] if one and one["version_at"] < self.index]
        terms = then[-1]["terms"] if then else grant["terms"]
        return {**grant, "terms": terms, "suspensions": interrupted(grant["suspensions"], self.index),
                "revoked": revoked if revoked and revoked["at"] < self.index else None}

    def emergency(self, name):
        """An emergency, or None."""
        found = self.objects.get(emergency_key(name))
        if found is None or found["declared_at"] >= self.index:
            return None
        renewals = [one for one in found["renewals"] if one["mark"]["at"] < self.index]
        renewed = [one["until"] for one in renewals]
        ended = found["ended"]
        return {**found, "until": [found["terms"]["until"], *renewed][-1], "renewals": renewals,
                "ended": ended if ended and ended["mark"]["at"] < self.index else None}

    def task_force(self, name):
        """A task force, or None."""
        found = None if name is None else self.objects.get(task_force_key(name))
        if found is None or found["formed_at"] >= self.index:
            return None
        ended, members = found["ended"], [one for one in found["memberships"] if one["joined"]["at"] < self.index]
        return {**found, "ended": ended if ended and ended["mark"]["at"] < self.index else None, "memberships": [
            {**one, "left": one["left"] if one["left"] and one["left"]["mark"]["at"] < self.index else None}
            for one in members]}

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
        if name[0] == "E":
            return self.judge_urgent(state, attempt)
        parent = (self.grant(name) or {"parent": None})["parent"]
        agencies = {attempt["requester"], attempt["dataset"].split("/")[0]}
        if parent is not None and self.grant(parent) is not None:
            above = self.grant(parent)
            state[grant_key(parent)] = shapes.GRANT.put(above)
            state[usage_key(parent)] = shapes.USAGE.put(self.usage(parent))
            agencies.add(above["terms"]["requester"])
        force = self.task_force((self.grant(name) or {"terms": {"task_force": None}})["terms"]["task_force"])
        if force is not None:
            state[task_force_key(f"T{force['formed_at']}")] = shapes.TASK_FORCE.put(force)
            agencies.add(force["terms"]["lead"])
        self.put(state, attempt, (grant_key(name), shapes.GRANT, self.grant(name)))
        self.put_members(state, agencies)
        state[usage_key(name)] = shapes.USAGE.put(self.usage(name))
        return Judge(state, {}, self.exchanges())

    def judge_urgent(self, state, attempt):
        """The same, for an attempt in an emergency."""
        name, agency = attempt["grant"], attempt["requester"]
        self.put(state, attempt, (emergency_key(name), shapes.EMERGENCY, self.emergency(name)))
        self.put_members(state, {agency, attempt["dataset"].split("/")[0]})
        entries = len(in_emergency(self.accesses, name, agency))
        used = {"usage": UNUSED, "entries": entries, "justified": 0}
        state[emergency_use_key(name, agency)] = shapes.EMERGENCY_USE.put(used)
        return Judge(state, {}, self.exchanges())

    def put(self, state, attempt, basis):
        """Puts what an attempt relies on: key, grant or emergency, dataset."""
        for key, shape, value in (
            (key_key(attempt["officer"]), shapes.KEY, self.key(attempt["officer"])),
            basis,
            (dataset_key(attempt["dataset"]), shapes.PUBLISHED_DATASET, self.dataset(attempt["dataset"])),
        ):
            if value is not None:
                state[key] = shape.put(value)

    def put_members(self, state, agencies):
        """Puts agencies, and how they left."""
        for agency in agencies:
            departure = self.objects.get(departure_key(agency))
            if departure is not None and departure["at"] < self.index:
                state[departure_key(agency)] = shapes.DEPARTURE.put(departure)
            member = self.objects.get(agency_key(agency))
            if member is not None:
                state[agency_key(agency)] = shapes.AGENCY.put(member)

    def exchanges(self):
        """The exchanges that are used, each with its end."""
        return {attempt["exchange"]: attempt["valid_until"] for _, _, attempt in self.accesses
                if attempt["grant"][0] == "E" or attempt["valid_until"] >= self.time}

    def usage(self, name):
        """What was used of a grant, as far as the bundle goes."""
        offset = self.objects[b"p"]["day_offset_minutes"]
        uses = [(day_of(time, offset), count_of(attempt)) for _, time, attempt in self.accesses
                if name in charged(self.objects, attempt)]
        last = uses[-1][0] if uses else 0
        return {"total": sum(count for _, count in uses), "day": last,
                "on_day": sum(count for day, count in uses if day == last), "onward": 0}


def in_emergency(accesses, name, agency):
    """The accesses of an agency that count in an emergency."""
    return [one for one in accesses if (one[2]["grant"], one[2]["requester"]) == (name, agency)
            and one[2].get("counts", True)]


def has_entries(objects, accesses, attempt):
    """Whether all is there that counts for how often an agency may ask in an emergency."""
    name, agency = attempt["grant"], attempt["requester"]
    used = (objects.get(emergency_use_key(name, agency)) or {"entries": 0})["entries"]
    return used < MAX_ENTRIES or len(in_emergency(accesses, name, agency)) == used


def charged(objects, attempt):
    """The grants to which an access is charged, as far as they are held."""
    if attempt["grant"][0] == "E":
        return []
    grant = objects.get(grant_key(attempt["grant"]))
    return [attempt["grant"], *([grant["parent"]] if grant and grant["parent"] else [])]


def has_versions(objects, version, key, is_one=lambda one: True):
    """Whether all is there that later versions replaced, under the keys of their numbers."""
    held = (objects.get(key(number)) for number in range(1, min(version, len(objects) + 2)))
    return all(one is not None and is_one(one) for one in held)


def has_dataset(objects, name):
    """Whether a dataset is there with all its versions, each of this dataset."""
    def is_its(one):
        return one["dataset"]["id"] == name

    published = objects.get(dataset_key(name))
    return published is not None and is_its(published) and has_versions(
        objects, published["version"], lambda number: version_key(name, number), is_its)


def has_terms(objects, name):
    """Whether all terms are there that a grant ever had."""
    return has_versions(objects, objects[grant_key(name)]["version"], lambda number: grant_version_key(name, number))


def has_grounds(before, attempt):
    """Whether all is there by which an attempt is judged."""
    objects, name = before.objects, attempt["grant"]
    if objects.get(b"p") is None:
        return False
    if name[0] == "E":
        # What was never published is not opened.
        return objects.get(dataset_key(attempt["dataset"])) is None or has_dataset(objects, attempt["dataset"])
    if before.grant(name) is None:
        return True
    grant = objects[grant_key(name)]
    dataset = grant["terms"]["dataset"]
    if not (is_own(name, grant) and has_terms(objects, name) and has_dataset(objects, dataset)
            and Before(objects, [], grant["issued_at"], 0).dataset(dataset)):
        return False
    force = grant["terms"]["task_force"]
    if force is not None:
        held = objects.get(task_force_key(force))
        if held is None or f"T{held['formed_at']}" != force or held["formed_at"] >= grant["issued_at"]:
            return False
    if grant["parent"] is None:
        return True
    above = objects.get(grant_key(grant["parent"]))
    return above is not None and is_own(grant["parent"], above) and above["issued_at"] < grant["issued_at"] and \
        above["terms"]["dataset"] == dataset and has_terms(objects, grant["parent"])


def is_own(name, grant):
    """Whether a grant lies under its own name."""
    return f"G{grant['issued_at']}" == name


def judged(objects, accesses, genesis, entry, action):
    """How an access or a denial is judged again: `same`, `otherwise`, or why it cannot be."""
    index, time = entry
    attempt = attempt_in(action)["attempt"]
    named = action.get("against") if is_late(action) else action.get("refusal")
    if is_late(action):
        time = min(attempt["made_at"], time)
    rules = objects.get(b"o")
    if rules is not None and rules != 1:
        return "rules"
    before = Before(objects, accesses, index, time)
    if not has_grounds(before, attempt):
        return "objects"
    if not has_uses(before, accesses, genesis, attempt):
        return "quota"
    if named is not None and named["rule"] == "exchange-used" and attempt["exchange"] not in before.exchanges():
        return "exchange"
    try:
        before.judge(attempt).evaluate(attempt, time)
        found = None
    except Refusal as refusal:
        found = refusal.value
    rule, due = ((one or {}).get("rule") for one in (named, found))
    if (rule in HOSTING or due in HOSTING) and named != found:
        return "hosting"
    if due == "exchange-used" and rule != due:
        return "window"
    return SAME if named == found else OTHERWISE


def has_uses(before, accesses, genesis, attempt):
    """Whether all uses are there that count for an attempt."""
    objects, name = before.objects, attempt["grant"]
    if name[0] == "E":
        return has_entries(objects, accesses, attempt)
    grant = before.grant(name)
    names = [] if grant is None else [one for one in (name, grant["parent"]) if one is not None]
    return all(is_counted(objects, accesses, genesis, one, before.grant(one)) for one in names)


def is_counted(objects, accesses, genesis, name, grant):
    """Whether all is there that the quotas of a grant, with its terms of then, are counted by."""
    total, daily = (grant["terms"][field] for field in ("total_quota", "daily_quota"))
    used = (objects.get(usage_key(name)) or {"total": 0})["total"]
    shown = sum(count_of(attempt) for _, _, attempt in accesses if name in charged(objects, attempt))
    if (total is not None or daily is not None) and shown != used:
        return False
    offsets = [params["day_offset_minutes"] for params in (objects[b"p"], genesis["params"])]
    return daily is None or offsets[0] == offsets[1]
