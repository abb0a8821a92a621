#!/usr/bin/env python3
"""The figures of `comity report collaboration` computed a second time: `compute.py ARCHIVE GENESIS
[--from DATE] [--to DATE]` prints their JSON.

Holds: nothing here was taken from the Rust code; docs/indicators.md and docs/formats.md are its only
sources. The archive is replayed by the second implementation (tests/vectors/comity), which verifies
it, and each group is counted from scratch, over all that there is.
May not enter: third-party packages (`cryptography` is used for signatures where it is installed).
"""

import argparse
import datetime
import json
import pathlib
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "vectors"), str(HERE.parent / "verifier")]

import reading  # noqa: E402
import signatures  # noqa: E402

from comity import shapes  # noqa: E402
from comity.chain import Fault, Replay, read_frames  # noqa: E402
from comity.grounds import current, day_of  # noqa: E402
from comity.wire import decode  # noqa: E402

EPOCH = datetime.date(1970, 1, 1)
MOST_WAITING = 20
TWO_SIDED = ("agency", "level", "region", "kind")
SHAPES = {
    b"a": shapes.AGENCY, b"d": shapes.PUBLISHED_DATASET, b"g": shapes.GRANT, b"r": shapes.ASKED,
    b"h": shapes.EMERGENCY, b"T": shapes.TASK_FORCE, b"A": shapes.ASSESSMENT,
}


class Log:
    """A log that was read: its entries and the state after the last."""

    def __init__(self, genesis, stream):
        self.genesis, self.entries = genesis, []
        replay = Replay(genesis)
        assert stream.read(40)[8:] == replay.ledger.consortium, "the archive is of another consortium"
        for kind, value in read_frames(stream):
            first = replay.ledger.log.size
            replay.take(kind, value)
            if kind != 1:
                continue
            for at, data in enumerate(value["records"]):
                data = bytes.fromhex(data)
                record = decode(shapes.SIGNED_RECORD, data, len(data))
                self.entries.append((first + at, value["header"]["time"], record["statement"]))
        assert replay.last is not None, "the archive ends too early"
        proven = replay.finish()
        assert "fault" not in proven, proven
        self.ledger, self.judge = replay.ledger, replay.ledger.judge()
        self.now = self.ledger.time

    def objects(self, letter):
        """The objects of one kind, in the order of their keys."""
        state = self.ledger.state
        keys = sorted(key for key in state if key[:1] == letter)
        return [decode(SHAPES[letter], state[key], len(state[key])) for key in keys]


def owner(dataset):
    """The agency whose dataset it is."""
    return dataset.split("/")[0]


class Scene:
    """What is counted, and when it began."""

    def __init__(self, log, first, last):
        self.log, self.first, self.last = log, first, last
        self.offset = log.genesis["params"]["day_offset_minutes"]
        self.agencies = {agency["id"]: agency for agency in log.objects(b"a")}
        self.datasets = {one["dataset"]["id"]: one for one in log.objects(b"d")}
        self.grants = {f"G{grant['issued_at']}": grant for grant in log.objects(b"g")}
        self.requests = {f"R{asked['opened_at']}": asked for asked in log.objects(b"r")}
        self.forces = {f"T{force['formed_at']}": force for force in log.objects(b"T")}
        self.things = [
            *self.accesses(), *self.catalogue(), *self.asked(), *self.granted(), *self.declared(), *self.formed(),
        ]

    def quarter(self, time):
        """The quarter of a time; None outside the period."""
        date = EPOCH + datetime.timedelta(days=day_of(time, self.offset))
        if self.first and date < self.first or self.last and date > self.last:
            return None
        return f"{date.year:04}-Q{(date.month - 1) // 3 + 1}"

    def thing(self, what, time, provider, requester, matters, **more):
        """Something with two sides, in a list; none outside the period."""
        quarter = self.quarter(time)
        if quarter is None:
            return []
        return [{"what": what, "provider": provider, "requester": requester, "matters": matters,
                 "quarter": quarter, **more}]

    def accesses(self):
        """Allowed accesses of one agency to another's data."""
        acknowledged = {}
        for _, _, statement in self.log.entries:
            if statement["action"]["kind"] == "acknowledge-access":
                for one in statement["action"]["accesses"]:
                    words = acknowledged.setdefault(one["access"], [])
                    words.append({**one, "grant": statement["action"]["grant"]})
        for index, time, statement in self.log.entries:
            action = statement["action"]
            late = action["kind"] == "embed-late"
            if action["kind"] != "record-access" and not late:
                continue
            said = action["record"] if late else action
            attempt, answer = said["attempt"]["attempt"], said["answer"]
            dataset, batch = attempt["dataset"], attempt["batch"]
            if attempt["requester"] == owner(dataset):
                continue
            count = 1 if batch is None else batch["count"]
            items = attempt["items"]
            if items == "all":
                items = {"only": [i["name"] for i in self.datasets[dataset]["dataset"]["items"]]}
            reliable = not late and answer is not None and answer["reliable"] and attempt["mode"] == "verify"
            yield from self.thing(
                "access", time, owner(dataset), attempt["requester"], [attempt["matter"]],
                dataset=dataset, items=items["only"], count=count, batch=batch is not None,
                documents=count if reliable else 0, urgent=attempt["grant"][0] == "E",
                together=attempt["capacity"] != "agency",
                alike=any(alike(attempt, answer, count, word) for word in acknowledged.get(index, [])),
            )

    def declared(self):
        """Emergencies, on the side of who declared them."""
        for one in self.log.objects(b"h"):
            yield from self.thing("emergency", one["declared_on"], None, one["declared_by"],
                                  [one["terms"]["matter"]])

    def formed(self):
        """Task forces, on the side of who leads them."""
        for one in self.log.objects(b"T"):
            yield from self.thing("task-force", one["formed_on"], None, one["terms"]["lead"],
                                  [one["terms"]["matter"]])

    def catalogue(self):
        """Datasets that are in the catalogue, by when they first came into it."""
        born = {}
        for _, time, statement in self.log.entries:
            if statement["action"]["kind"] == "publish-dataset":
                born.setdefault(statement["action"]["dataset"]["id"], time)
        for name, published in self.datasets.items():
            if current(published["withdrawals"]) is not None:
                continue
            asked = [r for r in self.requests.values() if on_others(r["terms"]["asked"], name)]
            grants = [g for g in self.grants.values() if on_others(g["terms"], name)]
            yield from self.thing(
                "dataset", born[name], owner(name), None, [],
                unclassified=published["dataset"]["sharing"] == "unclassified",
                requested=bool(asked or grants), granted=bool(grants),
                delivered=any(g["delivered"] is not None for g in grants),
                used=any(g["first_use"] is not None for g in grants),
            )

    def asked(self):
        """Requests for another's data."""
        for name, request in self.requests.items():
            terms, reply = request["terms"]["asked"], request["reply"]
            if terms["requester"] == owner(terms["dataset"]):
                continue
            outcome = None if reply is None else reply["outcome"]
            how, grant, by_rule = "undecided", None, False
            if outcome is not None:
                how = outcome["outcome"]
                grant = self.grants[outcome["grant"]] if how == "approved" else None
                by_rule = how == "approved" and outcome["by_rule"]
            elif request["reviewer"] is not None and request["reviewed"] is None:
                how = "in_review"
            duties = self.log.judge.duties_of_request(request)
            replies = [] if by_rule else [d for d in duties if d["clock"] != "compliance-review"]
            yield from self.thing(
                "request", request["opened_on"], request["decided_by"], terms["requester"],
                terms["matters"], name=name, request=request, how=how, by_rule=by_rule, grant=grant,
                duty=replies[0] if replies else None,
            )

    def granted(self):
        """Grants on another's data."""
        for name, grant in self.grants.items():
            terms = grant["terms"]
            if terms["requester"] == owner(terms["dataset"]):
                continue
            asked = self.requests[grant["request"]] if grant["request"] is not None else None
            kind = "once" if asked is not None and asked["terms"]["once"] else "standing"
            duties = self.log.judge.duties_of_grant(grant)
            delivery = [duty for duty in duties if duty["clock"] == "delivery"]
            yield from self.thing(
                "grant", grant["issued_on"], owner(terms["dataset"]), terms["requester"],
                terms["matters"], name=name, grant=grant, dataset=terms["dataset"],
                kind="onward" if grant["parent"] is not None else kind,
                stall=self.stall(grant), duty=delivery[0] if delivery else None,
            )

    def stall(self, grant):
        """Where a grant stands still, or None."""
        if grant["first_use"] is not None:
            return None
        ends = [end_of(grant)]
        if grant["parent"] is not None:
            ends.append(end_of(self.grants[grant["parent"]]))
        if grant["terms"]["task_force"] is not None:
            force = self.forces[grant["terms"]["task_force"]]
            ended = force["ended"]
            ends.append(force["terms"]["until"] if ended is None else ended["mark"]["on"])
        published = self.datasets[grant["terms"]["dataset"]]
        gone = any(one["at"] > grant["issued_at"] for one in published["withdrawals"])
        over = gone or min(ends) <= self.log.now
        if grant["delivered"] is not None:
            return "ended_unused" if over else "unused"
        if over:
            return "ended_undelivered"
        return None if self.log.now < grant["terms"]["not_before"] else "undelivered"

    def worked(self, agency, began, ended):
        """How many days an agency works, after the day of one time, until the day of another."""
        region, offset = self.agencies[agency]["region"], self.log.judge.offset()
        days = range(day_of(began, offset) + 1, day_of(ended, offset) + 1)
        return sum(self.log.judge.works_on(region, day) for day in days)

    def timeliness(self, things):
        """How the duties of these things stand."""
        states, taken = [], []
        for duty in (thing["duty"] for thing in things if thing["duty"] is not None):
            done = (duty["end"] or {}).get("done")
            released = (duty["end"] or {}).get("released")
            if done is not None:
                states.append("met" if done < duty["due"] else "met_late")
                taken.append(self.worked(duty["owed_by"], duty["began"], done))
            elif released is not None:
                states.append("released" if released < duty["due"] else "lapsed")
            else:
                states.append("running" if self.log.now < duty["due"] else "lapsed")
        counts = {
            name: states.count(name) for name in ("met", "met_late", "lapsed", "running", "released")
        }
        judged = counts["met"] + counts["met_late"] + counts["lapsed"]
        return {
            **counts,
            "in_time_percent": 100 * counts["met"] // judged if judged else None,
            "median_working_days": sorted(taken)[(len(taken) - 1) // 2] if taken else None,
        }

    def figures(self, things, with_datasets=True):
        """All figures of some things."""
        def of(what):
            return [thing for thing in things if thing["what"] == what]

        accesses, datasets, requests, grants, emergencies = map(
            of, ("access", "dataset", "request", "grant", "emergency"))
        pairs = {(one["provider"], one["requester"]) for one in accesses}

        def across(field):
            return sum(self.agencies[a][field] != self.agencies[b][field] for a, b in pairs)

        def count(some, **wanted):
            return sum(all(one[name] == value for name, value in wanted.items()) for one in some)

        def ready(some, mark):
            return sum(g is not None and g[mark] is not None for g in (one["grant"] for one in some))

        return {
            "breadth": {
                "pairs": len(pairs), "across_levels": across("level"),
                "across_regions": across("region"), "across_kinds": across("kind"),
            },
            "depth": {
                "requests": len(requests),
                "granted_by_decision": count(requests, how="approved", by_rule=False),
                "granted_by_rule": count(requests, how="approved", by_rule=True),
                "grants_standing": count(grants, kind="standing"),
                "grants_once": count(grants, kind="once"),
                "grants_onward": count(grants, kind="onward"),
                "two_legged": count(accesses, alike=True), "batches": count(accesses, batch=True),
                "emergency": count(accesses, urgent=True), "emergencies": len(emergencies),
                "task_force": count(accesses, together=True), "task_forces": len(of("task-force")),
            },
            "thickness": {
                "datasets": len({one["dataset"] for one in accesses}),
                "items": len({(one["dataset"], item) for one in accesses for item in one["items"]}),
                "exchanges": sum(one["count"] for one in accesses), "entries": len(accesses),
            },
            "speed": {
                "replies": self.timeliness(requests), "deliveries": self.timeliness(grants),
            },
            "funnel": {
                "datasets": {
                    "catalogued": len(datasets),
                    **{name: count(datasets, **{name: True}) for name in (
                        "unclassified", "requested", "granted", "delivered", "used")},
                } if with_datasets else None,
                "requests": {
                    "opened": len(requests), "granted": count(requests, how="approved"),
                    "delivered": ready(requests, "delivered"), "used": ready(requests, "first_use"),
                    **{how: count(requests, how=how) for how in (
                        "in_review", "undecided", "refused", "returned", "withdrawn")},
                },
                "grants": {
                    "issued": len(grants), "delivered": ready(grants, "delivered"),
                    "used": ready(grants, "first_use"),
                    **{stall: count(grants, stall=stall) for stall in (
                        "undelivered", "unused", "ended_undelivered", "ended_unused")},
                },
            },
            "documents": {
                "not_asked": sum(one["documents"] for one in accesses),
                "acknowledged": sum(one["documents"] for one in accesses if one["alike"]),
            },
            "matters_served": len({(one["requester"], *one["matters"]) for one in accesses}),
        }

    def group_of(self, dimension, agency):
        """The group of an agency."""
        if agency is None:
            return None
        return agency if dimension == "agency" else self.agencies[agency][dimension]

    def two_sided(self, dimension):
        """The figures of each group of agencies, from both sides."""
        groups = sorted({self.group_of(dimension, agency) for agency in self.agencies})

        def side(name, group):
            return [one for one in self.things if self.group_of(dimension, one[name]) == group]

        return [{
            "group": group,
            "as_provider": self.figures(side("provider", group)),
            "as_requester": self.figures(side("requester", group), False),
        } for group in groups]

    def by(self):
        """The figures by every dimension."""
        matters = sorted({matter for one in self.things for matter in one["matters"]})
        quarters = sorted({one["quarter"] for one in self.things})
        return {
            **{dimension: self.two_sided(dimension) for dimension in TWO_SIDED},
            "matter": [{
                "group": matter,
                "figures": self.figures([t for t in self.things if matter in t["matters"]], False),
            } for matter in matters],
            "quarter": [{
                "group": quarter,
                "figures": self.figures([t for t in self.things if t["quarter"] == quarter]),
            } for quarter in quarters],
        }

    def contributions(self):
        """What each provider contributed, who serves most first."""
        found = []
        for agency in self.agencies:
            own = [one for one in self.things if one["provider"] == agency]
            accesses = [one for one in own if one["what"] == "access"]
            replies = self.timeliness([one for one in own if one["what"] == "request"])
            judged = replies["met"] + replies["met_late"] + replies["lapsed"]
            if judged == 0 and not any(owner(name) == agency for name in self.datasets):
                continue
            found.append({
                "agency": agency,
                "datasets_shared": len({one["dataset"] for one in own if one["what"] == "grant"}),
                "datasets_used": len({one["dataset"] for one in accesses}),
                "agencies_served": len({one["requester"] for one in accesses}),
                "matters_served": len({(one["requester"], *one["matters"]) for one in accesses}),
                "documents_not_asked": sum(one["documents"] for one in accesses),
                "replies_in_time": replies["met"], "replies_judged": judged,
            })
        found.sort(key=lambda one: (-one["matters_served"], -one["agencies_served"], one["agency"]))
        return found

    def assessments(self):
        """Reports of the period, and what they come to in each group of who was assessed."""
        found = []
        for one in self.log.objects(b"A"):
            quarter = self.quarter(one["reported"]["on"])
            if quarter is not None:
                duties = self.log.judge.duties_of_assessment(one)
                found.append({"one": one, "quarter": quarter, "duty": duties[0] if duties else None})

        def groups(names_of):
            names = sorted({name for thing in found for name in names_of(thing)})
            return [{"group": name, "figures": self.assessed([t for t in found if name in names_of(t)])}
                    for name in names]

        def of_agency(dimension):
            return groups(lambda thing: [self.group_of(dimension, thing["one"]["terms"]["agency"])])

        def matter_of(thing):
            matter = thing["one"]["terms"]["matter"]
            return [] if matter is None else [matter]

        return {
            "overall": self.assessed(found),
            "by": {
                **{dimension: of_agency(dimension) for dimension in TWO_SIDED},
                "matter": groups(matter_of), "quarter": groups(lambda thing: [thing["quarter"]]),
            },
            "reports": [{
                "assessment": f"A{thing['one']['reported']['at']}",
                **{name: value for name, value in thing["one"]["terms"].items() if name != "text"},
                "reported_by": thing["one"]["reported_by"], "reported": thing["one"]["reported"]["on"],
                "followed_up": thing["one"]["followed_up"] and thing["one"]["followed_up"]["made"]["on"],
            } for thing in found],
        }

    def assessed(self, things):
        """What some reports come to."""
        def scores(kind):
            found = [t["one"]["terms"]["score_permille"] for t in things
                     if t["one"]["terms"]["kind"] == kind]
            return {"reports": len(found), "mean_permille": sum(found) // len(found) if found else None}

        return {
            "satisfaction": scores("satisfaction"), "third_party": scores("third-party"),
            "assessors": sorted({thing["one"]["reported_by"] for thing in things}),
            "follow_ups": self.timeliness(things),
        }

    def waiting(self):
        """What has been waited for the longest."""
        found = []
        for thing in self.things:
            if thing["what"] == "request" and thing["how"] in ("in_review", "undecided"):
                request, awaited = thing["request"], "review"
                terms, agency, since = request["terms"]["asked"], request["reviewer"], request["opened_on"]
                if thing["how"] == "undecided":
                    awaited, agency = "reply", request["decided_by"]
                    since = request["reviewed"]["on"] if request["reviewed"] else since
            elif thing["what"] == "grant" and thing["stall"] in ("undelivered", "unused"):
                grant, awaited = thing["grant"], "delivery"
                terms = grant["terms"]
                agency, since = owner(terms["dataset"]), max(grant["issued_on"], terms["not_before"])
                if thing["stall"] == "unused":
                    awaited, agency, since = "use", terms["requester"], grant["delivered"]["on"]
            else:
                continue
            found.append({
                "awaited": awaited, "object": thing["name"], "agency": agency,
                "requester": terms["requester"], "dataset": terms["dataset"], "since": since,
                "working_days": self.worked(agency, since, self.log.now),
            })
        found.sort(key=lambda one: (-one["working_days"], one["since"], int(one["object"][1:])))
        return found[:MOST_WAITING]


def alike(attempt, answer, count, word):
    """Whether a word of receipt belongs to an access and says nothing else than that."""
    given, got = None if answer is None else answer["digest"], word["digest"]
    belongs = (attempt["exchange"], attempt["grant"]) == (word["exchange"], word["grant"])
    return belongs and word["count"] == count and (given is None or got is None or given == got)


def on_others(terms, dataset):
    """Whether terms are about a dataset, and another's than the requester's."""
    return terms["dataset"] == dataset and terms["requester"] != owner(dataset)


def end_of(grant):
    """When a grant ends by its own terms or its revocation."""
    until, revoked = grant["terms"]["not_after"], grant["revoked"]
    return until if revoked is None else min(until, revoked["on"])


def report(log, first, last):
    """The whole report."""
    scene, ledger = Scene(log, first, last), log.ledger
    return {
        "verified": True, "consortium": ledger.consortium.hex(), "name": log.genesis["name"],
        "height": ledger.height, "time": ledger.time, "header_hash": ledger.hash.hex(),
        "entries": ledger.log.size, "from": first and first.isoformat(),
        "to": last and last.isoformat(), "offset_minutes": scene.offset,
        "overall": scene.figures(scene.things), "by": scene.by(),
        "contributions": scene.contributions(), "waiting": scene.waiting(), "assessments": scene.assessments(),
    }


def main():
    """Reads the command line, and prints the report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("archive", type=pathlib.Path)
    parser.add_argument("genesis", type=pathlib.Path)
    parser.add_argument("--from", dest="first", type=datetime.date.fromisoformat)
    parser.add_argument("--to", dest="last", type=datetime.date.fromisoformat)
    args = parser.parse_args()
    signatures.choose()
    genesis = reading.genesis(args.genesis)
    try:
        with args.archive.open("rb") as stream:
            log = Log(genesis, stream)
    except Fault as fault:
        sys.exit(f"the archive does not verify: {fault}")
    print(json.dumps(report(log, args.first, args.last)))


main()
