"""The story of `genuine`, told further: a task force, its grant, what its members use of it, and its end.

Holds: everything here verifies. May not enter: what has no part in a task force.
"""

from cases import world as w

from genuine import told_on

STEWARD, LEAD, OTHER, OFFICER, ASKER, GATEWAY = (
    "health steward", "civil steward", "tax.gd steward", "civil.gd officer", "tax officer", "health.gd gateway")
QUERY = {"mode": "query", "items": {"only": ["\u59d3\u540d"]}}


class Told:
    """The story, and the names of what it is about. `number`: of the gateway's last record."""

    def __init__(self):
        self.story, self.number = told_on(), 4
        self.formed()
        self.granted()
        self.used()
        self.over()

    def tell(self, what, *acts):
        """A block of acts, each {by, action}; gives the position of the first."""
        first = self.story.size
        self.story.tell(what, [one if isinstance(one, bytes) else (*one, []) for one in acts])
        return first

    def formed(self):
        """It is formed; one joins, one is not in it any longer before it could."""
        self.tell("force keys", ("tax.gd admin", w.register(OTHER, "tax.gd", "steward")))
        terms = {"title": "Housing after the flood", "lead": "civil.gd", "invited": ["data.gd", "tax.gd"],
                 "matter": "LOW-INCOME", "duty_basis": "STATUTE-1", "until": self.story.last + 9 * w.DAY}
        self.force = f"T{self.tell('formed', (LEAD, {'kind': 'form-task-force', 'terms': terms}))}"
        own = {"task_force": self.force}
        self.tell("joined", (OTHER, {"kind": "join-task-force", **own}), (LEAD, {
            "kind": "exclude-from-task-force", **own, "agency": "data.gd", "reason": "Not needed"}))

    def granted(self):
        """What it holds, and an agency that is invited too late for it."""
        terms = w.terms(modes=["query"], items=QUERY["items"], matters=["LOW-INCOME"], task_force=self.force,
                        not_after=self.story.last + 8 * w.DAY, total_quota=3)
        self.grant = f"G{self.tell('granted', (STEWARD, {'kind': 'issue-grant', 'terms': terms}))}"

    def attempt(self, exchange, by):
        """An attempt of a member's officer, in the task force's capacity."""
        return w.attempt(f"force {exchange}", self.grant, capacity={"task-force": self.force}, requester=w.holder(by)[0],
                         officer=w.public(by), valid_until=self.story.last + w.VALIDITY, **QUERY)

    def given(self, exchange, by):
        """An access under that grant."""
        self.number += 1
        return GATEWAY, w.access(self.attempt(exchange, by), by, self.number)

    def used(self):
        """Two members use it, and one says what it received."""
        first = self.tell("force used", self.given("one", OFFICER), self.given("two", ASKER))
        self.access = first + 1
        action = {"kind": "acknowledge-access", "grant": self.grant, "accesses": [w.received("force two", self.access)]}
        signers = [w.signer(ASKER, capacity={"task-force": self.force})]
        until = self.story.last + 1_000 + w.VALIDITY
        self.tell("force received", w.record(ASKER, action, "told force received", until, signers=signers))

    def over(self):
        """A member leaves and is refused, and the whole is ended."""
        own = {"task_force": self.force}
        self.tell("force left", (OTHER, {"kind": "leave-task-force", **own, "reason": "Its part is done"}))
        self.number += 1
        refused = w.denial(self.attempt("three", ASKER), {"rule": "not-a-member", "task_force": self.force}, ASKER, self.number)
        self.denial = self.tell("force refused", (GATEWAY, refused))
        self.tell("force ended", (LEAD, {"kind": "end-task-force", **own, "reason": "All are housed"}))


TOLD = Told()
FORCED = TOLD.story
