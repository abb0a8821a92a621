"""The rules and duties of disputes (docs/formats.md, "Disputes", "Rules", "Duties")."""

from . import shapes
from .grounds import Refusal, agency_key, check_key, dispute_key, last_dispute_key, request_key, require

MAX_REOPENINGS = 8
MAX_ANCESTRY = 6
STAGE_CLOCKS = {"parties": "dispute-answer", "authority": "dispute-decision", "superior": "dispute-decision"}


def anew(dispute):
    """Where it was ruled that it is to be decided anew, or None."""
    ruled = dispute["steps"][-1]["ruled"]
    return ruled["given"] if ruled is not None and ruled["ruling"]["ruling"] == "anew" else None


def require_text(*texts):
    """None of them may be empty."""
    require("" not in texts, "dispute-text-empty")


class Disputes:
    """Disputes."""

    def last_dispute(self, about):
        """The last dispute about something: its name and itself, or None."""
        name = self.read(shapes.DISPUTE_ID, last_dispute_key(about))
        return None if name is None else (name, self.read(shapes.DISPUTE, dispute_key(name)))

    def case_of(self, about, time):
        """Claimant, respondent, how it stands, how often it was decided anew.

        How it stands: {"decided": index}, {"waits": due} or None where nothing is left to dispute.
        """
        kind, name = next(iter(about.items()))
        if kind == "request":
            request = self.asked(name)
            reply = request["reply"]
            if reply is None:
                matter = {"waits": self.reply_due(request)}
            else:
                refused = reply["outcome"]["outcome"] == "refused"
                matter = {"decided": reply["at"]} if refused else None
            sides = request["terms"]["asked"]["requester"], request["decided_by"]
            return *sides, matter, len(request["earlier"])
        if kind == "delivery":
            grant = self.known_grant(name)
            terms = grant["terms"]
            over = grant["delivered"] is not None or time >= self.grant_ends(grant)
            matter = None if over else {"waits": self.delivery_due(grant)}
            return terms["requester"], terms["dataset"].split("/")[0], matter, 0
        check = self.known_check(name)
        answer = check["answer"]
        if answer is None:
            matter = {"waits": self.answer_due(check)}
        else:
            upheld = answer["outcome"]["outcome"] == "upheld"
            matter = None if upheld else {"decided": answer["given"]["at"]}
        return check["opened_by"], self.holder_of(check), matter, len(check["earlier"])

    def reply_due(self, request):
        """By when a request is to be answered, or None."""
        replies = [one for one in self.duties_of_request(request) if one["clock"].startswith("reply")]
        return replies[0]["due"] if replies else None

    def delivery_due(self, grant):
        """By when the data under a grant are to be ready, or None."""
        owner = grant["terms"]["dataset"].split("/")[0]
        return self.clock_due("delivery", owner, max(grant["issued_on"], self.first_terms(grant)["not_before"]))

    def open_dispute(self, signers, action, index, time):
        about = action["about"]
        claimant, respondent, matter, reopened = self.case_of(about, time)
        self.require_sole_signer(signers, claimant, "steward")
        self.disputable(matter, self.last_dispute(about), time)
        require(reopened < MAX_REOPENINGS, "too-many-reopenings", limit=MAX_REOPENINGS)
        self.check_membership(respondent, time)
        require_text(action["grounds"])
        began, name = {"at": index, "on": time}, f"D{index}"
        dispute = {
            "about": about, "grounds": action["grounds"], "claimant": claimant, "respondent": respondent,
            "opened": began, "steps": [{"stage": "parties", "by": respondent, "began": began, "ruled": None}],
        }
        pointer = {last_dispute_key(about): shapes.DISPUTE_ID.put(name)}
        return {**self.put_dispute(name, dispute), **pointer}

    def put_dispute(self, name, dispute):
        return {dispute_key(name): shapes.DISPUTE.put(dispute)}

    def disputable(self, matter, last, time):
        """Errors: `Refusal` where it cannot be disputed, or was."""
        require(matter is not None, "nothing-to-dispute")
        if "decided" in matter:
            if last is not None and last[1]["opened"]["at"] > matter["decided"]:
                raise Refusal("disputed-already", dispute=last[0])
            return
        due = matter["waits"]
        if last is not None:
            if anew(last[1]) is None:
                raise Refusal("disputed-already", dispute=last[0])
            due = self.anew_due(last[1])
        require(due is not None and time >= due, "nothing-to-dispute")

    def known_dispute(self, name):
        dispute = self.read(shapes.DISPUTE, dispute_key(name))
        require(dispute is not None, "dispute-unknown", dispute=name)
        return dispute

    def still_runs(self, name, dispute, time):
        """Errors: `Refusal` where another dispute took its place, or nothing is left to dispute."""
        last, _ = self.last_dispute(dispute["about"])
        require(last == name, "dispute-superseded", dispute=last)
        matter = self.case_of(dispute["about"], time)[2]
        require(matter is not None or anew(dispute) is not None, "nothing-to-dispute")

    def answer_dispute(self, signers, action, index, time):
        name = action["dispute"]
        dispute = self.known_dispute(name)
        step = dispute["steps"][-1]
        if step["stage"] != "parties":
            raise Refusal("dispute-escalated", dispute=name, at=step["began"]["at"])
        return self.ruled(signers, action, dispute, index, time)

    def decide_dispute(self, signers, action, index, time):
        name = action["dispute"]
        dispute = self.known_dispute(name)
        escalated = dispute["steps"][-1]["stage"] != "parties"
        require(escalated, "dispute-not-escalated", dispute=name)
        return self.ruled(signers, action, dispute, index, time)

    def ruled(self, signers, action, dispute, index, time):
        """A ruling on the last step."""
        name, ruling, step = action["dispute"], action["ruling"], dispute["steps"][-1]
        self.require_sole_signer(signers, step["by"], "steward")
        self.still_runs(name, dispute, time)
        if step["ruled"] is not None:
            raise Refusal("dispute-ruled", dispute=name, at=step["ruled"]["given"]["at"])
        puts = {}
        if ruling["ruling"] == "anew":
            require_text(ruling["reason"])
            puts = self.reopened(dispute["about"])
        else:
            require_text(ruling["basis"], ruling["reason"])
        step["ruled"] = {"given": {"at": index, "on": time}, "ruling": ruling}
        return {**puts, **self.put_dispute(name, dispute)}

    def reopened(self, about):
        """What was decided is open again."""
        kind, name = next(iter(about.items()))
        if kind == "delivery":
            return {}
        field, found = ("reply", self.asked(name)) if kind == "request" else ("answer", self.known_check(name))
        if found[field] is not None:
            found["earlier"].append(found[field])
            found[field] = None
        require(len(found["earlier"]) <= MAX_REOPENINGS, "too-many-reopenings", limit=MAX_REOPENINGS)
        if kind == "request":
            return {request_key(name): shapes.ASKED.put(found)}
        return {check_key(name): shapes.CHECK_REQUEST.put(found)}

    def escalate_dispute(self, signers, action, index, time):
        name = action["dispute"]
        dispute = self.known_dispute(name)
        self.require_sole_signer(signers, dispute["claimant"], "steward")
        self.still_runs(name, dispute, time)
        step = dispute["steps"][-1]
        if anew(dispute) is not None:
            raise Refusal("dispute-ruled", dispute=name, at=anew(dispute)["at"])
        require(step["stage"] != "superior", "dispute-final", dispute=name)
        due = self.step_due(step)
        if step["ruled"] is None and due is not None and time < due:
            raise Refusal("escalation-too-early", dispute=name, due=due)
        require_text(action["grounds"])
        authority = self.read(shapes.AGENCY_ID, b"c")
        sides = (dispute["claimant"], dispute["respondent"])
        if step["stage"] == "parties" and authority not in sides:
            stage, by = "authority", authority
        else:
            stage, by = "superior", self.common_superior(dispute, time)
            require(by is not None, "no-common-superior", dispute=name)
        self.check_membership(by, time)
        dispute["steps"].append(
            {"stage": stage, "by": by, "began": {"at": index, "on": time}, "ruled": None})
        return self.put_dispute(name, dispute)

    def ancestry(self, agency):
        """Those above an agency, each with how many levels above it is."""
        found, level = {agency: 0}, [agency]
        for distance in range(1, MAX_ANCESTRY + 1):
            records = [self.read(shapes.AGENCY, agency_key(one)) for one in level]
            upward = [one.get(name) for one in records for name in ("superior", "authority")]
            level = []
            for one in upward:
                if one is not None and one not in found and agency_key(one) in self.state:
                    found[one] = distance
                    level.append(one)
        return found

    def common_superior(self, dispute, time):
        """The nearest agency above both sides, or None."""
        ours, theirs = self.ancestry(dispute["claimant"]), self.ancestry(dispute["respondent"])
        parts = {dispute["claimant"], dispute["respondent"], *(step["by"] for step in dispute["steps"])}
        fit = [
            (ours[one] + theirs[one], ours[one], one.encode()) for one in ours
            if one in theirs and one not in parts and self.membership_fault(one, time) is None
        ]
        return min(fit)[2].decode() if fit else None

    def step_due(self, step):
        """By when a step is to be ruled, or None."""
        return self.clock_due(STAGE_CLOCKS[step["stage"]], step["by"], step["began"]["on"])

    def anew_due(self, dispute):
        """By when what was ruled anew is to be decided, or None."""
        ruled = anew(dispute)
        return None if ruled is None else self.clock_due("decide-anew", dispute["respondent"], ruled["on"])

    def decided_after(self, about, after, due):
        """How and when it was first decided, done or dropped after an entry, or None."""
        kind, name = next(iter(about.items()))
        if kind == "delivery":
            grant = self.known_grant(name)
            if grant["delivered"] is not None:
                return {"done": grant["delivered"]["on"]}
            ended = self.grant_ends(grant)
            return {"released": ended} if ended < due else None
        if kind == "request":
            request = self.asked(name)
            for reply in [*request["earlier"], *([] if request["reply"] is None else [request["reply"]])]:
                if reply["at"] > after:
                    decided = reply["outcome"]["outcome"] in ("approved", "refused")
                    return {"done" if decided else "released": reply["on"]}
            return None
        check = self.known_check(name)
        for answer in [*check["earlier"], *([] if check["answer"] is None else [check["answer"]])]:
            if answer["given"]["at"] > after:
                return {"done": answer["given"]["on"]}
        return None

    def duties_of_dispute(self, dispute):
        """The ruling at each step, and the decision anew."""
        about, object_ = dispute["about"], {"dispute": f"D{dispute['opened']['at']}"}
        duties = []
        for step in dispute["steps"]:
            due = self.step_due(step)
            if due is None:
                continue
            if step["ruled"] is not None:
                end = {"done": step["ruled"]["given"]["on"]}
            else:
                end = self.decided_after(about, dispute["opened"]["at"], due)
                end = None if end is None else {"released": next(iter(end.values()))}
            duties.append((STAGE_CLOCKS[step["stage"]], step["by"], step["began"]["on"], due, end))
        ruled, due = anew(dispute), self.anew_due(dispute)
        if due is not None:
            end = self.decided_after(about, ruled["at"], due)
            duties.append(("decide-anew", dispute["respondent"], ruled["on"], due, end))
        return [
            {"clock": clock, "object": object_, "owed_by": by, "owed_to": dispute["claimant"],
             "began": began, "due": due, "end": end}
            for clock, by, began, due, end in duties
        ]
