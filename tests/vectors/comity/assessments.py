"""The rules of assessments (docs/formats.md, "Assessments"; "Rules", report-assessment and
follow-up-assessment; "Duties")."""

from . import shapes
from .grounds import Refusal, agency_key, assessment_key, office_key, reported_key, require, sponsor_of
from .hashing import tagged
from .supervision import duty

BEST = 1000


def report_hash(consortium, report):
    """What commits to a whole report, in hexadecimal."""
    return tagged("report", consortium, report).hex()


def name_of(assessment):
    """An assessment's id."""
    return f"A{assessment['reported']['at']}"


class Assessments:
    """Reports of how agencies are seen, and what was done about them."""

    def report_assessment(self, signers, action, index, time):
        by, terms = signers[0]["agency"], action["terms"]
        self.require_sole_signer(signers, by, "auditor")
        assessors = self.read(shapes.AGENCY_IDS, office_key("assessor")) or []
        require(by in assessors, "not-an-assessor", agency=by)
        agency = terms["agency"]
        self.check_apart(by, agency)
        self.check_membership(agency, time)
        if terms.get("matter") is not None:
            self.code_in_use("matters", terms["matter"])
        over = terms["from"] < terms["until"] <= time
        require(over, "assessment-period", now=time)
        require(terms["score_permille"] <= BEST, "assessment-score", limit=BEST)
        count = terms.get("respondents")
        asked = count != 0 and (count is not None or terms["kind"] == "third-party")
        require(asked, "respondents-missing")
        require(terms["text"] != "", "assessment-text-empty")
        earlier = self.read(shapes.ASSESSMENT_ID, reported_key(by, terms))
        require(earlier is None, "assessment-again", assessment=earlier)
        name = f"A{index}"
        value = {"terms": terms, "reported_by": by, "reported": {"at": index, "on": time},
                 "followed_up": None}
        return {assessment_key(name): shapes.ASSESSMENT.put(value),
                reported_key(by, terms): shapes.ASSESSMENT_ID.put(name)}

    def check_apart(self, by, agency):
        """Neither is the other, nor answers for it."""
        require(agency != by, "assessment-of-self")
        assessed = self.read(shapes.AGENCY, agency_key(agency))
        require(assessed is not None, "agency-unknown", agency=agency)
        assessor = self.read(shapes.AGENCY, agency_key(by))
        tied = sponsor_of(assessed) == by or sponsor_of(assessor) == agency
        require(not tied, "assessor-tied", assessor=by, agency=agency)

    def follow_up_assessment(self, signers, action, index, time):
        name = action["assessment"]
        found = self.read(shapes.ASSESSMENT, assessment_key(name))
        require(found is not None, "assessment-unknown", assessment=name)
        agency = found["terms"]["agency"]
        try:
            self.require_sole_signer(signers, agency, "admin")
        except Refusal:
            self.require_sole_signer(signers, agency, "steward")
        require(found["terms"]["recommendations"] > 0, "nothing-to-follow-up", assessment=name)
        if found["followed_up"] is not None:
            at = found["followed_up"]["made"]["at"]
            raise Refusal("followed-up-already", assessment=name, at=at)
        require(action["text"] != "", "assessment-text-empty")
        found["followed_up"] = {"made": {"at": index, "on": time}, "text": action["text"]}
        return {assessment_key(name): shapes.ASSESSMENT.put(found)}

    def duties_of_assessment(self, assessment):
        """The follow-up, where something was recommended."""
        terms, began = assessment["terms"], assessment["reported"]["on"]
        due = self.clock_due("assessment-follow-up", terms["agency"], began)
        if terms["recommendations"] == 0 or due is None:
            return []
        done = assessment["followed_up"]
        end = done and {"done": done["made"]["on"]}
        about = {"assessment": name_of(assessment)}
        return [duty("assessment-follow-up", about, terms["agency"], assessment["reported_by"], began,
                     due, end)]
