"""The rules of task forces (docs/formats.md, "Task forces", "Evaluation", "Rules", form-task-force to
end-task-force), and in what capacity is signed."""

from . import shapes
from .grounds import (
    MAX_TIME, PUBLIC, UNUSED, agency_key, grant_key, member_usage_key, request_key, require,
    task_force_key,
)

MAX_SIZE = 64
MAX_MS = 731 * 86_400_000


def capacity_of(force):
    """The capacity in which something is done that may be a task force's."""
    return "agency" if force is None else {"task-force": force}


def ends(force):
    """When a task force ends, as things stand, or ended."""
    ended = force["ended"]
    return force["terms"]["until"] if ended is None else ended["mark"]["on"]


def is_over(force, time):
    """Whether it is over at a time."""
    return force["ended"] is not None or time >= force["terms"]["until"]


def membership(force, agency):
    """The membership that an agency has, or None."""
    held = (one for one in force["memberships"] if one["agency"] == agency and one["left"] is None)
    return next(held, None)


def ever_had(force, agency):
    """Whether an agency is or was a member."""
    return any(one["agency"] == agency for one in force["memberships"])


class TaskForces:
    """A judge's part for task forces."""

    def task_force(self, name):
        """The task force, which there is. Errors: `Refusal`."""
        found = self.read(shapes.TASK_FORCE, task_force_key(name))
        require(found is not None, "task-force-unknown", task_force=name)
        return found

    def alive_force(self, name, time):
        """The same, if it is not over. Errors: `Refusal`."""
        found = self.task_force(name)
        require(not is_over(found, time), "task-force-over", task_force=name, since=ends(found))
        return found

    def led_force(self, signers, name, time):
        """The same, if its lead's steward signs. Errors: `Refusal`."""
        found = self.task_force(name)
        self.require_sole_signer(signers, found["terms"]["lead"], "steward")
        return self.alive_force(name, time)

    def force_of(self, terms):
        """The task force that terms name, or None."""
        name = terms["task_force"]
        return None if name is None else self.read(shapes.TASK_FORCE, task_force_key(name))

    def put_force(self, force):
        return {task_force_key(f"T{force['formed_at']}"): shapes.TASK_FORCE.put(force)}

    def check_fit(self, agency, time):
        """Whether an agency may be a member. Errors: `Refusal`."""
        known = self.read(shapes.AGENCY, agency_key(agency))
        require(known is not None, "agency-unknown", agency=agency)
        self.check_membership(agency, time)
        require(known["kind"] in PUBLIC, "member-not-public", agency=agency)

    def form_task_force(self, signers, action, index, time):
        terms = action["terms"]
        lead = terms["lead"]
        self.require_sole_signer(signers, lead, "steward")
        require(terms["title"] != "", "task-force-text-empty")
        invited = sorted(set(terms["invited"]), key=str.encode)
        require(1 <= len(invited) < MAX_SIZE, "task-force-size", limit=MAX_SIZE)
        self.check_fit(lead, time)
        for agency in invited:
            require(agency != lead, "in-task-force", agency=agency)
            self.check_fit(agency, time)
        self.code_in_use("matters", terms["matter"])
        self.code_in_use("duty-bases", terms["duty_basis"])
        latest = min(time + MAX_MS, MAX_TIME)
        require(time < terms["until"] <= latest, "task-force-period", latest=latest)
        first = {"agency": lead, "invited_at": index, "joined": {"at": index, "on": time}, "left": None}
        return self.put_force({
            "terms": terms, "formed_at": index, "formed_on": time,
            "invited": {agency: index for agency in invited}, "memberships": [first], "ended": None,
        })

    def invite_to_task_force(self, signers, action, index, time):
        name, agency = action["task_force"], action["agency"]
        found = self.led_force(signers, name, time)
        there = membership(found, agency) is not None or agency in found["invited"]
        require(not there, "in-task-force", agency=agency)
        self.check_fit(agency, time)
        size = len(found["memberships"]) + len(found["invited"])
        require(size < MAX_SIZE, "task-force-size", limit=MAX_SIZE)
        found["invited"][agency] = index
        return self.put_force(found)

    def parted(self, found, agency, by, reason, index, time):
        """Ends a membership. Errors: `Refusal`."""
        name = f"T{found['formed_at']}"
        require(agency != found["terms"]["lead"], "lead-stays", task_force=name)
        held = membership(found, agency)
        require(held is not None, "not-in-task-force", task_force=name, agency=agency)
        held["left"] = {"mark": {"at": index, "on": time}, "by": by, "reason": reason}

    def exclude_from_task_force(self, signers, action, index, time):
        agency, reason = action["agency"], action["reason"]
        found = self.led_force(signers, action["task_force"], time)
        require(reason != "", "task-force-text-empty")
        if found["invited"].pop(agency, None) is None:
            self.parted(found, agency, found["terms"]["lead"], reason, index, time)
        return self.put_force(found)

    def join_task_force(self, signers, action, index, time):
        name, agency = action["task_force"], signers[0]["agency"]
        self.require_sole_signer(signers, agency, "steward")
        found = self.alive_force(name, time)
        invited = found["invited"].pop(agency, None)
        require(invited is not None, "not-invited", task_force=name, agency=agency)
        found["memberships"].append({
            "agency": agency, "invited_at": invited, "joined": {"at": index, "on": time}, "left": None,
        })
        return self.put_force(found)

    def leave_task_force(self, signers, action, index, time):
        agency, reason = signers[0]["agency"], action["reason"]
        self.require_sole_signer(signers, agency, "steward")
        found = self.alive_force(action["task_force"], time)
        require(reason != "", "task-force-text-empty")
        self.parted(found, agency, agency, reason, index, time)
        return self.put_force(found)

    def end_task_force(self, signers, action, index, time):
        found = self.led_force(signers, action["task_force"], time)
        require(action["reason"] != "", "task-force-text-empty")
        found["ended"] = {"mark": {"at": index, "on": time}, "reason": action["reason"]}
        return self.put_force(found)

    def check_force_terms(self, terms, time):
        """Whether terms lie within the task force that they name. Errors: `Refusal`."""
        name = terms["task_force"]
        if name is None:
            return
        own = self.alive_force(name, time)["terms"]
        for field, fits in (
            ("requester", terms["requester"] == own["lead"]),
            ("matters", set(terms["matters"]) == {own["matter"]}),
            ("duty-basis", terms["duty_basis"] == own["duty_basis"]),
            ("period", terms["not_after"] <= own["until"]),
            ("onward", not terms["onward"]),
        ):
            require(fits, "beyond-task-force", task_force=name, field=field)

    def received_under(self, grant, agency):
        """Whether an agency is on the side that received data under a grant."""
        found = self.force_of(grant["terms"])
        return grant["terms"]["requester"] == agency if found is None else ever_had(found, agency)

    def check_asker(self, grant, attempt):
        """Whether the requesting agency may ask under a grant, in that capacity. Errors: `Refusal`."""
        terms, agency, name = grant["terms"], attempt["requester"], grant["terms"]["task_force"]
        capacity = capacity_of(name)
        require(attempt["capacity"] == capacity, "wrong-capacity", capacity=capacity)
        if name is None:
            require(terms["requester"] == agency, "other-requester", requester=terms["requester"])
            return
        held = membership(self.force_of(terms), agency)
        require(held is not None, "not-a-member", task_force=name)
        invited = held["invited_at"]
        require(invited <= grant["issued_at"], "invited-after-grant", at=invited)
        require(agency != terms["dataset"].split("/")[0], "own-dataset")

    def check_force_there(self, terms, time):
        """Whether the task force that holds a grant lets it be used. Errors: `Refusal`."""
        found = self.force_of(terms)
        if found is None:
            return
        require(not is_over(found, time), "task-force-ended", since=ends(found))
        gone = self.membership_fault(found["terms"]["lead"], time) is not None
        require(not gone, "lead-gone", task_force=terms["task_force"])

    def put_member_usage(self, name, attempt, count, time):
        """What counting a member's use of a task force's grant puts."""
        if self.known_grant(name)["terms"]["task_force"] is None:
            return {}
        key = member_usage_key(name, attempt["requester"])
        used = self.used_with(self.read(shapes.USAGE, key) or UNUSED, count, time)
        return {key: shapes.USAGE.put(used)}

    def check_capacities(self, statement):
        """Whether all signed in the capacity in which the act is done. Errors: `Refusal`."""
        capacity = capacity_of(self.acts_for(statement["action"]))
        for signer in statement["signers"]:
            require(signer["capacity"] == capacity, "signer-capacity", capacity=capacity)

    def acts_for(self, action):
        """The task force for which an act is done, or None."""
        kind = action["kind"]
        if kind == "open-request":
            return action["terms"]["asked"]["task_force"]
        if kind in ("withdraw-request", "urge-request"):
            request = self.read(shapes.ASKED, request_key(action["request"]))
            return None if request is None else request["terms"]["asked"]["task_force"]
        basis = action["terms"]["grant"] if kind == "open-check" else action.get("grant")
        if kind not in ("acknowledge-access", "open-check", "fulfil-undertaking") or basis is None:
            return None
        grant = self.read(shapes.GRANT, grant_key(basis)) if basis[0] == "G" else None
        if grant is None:
            return None
        undertaken = grant["terms"]["undertakings"]
        if kind == "fulfil-undertaking":
            number = action["number"]
            there = 1 <= number <= len(undertaken)
            if not there or undertaken[number - 1]["by"] != "requester":
                return None
        return grant["terms"]["task_force"]
