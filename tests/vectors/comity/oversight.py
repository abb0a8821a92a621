"""The rules of draws and findings (docs/formats.md, "Oversight"; "Rules", open-draw to close-finding;
"Duties")."""

from . import shapes
from .grounds import (
    MAX_TIME, Refusal, agency_key, departure_key, draw_key, finding_key, key_key, numbers_key,
    office_key, require,
)
from .hashing import tagged
from .supervision import duty

PHASE_MS = 2 * 24 * 3_600_000
REVIEWERS = {
    "stewards": "steward-reviewer", "emergencies": "emergency-reviewer", "rules": "rules-reviewer",
    "admins": "admin-reviewer",
}


def name_of(draw):
    """A draw's id."""
    return f"W{draw['opened']['at']}"


def phases(draw):
    """When commitments end, and when reveals do."""
    first = min(draw["opened"]["on"] + PHASE_MS, MAX_TIME)
    return first, min(first + PHASE_MS, MAX_TIME)


def size(spread):
    """How many numbers a range has."""
    return spread["last"] - spread["first"] + 1


def total(scope):
    """How many records there are to draw from."""
    return min(sum(map(size, scope)), 2**64 - 1)


def draw_commitment(consortium, draw, agency, secret):
    """What an agency commits to; the secret in hexadecimal."""
    body = shapes.DRAW_SECRET_OF.put({"draw": draw, "agency": agency, "secret": secret})
    return tagged("draw-commitment", consortium, body).hex()


def settled(draw):
    """When the last that committed had revealed, or None."""
    commits = draw["commits"].values()
    if len(commits) < 2 or any(one["reveal"] is None for one in commits):
        return None
    return max((one["reveal"]["made"] for one in commits), key=lambda mark: mark["at"])


def draw_seed(draw):
    """The seed, in bytes; all that committed have revealed."""
    reveals = {by: one["reveal"]["secret"] for by, one in draw["commits"].items()}
    body = shapes.DRAW_REVEALS.put({"draw": name_of(draw), "reveals": reveals})
    return tagged("draw-seed", bytes.fromhex(draw["consortium"]), body)


def below(draw, seed, purpose, number, bound):
    """A number below a bound."""
    accepted = 2**64 // bound * bound
    throw = 0
    while True:
        body = seed + number.to_bytes(8, "little") + throw.to_bytes(8, "little")
        found = tagged(purpose, bytes.fromhex(draw["consortium"]), body)
        found = int.from_bytes(found[:8], "little")
        if found < accepted:
            return found % bound
        throw += 1


def drawn(draw):
    """What was drawn, in order, or None: gateway, number and reviewer of each."""
    if settled(draw) is None:
        return None
    seed, count = draw_seed(draw), total(draw["scope"])
    order, found = {}, []
    for number in range(draw["count"]):
        place = number + below(draw, seed, "draw-record", number, count - number)
        # The two change places.
        order[number], order[place] = order.get(place, place), order.get(number, number)
        at = order[number]
        for spread, provider in zip(draw["scope"], draw["providers"]):
            if at < size(spread):
                break
            at -= size(spread)
        others = [agency for agency in draw["pool"] if agency != provider]
        reviewer = others[below(draw, seed, "draw-reviewer", number, len(others))]
        found.append({
            "gateway": spread["gateway"], "provider": provider, "number": spread["first"] + at,
            "reviewer": reviewer,
        })
    return found


class Oversight:
    """A judge's part for draws and findings."""

    def holders(self, office):
        """Who holds an office."""
        return self.read(shapes.AGENCY_IDS, office_key(office)) or []

    def auditing(self, signers):
        """The agency whose auditor alone has signed. Errors: `Refusal`."""
        self.require_sole_signer(signers, signers[0]["agency"], "auditor")
        return signers[0]["agency"]

    def draw(self, name):
        """The draw, which there is. Errors: `Refusal`."""
        found = self.read(shapes.DRAW, draw_key(name))
        require(found is not None, "draw-unknown", draw=name)
        return found

    def put_draw(self, draw):
        return {draw_key(name_of(draw)): shapes.DRAW.put(draw)}

    def open_draw(self, signers, action, index, time):
        by, scope, count = self.auditing(signers), action["scope"], action["count"]
        holders = self.holders("steward-reviewer")
        require(by in holders, "not-a-reviewer", agency=by)
        require(1 <= len(scope) <= 64, "draw-scope", limit=64)
        providers = [self.provider_of(spread) for spread in scope]
        ordered = sorted(scope, key=lambda one: (bytes.fromhex(one["gateway"]), one["first"]))
        for one, following in zip(ordered, ordered[1:]):
            apart = one["gateway"] != following["gateway"] or one["last"] < following["first"]
            require(apart, "draw-overlap", gateway=one["gateway"])
        pool = [agency for agency in holders if self.membership_fault(agency, time) is None]
        require(len(pool) >= 2, "pool-too-small", needed=2)
        limit = min(total(scope), 64)
        require(1 <= count <= limit, "draw-count", limit=limit)
        return self.put_draw({
            "consortium": self.consortium, "scope": scope, "providers": providers, "count": count,
            "opened_by": by, "opened": {"at": index, "on": time}, "pool": pool, "commits": {},
            "reviews": {},
        })

    def provider_of(self, spread):
        """Whose a range's gateway is. Errors: `Refusal`."""
        gateway = spread["gateway"]
        key = self.read(shapes.KEY, key_key(gateway))
        require(key is not None, "key-unknown", key=gateway)
        require(key["role"] == "gateway", "not-a-gateway", key=gateway)
        last = (self.read(shapes.GATEWAY_NUMBERS, numbers_key(gateway)) or {"last": 0})["last"]
        come = 1 <= spread["first"] <= spread["last"] <= last
        require(come, "draw-range", gateway=gateway, last=last)
        return key["agency"]

    def commit_draw(self, signers, action, index, time):
        by, name = self.auditing(signers), action["draw"]
        draw = self.draw(name)
        require(by in draw["pool"], "not-in-pool", draw=name, agency=by)
        until = phases(draw)[0]
        require(time < until, "commits-over", draw=name, until=until)
        if by in draw["commits"]:
            raise Refusal("committed-already", at=draw["commits"][by]["made"]["at"])
        draw["commits"][by] = {
            "commitment": action["commitment"], "made": {"at": index, "on": time}, "reveal": None,
        }
        return self.put_draw(draw)

    def reveal_draw(self, signers, action, index, time):
        by, name, secret = self.auditing(signers), action["draw"], action["secret"]
        draw = self.draw(name)
        since, until = phases(draw)
        commit = draw["commits"].get(by)
        require(commit is not None, "not-committed", draw=name, agency=by)
        require(time >= since, "reveal-early", draw=name, **{"from": since})
        if commit["reveal"] is not None:
            raise Refusal("revealed-already", at=commit["reveal"]["made"]["at"])
        require(time < until, "reveals-over", draw=name, until=until)
        due = draw_commitment(bytes.fromhex(draw["consortium"]), name, by, secret)
        require(due == commit["commitment"], "reveal-mismatch", draw=name)
        commit["reveal"] = {"secret": secret, "made": {"at": index, "on": time}}
        return self.put_draw(draw)

    def reviewer_of(self, draw, number):
        """Who reviews what was drawn at a place. Errors: `Refusal`."""
        found = drawn(draw)
        require(found is not None, "nothing-drawn", draw=name_of(draw))
        require(1 <= number <= len(found), "no-such-number", limit=draw["count"])
        return found[number - 1]["reviewer"]

    def report_review(self, signers, action, index, time):
        name, number, verdict = action["draw"], action["number"], action["verdict"]
        draw = self.draw(name)
        reviewer = self.reviewer_of(draw, number)
        self.require_sole_signer(signers, reviewer, "auditor")
        if number in draw["reviews"]:
            raise Refusal("reported-already", at=draw["reviews"][number]["made"]["at"])
        if verdict != "in-order":
            finding = self.finding(verdict["finding"])
            about = {"drawn": {"draw": name, "number": number}}
            own = finding["about"] == about and finding["opened_by"] == reviewer
            require(own, "finding-of-other", finding=verdict["finding"])
        draw["reviews"][number] = {"verdict": verdict, "made": {"at": index, "on": time}}
        return self.put_draw(draw)

    def finding(self, name):
        """The finding, which there is. Errors: `Refusal`."""
        found = self.read(shapes.FINDING, finding_key(name))
        require(found is not None, "finding-unknown", finding=name)
        return found

    def may_find(self, by, about):
        """Whether an agency may hold something against others that is about this."""
        if "drawn" in about:
            drawn_there = about["drawn"]
            return self.reviewer_of(self.draw(drawn_there["draw"]), drawn_there["number"]) == by
        offices = [REVIEWERS[about["power"]]] if "power" in about else REVIEWERS.values()
        authority = self.read(shapes.AGENCY_ID, b"c")
        return by == authority or any(by in self.holders(office) for office in offices)

    def open_finding(self, signers, action, index, time):
        by, agency, about = self.auditing(signers), action["agency"], action["about"]
        if "entry" in about:
            require(about["entry"] < index, "entry-unknown", entry=about["entry"])
        require(self.may_find(by, about), "not-a-reviewer", agency=by)
        require(agency != by, "finding-against-self")
        known = self.read(shapes.AGENCY, agency_key(agency))
        require(known is not None, "agency-unknown", agency=agency)
        self.check_membership(agency, time)
        require(action["text"] != "", "finding-text-empty")
        value = {"agency": agency, "about": about, "text": action["text"], "opened_by": by,
                 "opened": {"at": index, "on": time}, "answer": None, "closed": None}
        return {finding_key(f"F{index}"): shapes.FINDING.put(value)}

    def open_finding_of(self, name):
        """The finding, which is not closed. Errors: `Refusal`."""
        found = self.finding(name)
        if found["closed"] is not None:
            raise Refusal("finding-closed", finding=name, at=found["closed"]["made"]["at"])
        return found

    def answer_finding(self, signers, action, index, time):
        name = action["finding"]
        found = self.open_finding_of(name)
        try:
            self.require_sole_signer(signers, found["agency"], "admin")
        except Refusal:
            self.require_sole_signer(signers, found["agency"], "steward")
        if found["answer"] is not None:
            raise Refusal("finding-answered", finding=name, at=found["answer"]["given"]["at"])
        require(action["answer"] != "", "finding-text-empty")
        found["answer"] = {"given": {"at": index, "on": time}, "text": action["answer"]}
        return {finding_key(name): shapes.FINDING.put(found)}

    def finding_answer_due(self, finding):
        """By when a finding is to be answered, or None."""
        return self.clock_due("finding-answer", finding["agency"], finding["opened"]["on"])

    def close_finding(self, signers, action, index, time):
        name, outcome = action["finding"], action["outcome"]
        found = self.open_finding_of(name)
        closer = found["opened_by"]
        if self.read(shapes.DEPARTURE, departure_key(closer)) is not None:
            closer = self.read(shapes.AGENCY_ID, b"c")
        self.require_sole_signer(signers, closer, "auditor")
        due = self.finding_answer_due(found)
        heard = found["answer"] is not None or (due is not None and time >= due)
        require(outcome == "unfounded" or heard, "finding-unanswered", finding=name, due=due)
        require(action["text"] != "", "finding-text-empty")
        mark = {"at": index, "on": time}
        found["closed"] = {"made": mark, "outcome": outcome, "text": action["text"]}
        return {finding_key(name): shapes.FINDING.put(found)}

    def duties_of_draw(self, draw):
        """The reviews of what was drawn."""
        last, owed = settled(draw), []
        for number, one in enumerate(drawn(draw) or [], 1):
            due = self.clock_due("drawn-review", one["reviewer"], last["on"])
            about = {"drawn": {"draw": name_of(draw), "number": number}}
            review = draw["reviews"].get(number)
            end = review and {"done": review["made"]["on"]}
            if due is not None:
                owed.append(duty(
                    "drawn-review", about, one["reviewer"], None, last["on"], due, end))
        return owed

    def duties_of_finding(self, finding):
        """The answer, and then the closure."""
        about, owed = {"finding": f"F{finding['opened']['at']}"}, []
        agency, by = finding["agency"], finding["opened_by"]
        answer, closed, due = finding["answer"], finding["closed"], self.finding_answer_due(finding)
        if due is not None:
            end = closed and {"released": closed["made"]["on"]}
            end = {"done": answer["given"]["on"]} if answer else end
            began = finding["opened"]["on"]
            owed.append(duty("finding-answer", about, agency, by, began, due, end))
        if answer is not None:
            began = answer["given"]["on"]
            due = self.clock_due("finding-closure", by, began)
            end = closed and {"done": closed["made"]["on"]}
            if due is not None:
                owed.append(duty("finding-closure", about, by, agency, began, due, end))
        return owed
