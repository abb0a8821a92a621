"""The rules and duties of check requests (docs/formats.md, "Rules", "Duties")."""

from . import shapes
from .grounds import Refusal, agency_key, check_key, dataset_key, emergency_recipient_key, require

MAX_HANDOVERS = 16


def accepted(check):
    """Who took a check over, and when, oldest first."""
    ends = [(one["to"], one["end"]) for one in check["handovers"]]
    return [(to, end["accepted"]) for to, end in ends if end is not None and "accepted" in end]


def holder(check):
    """Who answers a check."""
    taken = accepted(check)
    return taken[-1][0] if taken else check["terms"]["asked"]


def waiting(check):
    """The offer that waits, or None."""
    last = check["handovers"][-1] if check["handovers"] else None
    return last if last is not None and last["end"] is None else None


def is_upheld(check):
    """Whether a check found something wrong."""
    return check["answer"] is not None and check["answer"]["outcome"]["outcome"] == "upheld"


def require_text(*texts):
    """None of them may be empty."""
    require("" not in texts, "check-text-empty")


class Checks:
    """Check requests."""

    def open_check(self, signers, action, index, time):
        terms, by = action["terms"], signers[0]["agency"]
        self.require_sole_signer(signers, by, "officer")
        name, asked, items = terms["dataset"], terms["asked"], terms["items"]
        published = self.read(shapes.PUBLISHED_DATASET, dataset_key(name))
        require(published is not None, "dataset-unknown", dataset=name)
        dataset = published["dataset"]
        if items != "all":
            require(items["only"], "no-items")
            listed = [item["name"] for item in dataset["items"]]
            for item in sorted(items["only"], key=str.encode):
                require(item in listed, "item-unknown", item=item)
        answerable = [name.split("/")[0], dataset.get("manager")]
        basis = terms["grant"]
        if basis is None:
            received = by in answerable
        elif basis[0] == "E":
            self.emergency(basis)
            received = emergency_recipient_key(basis, by, name) in self.state
        else:
            grant = self.known_grant(basis)
            received = grant["terms"]["dataset"] == name and self.received_under(grant, by)
            answerable.append(self.grantor(grant))
        require(received, "not-a-recipient", agency=by, dataset=name)
        fits = asked != by and asked in answerable
        require(fits, "not-answerable", agency=asked, dataset=name)
        self.check_membership(asked, time)
        require_text(terms["claim"])
        return self.put_check(f"C{index}", {
            "terms": terms, "opened_by": by, "opener": signers[0]["key"],
            "opened": {"at": index, "on": time}, "handovers": [], "answer": None, "corrected": None,
            "earlier": [],
        })

    def put_check(self, name, check):
        return {check_key(name): shapes.CHECK_REQUEST.put(check)}

    def known_check(self, name):
        check = self.read(shapes.CHECK_REQUEST, check_key(name))
        require(check is not None, "check-unknown", check=name)
        return check

    def unanswered(self, name, check):
        """Errors: `Refusal` where it was answered."""
        if check["answer"] is not None:
            raise Refusal("check-answered", check=name, at=check["answer"]["given"]["at"])

    def held(self, signers, name):
        """A check that the signer holds, and that was not answered."""
        check = self.known_check(name)
        self.require_sole_signer(signers, holder(check), "steward")
        self.unanswered(name, check)
        return check

    def offer_handover(self, signers, action, index, time):
        name, to = action["check"], action["to"]
        check = self.held(signers, name)
        offer = waiting(check)
        if offer is not None:
            raise Refusal("handover-waiting", check=name, to=offer["to"], at=offer["offered"]["at"])
        full = len(check["handovers"]) >= MAX_HANDOVERS
        require(not full, "too-many-handovers", limit=MAX_HANDOVERS)
        fits = to not in (holder(check), check["opened_by"])
        require(fits, "handover-unfit", agency=to)
        require(agency_key(to) in self.state, "agency-unknown", agency=to)
        self.check_membership(to, time)
        require_text(action["reason"])
        check["handovers"].append({
            "to": to, "reason": action["reason"], "offered": {"at": index, "on": time}, "end": None,
        })
        return self.put_check(name, check)

    def settled(self, signers, name, end):
        """An offer, once it has its answer."""
        check = self.known_check(name)
        offer = waiting(check)
        require(offer is not None, "no-handover", check=name)
        self.require_sole_signer(signers, offer["to"], "steward")
        self.unanswered(name, check)
        offer["end"] = end
        return self.put_check(name, check)

    def accept_handover(self, signers, action, index, time):
        return self.settled(signers, action["check"], {"accepted": {"at": index, "on": time}})

    def decline_handover(self, signers, action, index, time):
        return self.settled(signers, action["check"], {"declined": {"at": index, "on": time}})

    def answer_check(self, signers, action, index, time):
        name, outcome = action["check"], action["outcome"]
        check = self.held(signers, name)
        if outcome["outcome"] == "upheld":
            require(outcome["from"] < outcome["to"] <= time, "check-period")
            require_text(outcome["correction"])
        else:
            require_text(outcome["basis"], outcome["reason"])
        check["answer"] = {"given": {"at": index, "on": time}, "outcome": outcome}
        return self.put_check(name, check)

    def report_correction(self, signers, action, index, time):
        name = action["check"]
        check = self.known_check(name)
        owner = check["terms"]["dataset"].split("/")[0]
        self.require_sole_signer(signers, owner, "steward")
        require(is_upheld(check), "check-not-upheld", check=name)
        if check["corrected"] is not None:
            raise Refusal("check-corrected", check=name, at=check["corrected"]["made"]["at"])
        require_text(action["note"])
        check["corrected"] = {"made": {"at": index, "on": time}, "note": action["note"]}
        return self.put_check(name, check)

    def holder_of(self, check):
        """Who answers a check."""
        return holder(check)

    def answer_due(self, check):
        """By when who holds a check is to answer it, or None."""
        taken = accepted(check)
        began = taken[-1][1] if taken else check["opened"]
        return self.clock_due("check-reply", holder(check), began["on"])

    def duties_of_check(self, check):
        """The answer, by each holder, and the correction."""
        about = {"check": f"C{check['opened']['at']}"}
        began, holds, spans = check["opened"]["on"], check["terms"]["asked"], []
        first = check["earlier"][0] if check["earlier"] else check["answer"]
        for following, mark in accepted(check):
            if first is not None and mark["at"] > first["given"]["at"]:
                break
            spans.append((holds, began, {"released": mark["on"]}))
            holds, began = following, mark["on"]
        answer, corrected = check["answer"], check["corrected"]
        spans.append((holds, began, None if first is None else {"done": first["given"]["on"]}))
        duties = [
            ("check-reply", by, check["opened_by"], since, end) for by, since, end in spans
        ]
        if is_upheld(check):
            owner = check["terms"]["dataset"].split("/")[0]
            end = None if corrected is None else {"done": corrected["made"]["on"]}
            duties.append(("correction", owner, None, answer["given"]["on"], end))
        return [
            {"clock": clock, "object": about, "owed_by": by, "owed_to": to, "began": since,
             "due": self.clock_due(clock, by, since), "end": end}
            for clock, by, to, since, end in duties if self.clock_due(clock, by, since) is not None
        ]
