"""The rules of calendars, rule packs and duties (docs/formats.md, "Calendars", "Rule packs", "Duties")."""

from . import shapes
from .grounds import (
    MAX_TIME, Refusal, agency_key, calendars_key, current, dataset_key, day_of, grant_key,
    grant_version_key, office_key, promised, request_key, require, version_key,
)

DAY_MS = 86_400_000
PLAIN_WEEK = 0b0011111
PLAIN = {
    "name": "PLAIN", "title": "The plain rules", "source": "no pack is published", "from": 0,
    "clocks": {
        "reply-unconditional": 5, "reply-conditional": 10, "reply-unclassified": 10,
        "reply-extension": 10, "delivery": 20, "update": 10,
        "check-reply": 10, "correction": 10, "emergency-review": 20,
        "dispute-answer": 5, "dispute-decision": 10, "decide-anew": 5,
        "emergency-justification": 5,
        "drawn-review": 20, "finding-answer": 10, "finding-closure": 20,
        "assessment-follow-up": 20,
    },
    "stewards_important": 2, "stewards_core": 2,
}
LONGEST_COUNT = 36_600


def week_works(week, day):
    """Whether a week has its day of that day worked."""
    return week >> ((day + 3) % 7) & 1 == 1


def calendar_works(calendar, day):
    """What a calendar that covers a day says of it."""
    worked = week_works(calendar["week"], day)
    return worked != (day in calendar["holidays" if worked else "workdays"])


def calendar_fault(calendar):
    """The first thing about a calendar that cannot be, or None."""
    first, last, week = calendar["first"], calendar["last"], calendar["week"]
    if last < first or last - first >= 732:
        return "period"
    if not 1 <= week <= 127:
        return "week"
    for name, worked in (("holidays", True), ("workdays", False)):
        for day in calendar[name]:
            if not first <= day <= last or week_works(week, day) != worked:
                return "days"
    return None


def pack_fault(pack):
    """The first thing about a rule pack that cannot be, or None."""
    if pack["title"] == "" or pack["source"] == "":
        return "text"
    if any(name == "undertaking" or days > 500 for name, days in pack["clocks"].items()):
        return "clock"
    if not all(1 <= pack[name] <= 8 for name in ("stewards_important", "stewards_core")):
        return "stewards"
    return None


class Supervision:
    """Calendars, rule packs, clocks, and what is done about duties."""

    def offset(self):
        return self.params()["day_offset_minutes"]

    def calendars(self, region):
        return self.read(shapes.REGION_CALENDARS, calendars_key(region)) or []

    def publish_calendar(self, signers, action, index, time):
        self.require_authority(signers)
        calendar = action["calendar"]
        fault = calendar_fault(calendar)
        require(fault is None, "calendar-unfit", fault=fault)
        today, earlier = day_of(time, self.offset()), self.calendars(calendar["region"])
        covered = earlier[-1]["calendar"]["last"] if earlier else None
        reach = max(min(today + 30, MAX_TIME), covered or 0)
        require(calendar["last"] >= reach, "calendar-too-short", day=reach)
        first = calendar["first"]
        if earlier:
            require(first > today, "calendar-overlap", day=today + 1)
        begin = (covered if earlier else today) + 1
        require(first <= begin, "calendar-gap", day=begin)
        if earlier:
            require(len(earlier) < 128, "too-many-calendars", limit=128)
        kept = [one for one in earlier if one["calendar"]["first"] < first]
        if kept:
            last = kept[-1]["calendar"]
            last["last"] = min(last["last"], first - 1)
            for name in ("holidays", "workdays"):
                last[name] = [day for day in last[name] if day < first]
        kept.append({"calendar": calendar, "at": index})
        return {calendars_key(calendar["region"]): shapes.REGION_CALENDARS.put(kept)}

    def packs(self):
        return self.read(shapes.RULE_PACKS, b"z") or []

    def publish_rules(self, signers, action, index, time):
        holders = self.read(shapes.AGENCY_IDS, office_key("supervisor")) or []
        require(holders, "no-supervisor")
        authority = self.read(shapes.AGENCY_ID, b"c")
        self.require_signers(signers, [(authority, "steward"), (holders[0], "steward")])
        pack, packs = action["pack"], self.packs()
        fault = pack_fault(pack)
        require(fault is None, "rules-unfit", fault=fault)
        for earlier in packs:
            require(earlier["pack"]["name"] != pack["name"], "rules-name-taken", at=earlier["at"])
        earliest = min(time + 7 * DAY_MS, MAX_TIME)
        if packs:
            earliest = max(earliest, min(packs[-1]["pack"]["from"] + 1, MAX_TIME))
        require(pack["from"] >= earliest, "rules-too-soon", earliest=earliest)
        require(len(packs) < 256, "too-many-rules", limit=256)
        return {b"z": shapes.RULE_PACKS.put([*packs, {"pack": pack, "at": index}])}

    def rules_at(self, time):
        """The rule pack that rules at a time."""
        ruling = [one["pack"] for one in self.packs() if one["pack"]["from"] <= time]
        return ruling[-1] if ruling else PLAIN

    def works_on(self, region, day):
        """Whether a day is worked in a region."""
        for name in (region, "") if region else ("",):
            for one in self.calendars(name):
                if one["calendar"]["first"] <= day <= one["calendar"]["last"]:
                    return calendar_works(one["calendar"], day)
        return week_works(PLAIN_WEEK, day)

    def due(self, agency, began, days):
        """When so many working days of an agency are over."""
        member = self.read(shapes.AGENCY, agency_key(agency))
        region = member["region"] if member else ""
        day, left = day_of(began, self.offset()), days
        for _ in range(LONGEST_COUNT):
            if left == 0:
                break
            day = min(day + 1, MAX_TIME)
            left -= self.works_on(region, day)
        start = min(min(day + 1, MAX_TIME) * DAY_MS, MAX_TIME)
        return min(max(0, start - 60_000 * self.offset()), MAX_TIME)

    def clock_due(self, clock, agency, began, more=0):
        """When a clock runs out that began then; None where it does not run."""
        days = self.rules_at(began)["clocks"].get(clock)
        return None if days is None else self.due(agency, began, min(days + more, 65_535))

    def duties_of_request(self, request):
        """The review and the reply that a request makes owed."""
        asked, opened = request["terms"]["asked"], request["opened_on"]
        # What a dispute set aside was a reply in its time.
        reply = request["earlier"][0] if request["earlier"] else request["reply"]
        outcome = None if reply is None else reply["outcome"]["outcome"]
        duties, began = [], opened
        if request["reviewer"] is not None:
            due = self.clock_due("compliance-review", request["reviewer"], opened)
            if due is not None:
                began, end = due, None
                if request["reviewed"] is not None:
                    end = {"done": request["reviewed"]["on"]}
                elif reply is not None:
                    end = {"done" if outcome == "returned" else "released": reply["on"]}
                if end is not None and "done" in end:
                    began = min(end["done"], due)
                duties.append(duty(
                    "compliance-review", {"request": f"R{request['opened_at']}"}, request["reviewer"],
                    asked["requester"], opened, due, end,
                ))
        names = {"unconditional": "reply-unconditional", "unclassified": "reply-unclassified"}
        clock, decides = names.get(request["sharing"], "reply-conditional"), request["decided_by"]
        more = 0 if request["extension"] is None else request["extension"]["days"]
        due = self.clock_due(clock, decides, began, more)
        if due is not None:
            done = outcome in ("approved", "refused")
            end = None if reply is None else {"done" if done else "released": reply["on"]}
            name = {"request": f"R{request['opened_at']}"}
            duties.append(duty(clock, name, decides, asked["requester"], began, due, end))
        return duties

    def duties_of_grant(self, grant):
        """The delivery that a grant makes owed."""
        terms, ready = grant["terms"], grant["delivered"]
        began = max(grant["issued_on"], self.first_terms(grant)["not_before"])
        due = self.clock_due("delivery", owner_of(terms), began)
        if due is None:
            return self.undertaken(grant)
        ended = self.grant_ends(grant)
        end = {"released": ended} if ended < due else None
        end = end if ready is None else {"done": ready["on"]}
        name = {"grant": f"G{grant['issued_at']}"}
        delivery = duty("delivery", name, owner_of(terms), terms["requester"], began, due, end)
        return [delivery, *self.undertaken(grant)]

    def first_terms(self, grant):
        """A grant's terms as it was granted."""
        first = self.read(shapes.GRANT_VERSION, grant_version_key(f"G{grant['issued_at']}", 1))
        return grant["terms"] if first is None else first["terms"]

    def undertaken(self, grant):
        """What the undertakings of a grant make owed."""
        duties = []
        for number, one in enumerate(grant["terms"]["undertakings"], 1):
            what, days = next(iter(one["what"].items()))
            span = self.span_of(grant, number, what)
            if span is None:
                continue
            began, end = span
            owed_by, owed_to = self.sides(grant, one["by"])
            due = self.due(owed_by, began, days)
            if end is not None and end.get("released", 0) >= due:
                end = None
            name = {"undertaking": {"grant": f"G{grant['issued_at']}", "number": number}}
            duties.append(duty("undertaking", name, owed_by, owed_to, began, due, end))
        return duties

    def span_of(self, grant, number, what):
        """When the duty of an undertaking began, and how it ended or would; None where none runs."""
        last, used = self.fulfilment(grant, number), grant["first_use"]
        ended = self.grant_ends(grant)
        if what == "delete-after-days" and used is not None:
            return ended, None if last is None else {"done": last["last"]["on"]}
        if what == "report-use-every-days" and used is not None:
            return (used if last is None else last["last"])["on"], {"released": ended}
        if what == "notify-change-days":
            published = self.read(shapes.PUBLISHED_DATASET, dataset_key(grant["terms"]["dataset"]))
            told = last is not None and last["last"]["at"] > published["version_at"]
            before = None if last is None else last["before"] if told else last["last"]
            since = self.first_change(published, grant["issued_at"] if before is None else before["at"])
            if since is not None and since < ended:
                return since, {"done": last["last"]["on"]} if told else {"released": ended}
        return None

    def first_change(self, published, after):
        """When the first version of a dataset after a position was made; None where there is none."""
        name = published["dataset"]["id"]
        # As the text says it: one after the other.
        earlier = (self.read(shapes.DATASET_VERSION, version_key(name, number))
                   for number in range(1, published["version"]))
        return next((one["version_on"] for one in [*earlier, published] if one["version_at"] > after), None)

    def duties_of_dataset(self, published):
        """The update that a dataset's owner owes."""
        dataset, promised = published["dataset"], published["promised"]
        if promised is None:
            return []
        since, withdrawal = promised["since"], current(published["withdrawals"])
        end = None if withdrawal is None else {"released": withdrawal["on"]}
        period = min(since + promised["update_days"] * DAY_MS, MAX_TIME)
        owner = dataset["id"].split("/")[0]
        due = self.due(owner, period, self.rules_at(period)["clocks"].get("update", 0))
        return [duty("update", {"dataset": dataset["id"]}, owner, None, since, due, end)]

    def review_request(self, signers, action, index, time):
        name = action["request"]
        request = self.asked(name)
        require(request["reviewer"] is not None, "no-review", request=name)
        self.require_sole_signer(signers, request["reviewer"], "steward")
        self.still_open(name, request)
        if request["reviewed"] is not None:
            raise Refusal("reviewed", request=name, at=request["reviewed"]["at"])
        if action["fault"] != "":
            outcome = {"outcome": "returned", "reason": action["fault"]}
            return self.closed(name, request, index, time, outcome)
        request["reviewed"] = {"at": index, "on": time}
        return {request_key(name): shapes.ASKED.put(request)}

    def extend_reply(self, signers, action, index, time):
        name, days = action["request"], action["days"]
        request = self.open_one(signers, name, False)
        if request["extension"] is not None:
            raise Refusal("extended", request=name, at=request["extension"]["at"])
        limit = self.rules_at(request["opened_on"])["clocks"].get("reply-extension", 0)
        require(1 <= days <= limit, "extension-days", limit=limit)
        require(action["reason"] != "", "extension-without-reason")
        replies = [one for one in self.duties_of_request(request) if one["clock"].startswith("reply")]
        require(replies, "no-reply-clock", request=name)
        due = replies[0]["due"]
        require(time < due, "reply-lapsed", request=name, due=due)
        request["extension"] = {"at": index, "days": days, "reason": action["reason"]}
        return {request_key(name): shapes.ASKED.put(request)}

    def report_delivery(self, signers, action, index, time):
        name = action["grant"]
        grant = self.known_grant(name)
        self.require_provider(signers, grant["terms"]["dataset"], "steward")
        self.not_revoked(name, grant)
        if grant["delivered"] is not None:
            raise Refusal("delivered", grant=name, at=grant["delivered"]["at"])
        until = grant["terms"]["not_after"]
        require(time < until, "delivery-over", grant=name, until=until)
        grant["delivered"] = {"at": index, "on": time}
        return {grant_key(name): shapes.GRANT.put(grant)}

    def refresh_dataset(self, signers, action, index, time):
        name = action["dataset"]
        published = self.own(signers, name)
        dataset = published["dataset"]
        owed = dataset.get("update_days") is not None or published["promised"] is not None
        require(owed, "no-update-promised", dataset=name)
        published["updated"] = {"at": index, "on": time}
        published["promised"] = promised(dataset, time)
        return {dataset_key(name): shapes.PUBLISHED_DATASET.put(published)}


def owner_of(terms):
    """The agency whose dataset terms are on."""
    return terms["dataset"].split("/")[0]


def duty(clock, about, owed_by, owed_to, began, due, end):
    """A duty, as it is rendered."""
    return {
        "clock": clock, "object": about, "owed_by": owed_by, "owed_to": owed_to, "began": began,
        "due": due, "end": end,
    }
