"""The story of `genuine`, told further: what agencies answer for. A request that is refused, disputed in steps and decided anew;
a check that is handed over, disputed and upheld; an incident; a draw, what was found of it, and findings beside it;
an assessment.

Holds: everything here verifies. May not enter: what has no part in that by which agencies answer for what was done.
"""

from cases import governing, world as w
from comity import shapes
from comity.assessments import report_hash
from comity.grounds import draw_key
from comity.oversight import PHASE_MS, draw_commitment, drawn
from comity.wire import decode

from genuine import told_on

# Whose the keys are that the story registers: named after agency and role.
KEYS = ("tax.gd steward", "data.gd auditor", "tax.gd auditor", "univ.gd auditor")
OFFICER, GATEWAY = "civil.gd officer", "health.gd gateway"
QUERY = {"mode": "query", "items": {"only": ["\u59d3\u540d"]}}
TERMS = w.terms(modes=["query"], items=QUERY["items"])
DATASET = TERMS["dataset"]


class Told:
    """The story, and the names of what it is about. `numbers`: of the gateway's records, in order."""

    def __init__(self):
        self.story, self.number = told_on(), 4
        self.begun()
        self.disputed()
        self.checked()
        self.lost()
        self.drawn()
        self.found()
        self.assessed()

    def tell(self, what, *acts):
        """A block of acts, each {by, action}; gives the position of the first."""
        first = self.story.size
        self.story.tell(what, [one if isinstance(one, bytes) else (*one, []) for one in acts])
        return first

    def held(self, shape, key):
        """An object as it stands."""
        value = self.story.ledger.state[key]
        return decode(shape, value, len(value))

    def begun(self):
        """Keys, and who reviews stewards."""
        self.tell("answering keys", *((f"{name.split()[0]} admin", w.register(name, *name.split())) for name in KEYS))
        measure = {"measure": "appoint", "office": "steward-reviewer",
                   "agencies": ["data.gd", "tax.gd", "univ.gd"]}
        self.tell("reviewers", *governing.passing("told reviewers", measure, self.story.size))
        emergency = f"E{self.story.helped - 1}"
        self.tell("received", (OFFICER, {"kind": "acknowledge-access", "grant": emergency, "accesses": [
            w.received("told urgent 1", self.story.helped), w.received("told urgent 2", self.story.helped + 1)]}))

    def disputed(self):
        """A request: refused, disputed between the two and then before the authority, decided anew, used."""
        asked = self.tell("asked", (OFFICER, {"kind": "open-request", "terms": w.asking(TERMS)}))
        self.request = f"R{asked}"
        self.tell("refused", ("health steward", {
            "kind": "refuse-request", "request": self.request, "legal_basis": "Health Act, art. 9",
            "reason": "Not this office"}))
        first = self.tell("disputed", ("civil steward", {
            "kind": "open-dispute", "about": {"request": self.request}, "grounds": "It is this office"}))
        self.dispute = f"D{first}"
        stands = {"ruling": "stands", "basis": "Health Act, art. 9", "reason": "It is not"}
        anew = {"ruling": "anew", "reason": "The office was named"}
        self.tell("escalated", ("health steward", {
            "kind": "answer-dispute", "dispute": self.dispute, "ruling": stands}),
            ("civil steward", {"kind": "escalate-dispute", "dispute": self.dispute, "grounds": "See the decree"}))
        self.tell("ruled", ("data steward", {"kind": "decide-dispute", "dispute": self.dispute, "ruling": anew}))
        granted = self.tell("granted", ("health steward", {
            "kind": "approve-request", "request": self.request, "terms": TERMS}))
        self.grant = f"G{granted}"
        self.used = self.tell("used", self.given("answering one"), self.given("answering two"))

    def given(self, exchange):
        """An access under that grant."""
        self.number += 1
        asked = w.attempt(exchange, self.grant, officer=w.public(OFFICER), valid_until=self.story.last + w.VALIDITY, **QUERY)
        return GATEWAY, w.access(asked, OFFICER, self.number)

    def checked(self):
        """What was received is wrong: a check that one agency declines, another answers, and again after a dispute."""
        terms = {"dataset": DATASET, "items": QUERY["items"], "grant": self.grant, "asked": "health.gd",
                 "claim": "Two names stand for one person"}
        self.check = f"C{self.tell('check', (OFFICER, {'kind': 'open-check', 'terms': terms}))}"
        own = {"check": self.check}
        self.tell("declined", ("health steward", {"kind": "offer-handover", **own, "to": "tax.gd", "reason": "From there"}),
                  ("tax.gd steward", {"kind": "decline-handover", **own}))
        self.tell("accepted", ("health steward", {"kind": "offer-handover", **own, "to": "data.gd", "reason": "From there"}),
                  ("data steward", {"kind": "accept-handover", **own}))
        no = {"outcome": "not-upheld", "basis": "STATUTE-1", "reason": "Both are right"}
        yes = {"outcome": "upheld", "from": w.TIMES[4], "to": self.story.last, "correction": "The second is right"}
        self.tell("dismissed", ("data steward", {"kind": "answer-check", **own, "outcome": no}))
        again = self.tell("doubted", ("civil steward", {
            "kind": "open-dispute", "about": {"check": self.check}, "grounds": "They are not"}))
        self.doubt = f"D{again}"
        self.tell("conceded", ("data steward", {
            "kind": "answer-dispute", "dispute": self.doubt, "ruling": {"ruling": "anew", "reason": "Looked at again"}}))
        self.tell("upheld", ("data steward", {"kind": "answer-check", **own, "outcome": yes}),
                  ("health steward", {"kind": "report-correction", **own, "note": "One was struck out"}))

    def lost(self):
        """An incident, from the report to its end."""
        terms = {"datasets": [DATASET, "health.gd/clinics"], "grants": [self.grant], "since": w.TIMES[4],
                 "found": self.story.last, "nature": "A list was left on a train"}
        self.incident = f"I{self.tell('lost', ('health steward', {'kind': 'report-incident', 'terms': terms}))}"
        self.tell("closed", ("health steward", {"kind": "update-incident", "incident": self.incident, "note": "It was found"}),
                  ("health steward", {"kind": "close-incident", "incident": self.incident, "measures": "Lists stay in the office"}))

    def drawn(self):
        """A draw from the gateway's records: opened, committed, revealed two days later, reviewed."""
        scope = [{"gateway": w.public(GATEWAY), "first": 1, "last": self.number}]
        opened = self.tell("draw", ("data.gd auditor", {"kind": "open-draw", "scope": scope, "count": 2}))
        self.draw = f"W{opened}"
        secrets = {agency: w.short(f"told secret {agency}", 32) for agency in ("tax.gd", "univ.gd")}
        self.tell("committed", *((f"{agency} auditor", {
            "kind": "commit-draw", "draw": self.draw,
            "commitment": draw_commitment(w.CONSORTIUM, self.draw, agency, secret)}) for agency, secret in secrets.items()))
        self.story.last += PHASE_MS
        self.tell("revealed", *((f"{agency} auditor", {"kind": "reveal-draw", "draw": self.draw, "secret": secret})
                                for agency, secret in secrets.items()))
        reviewers = [f"{one['reviewer']} auditor" for one in drawn(self.held(shapes.DRAW, draw_key(self.draw)))]
        self.tell("reviewed", (reviewers[0], {
            "kind": "report-review", "draw": self.draw, "number": 1, "verdict": "in-order"}))
        about = {"drawn": {"draw": self.draw, "number": 2}}
        self.finding = f"F{self.tell('amiss', self.opens(reviewers[1], 'health.gd', about, 'No matter was stated'))}"
        self.tell("found", (reviewers[1], {
            "kind": "report-review", "draw": self.draw, "number": 2, "verdict": {"finding": self.finding}}))
        self.tell("remedied", ("health steward", {
            "kind": "answer-finding", "finding": self.finding, "answer": "It is stated now"}), (reviewers[1], {
                "kind": "close-finding", "finding": self.finding, "outcome": "remedied", "text": "Seen"}))

    def opens(self, by, agency, about, text):
        """The opening of a finding."""
        return by, {"kind": "open-finding", "agency": agency, "about": about, "text": text}

    def found(self):
        """Findings about an access and about a power."""
        self.entry = f"F{self.tell('entry', self.opens('univ.gd auditor', 'health.gd', {'entry': self.used}, 'At night'))}"
        self.tell("unfounded", ("univ.gd auditor", {
            "kind": "close-finding", "finding": self.entry, "outcome": "unfounded", "text": "By day"}))
        self.power = f"F{self.tell('power', self.opens('tax.gd auditor', 'health.gd', {'power': 'stewards'}, 'Refused too often'))}"

    def assessed(self):
        """An assessment, and what was done about it."""
        opened = self.tell("assessors", ("data.gd admin", {"kind": "open-proposal", "measure": {
            "measure": "appoint", "office": "assessor", "agencies": ["univ.gd"]}}))
        ballot = {"kind": "cast-ballot", "proposal": f"P{opened}", "choice": "for"}
        self.tell("assessors named", *((f"{name} admin", ballot) for name in ("civil.gd", "univ.gd", "health.gd")))
        self.terms = {
            "agency": "health.gd", "kind": "satisfaction", "matter": "HOUSING", "from": w.TIMES[0], "until": self.story.last,
            "respondents": 412, "score_permille": 873, "report": report_hash(w.CONSORTIUM, b"the whole report"),
            "text": "Most come once", "recommendations": 2}
        reported = self.tell("assessed", ("univ.gd auditor", {"kind": "report-assessment", "terms": self.terms}))
        self.assessment = f"A{reported}"
        self.tell("followed up", ("health steward", {
            "kind": "follow-up-assessment", "assessment": self.assessment, "text": "One form instead of three"}))


TOLD = Told()
ANSWERED = TOLD.story
