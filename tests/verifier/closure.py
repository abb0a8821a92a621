"""What the entries and the objects of an evidence bundle need of each other.

Holds: a need is a state key, or a position with the act that must stand there.
Source: docs/formats.md, "Evidence bundles", "What a bundle holds".
"""

from comity import late
from comity.grounds import (
    agency_key, assessment_key, check_key, code_key, dataset_key, departure_key, dispute_key, draw_key, emergency_access_key,
    emergency_key, emergency_use_key, finding_key, grant_key, grant_version_key, incident_key, key_key, member_usage_key,
    proposal_key, request_key, task_force_key, usage_key, version_key,
)

from judging import attempt_in, is_access, is_late

# What always is among the objects.
ALWAYS = (b"p", b"o")
GRANTS = (
    "revoke-grant", "suspend-grant", "resume-grant", "report-delivery", "narrow-grant", "extend-grant",
    "fulfil-undertaking",
)
EMERGENCIES = ("end-emergency", "review-emergency", "justify-access")
# What issues a grant by its own position; open-request only where it is granted by rule.
ISSUES = ("issue-grant", "approve-request", "issue-onward")
MADE = (*ISSUES, "open-request")
REQUESTS = ("approve-request", "refuse-request", "withdraw-request", "urge-request", "review-request",
            "extend-reply")
CHECKS = ("offer-handover", "accept-handover", "decline-handover", "answer-check", "report-correction")
DISPUTES = ("answer-dispute", "escalate-dispute", "decide-dispute")
DRAWS = ("commit-draw", "reveal-draw", "report-review")
FINDINGS = ("answer-finding", "close-finding")
TASK_FORCES = ("invite-to-task-force", "exclude-from-task-force", "join-task-force", "leave-task-force", "end-task-force")
NAMED_DATASETS = ("withdraw-dataset", "suspend-dataset", "resume-dataset", "refresh-dataset")
WHOLE_DATASETS = ("publish-dataset", "amend-dataset")


def member_keys(agency):
    """An agency, and its departure."""
    return [agency_key(agency), departure_key(agency)]


def needs_of_entry(index, statement):
    """The keys of the objects that an entry needs."""
    action, keys = statement["action"], []
    kind = action["kind"]
    signers = list(statement["signers"])
    if kind == "embed-late":
        signers.append(action["record"]["gateway"])
    for signer in signers:
        keys += [key_key(signer["key"]), *member_keys(signer["agency"]), *force_keys(signer["capacity"])]
    if attempt_in(action) is not None:
        attempt = attempt_in(action)["attempt"]
        keys += [key_key(attempt["officer"]), *member_keys(attempt["requester"])]
        counts = kind == "record-access" or is_late(action) and late.counts(action["against"])
        keys += needs_of_attempt(index, counts, attempt)
    if kind == "acknowledge-access" and action["grant"][0] == "G":
        keys += [grant_key(action["grant"]), usage_key(action["grant"])]
    if kind == "declare-emergency":
        keys.append(emergency_key(f"E{index}"))
    if kind in EMERGENCIES:
        keys.append(emergency_key(action["emergency"]))
    if kind in ISSUES:
        keys += [grant_key(f"G{index}"), usage_key(f"G{index}")]
    if kind in GRANTS:
        keys += [grant_key(action["grant"]), usage_key(action["grant"])]
    if kind == "issue-onward":
        keys += [grant_key(action["parent"]), usage_key(action["parent"])]
    if kind == "open-request":
        keys.append(request_key(f"R{index}"))
    if kind in REQUESTS:
        keys.append(request_key(action["request"]))
    if kind in WHOLE_DATASETS:
        keys.append(dataset_key(action["dataset"]["id"]))
    if kind in NAMED_DATASETS:
        keys.append(dataset_key(action["dataset"]))
    if kind in ("register-key", "revoke-key"):
        keys.append(key_key(action["key"]))
    if kind == "open-check":
        keys.append(check_key(f"C{index}"))
    if kind in CHECKS:
        keys.append(check_key(action["check"]))
    if kind == "open-dispute":
        keys.append(dispute_key(f"D{index}"))
    if kind in DISPUTES:
        keys.append(dispute_key(action["dispute"]))
    if kind == "report-incident":
        keys.append(incident_key(f"I{index}"))
    if kind in ("update-incident", "close-incident"):
        keys.append(incident_key(action["incident"]))
    if kind == "open-draw":
        keys.append(draw_key(f"W{index}"))
    if kind in DRAWS:
        keys.append(draw_key(action["draw"]))
    if kind == "report-review":
        keys += finding_in(action["verdict"])
    if kind == "open-finding":
        keys.append(finding_key(f"F{index}"))
    if kind in FINDINGS:
        keys.append(finding_key(action["finding"]))
    if kind == "form-task-force":
        keys.append(task_force_key(f"T{index}"))
    if kind in TASK_FORCES:
        keys.append(task_force_key(action["task_force"]))
    if kind == "report-assessment":
        keys.append(assessment_key(f"A{index}"))
    if kind == "follow-up-assessment":
        keys.append(assessment_key(action["assessment"]))
    if kind == "open-proposal":
        keys.append(proposal_key(f"P{index}"))
    if kind == "cast-ballot":
        keys.append(proposal_key(action["proposal"]))
    if kind == "withdraw-code":
        keys.append(code_key(action["list"], action["code"]))
    return keys


def finding_in(verdict):
    """The key of the finding that a verdict names, if it does."""
    return [] if verdict == "in-order" else [finding_key(verdict["finding"])]


def force_keys(capacity):
    """The key of the task force for which is signed, where it is for one."""
    return [] if capacity == "agency" else [task_force_key(capacity["task-force"])]


def named_force(terms):
    """The key of the task force that terms name, if they do."""
    return [] if terms["task_force"] is None else [task_force_key(terms["task_force"])]


def needs_of_attempt(index, counts, attempt):
    """The keys of the objects on which an attempt relies; `counts`: it was let through."""
    name = attempt["grant"]
    if name[0] == "G":
        force = force_keys(attempt["capacity"])
        own = [*force, member_usage_key(name, attempt["requester"])] if force else []
        return [grant_key(name), usage_key(name), *own]
    own = [emergency_access_key(name, index)] if counts else []
    return [emergency_key(name), emergency_use_key(name, attempt["requester"]),
            dataset_key(attempt["dataset"]), *own]


def needs_of_object(letter, name, value):
    """The keys of the objects that an object that is held needs; `name` is what it is called."""
    if letter == "g":
        terms = value["terms"]
        keys = [dataset_key(terms["dataset"]), code_key("duty-bases", terms["duty_basis"])]
        keys += [code_key("matters", matter) for matter in terms["matters"]]
        keys += [] if value["request"] is None else [request_key(value["request"])]
        parent = value["parent"]
        keys += [] if parent is None else [grant_key(parent), usage_key(parent)]
        keys += [grant_version_key(name, n) for n in range(1, value["version"])]
        return keys + named_force(terms) + member_keys(terms["requester"])
    if letter == "r":
        asked = value["terms"]["asked"]
        return [dataset_key(asked["dataset"]), *named_force(asked)]
    if letter == "T":
        terms = value["terms"]
        codes = [code_key("matters", terms["matter"]), code_key("duty-bases", terms["duty_basis"])]
        return codes + member_keys(terms["lead"])
    if letter == "h":
        return [code_key("matters", value["terms"]["matter"])]
    if letter == "s":
        return [emergency_key(name.split("/")[0])]
    if letter == "d":
        return [version_key(value["dataset"]["id"], n) for n in range(1, value["version"])]
    if letter == "B":
        basis = value["terms"]["grant"]
        own = [dataset_key(value["terms"]["dataset"])]
        if basis is not None and basis[0] == "E":
            return [*own, emergency_key(basis)]
        return own + with_usage([] if basis is None else [basis])
    if letter == "D":
        about, name = next(iter(value["about"].items()))
        if about == "delivery":
            return with_usage([name])
        return [request_key(name) if about == "request" else check_key(name)]
    if letter == "I":
        return [dataset_key(name) for name in value["terms"]["datasets"]] + with_usage(value["terms"]["grants"])
    if letter == "W":
        named = [key for one in value["reviews"].values() for key in finding_in(one["verdict"])]
        return [key_key(spread["gateway"]) for spread in value["scope"]] + named
    if letter == "F":
        return [draw_key(value["about"]["drawn"]["draw"])] if "drawn" in value["about"] else []
    if letter == "A":
        matter = value["terms"]["matter"]
        return [] if matter is None else [code_key("matters", matter)]
    return []


def with_usage(grants):
    """The keys of grants, and of how far they are used."""
    return [key for grant in grants for key in (grant_key(grant), usage_key(grant))]


def is_act(*kinds, **fields):
    """A test of an action: of one of these kinds, with these fields."""
    return lambda index, action: action["kind"] in kinds and all(
        action.get(name) == value for name, value in fields.items())


def either(*tests):
    """A test of an action: one of these holds."""
    return lambda index, action: any(test(index, action) for test in tests)


MEASURES = is_act("open-proposal", "cast-ballot")


def of_dataset(name, *kinds):
    """A test of an action: of one of these kinds, with a whole dataset of this id."""
    return lambda index, action: action["kind"] in kinds and action["dataset"]["id"] == name


def interruptions(held, begin, end):
    """The positions of interruptions, each with its test."""
    for one in held:
        yield one["at"], begin
        if one["ended_at"] is not None:
            yield one["ended_at"], end


def positions(letter, name, value):
    """(position, test) of each entry that an object names; `name` is what it is called."""
    found = POSITIONS.get(letter)
    for at, test in found(name, value) if found else ():
        if at is not None:
            yield at, test


def of_grant(name, grant):
    yield grant["issued_at"], issued(name, grant["request"], grant["parent"])
    yield grant["version_at"], made_terms(grant["terms"], name)
    if grant["first_use"] is not None:
        yield grant["first_use"]["at"], used(name)
    for done in grant["fulfilled"]:
        for mark in (done["last"], done["before"]):
            if mark is not None:
                yield mark["at"], is_act("fulfil-undertaking", grant=name, number=done["number"])
    begin, end = (is_act(kind, grant=name) for kind in ("suspend-grant", "resume-grant"))
    yield from interruptions(grant["suspensions"], begin, end)
    if grant["revoked"] is not None:
        yield grant["revoked"]["at"], is_act("revoke-grant", grant=name)
    if grant["delivered"] is not None:
        yield grant["delivered"]["at"], either(is_act("report-delivery", grant=name), used(name))


def issued(name, request, parent):
    """A test of an action: it issued the grant of this name. One whose request has its number was issued by rule."""
    tests = [is_act("issue-grant")] if request is None and parent is None else []
    if parent is not None:
        tests.append(is_act("issue-onward", parent=parent))
    if request is not None:
        tests.append(is_act("approve-request", request=request))
        if request[1:] == name[1:]:
            tests.append(is_act("open-request"))
    return either(*tests)


def made_terms(terms, name=None):
    """A test of an action: it made these terms, of the grant of this name if one is given."""
    def made(index, action):
        own = f"G{index}" if action["kind"] in MADE else action.get("grant")
        asked = action["terms"]["asked"] if action["kind"] == "open-request" else action.get("terms")
        changes = action["kind"] in (*MADE, "narrow-grant", "extend-grant")
        return changes and asked == terms and name in (None, own)
    return made


def used(name):
    """A test of an action: an access under the grant of this name."""
    return lambda index, action: (
        is_access(action) and attempt_in(action)["attempt"]["grant"] == name)


def of_grant_version(name, version):
    yield version["version_at"], made_terms(version["terms"])


def of_request(name, request):
    yield request["opened_at"], is_act("open-request", terms=request["terms"])
    yield request["urging"]["last_at"], is_act("urge-request", request=name)
    for reply in request["earlier"]:
        yield reply["at"], is_act("refuse-request", request=name)
    reply = request["reply"]
    if reply is not None and reply["outcome"].get("by_rule"):
        own = reply["outcome"]["grant"][1:] == name[1:]
        yield reply["at"], is_act(*(["open-request"] if own else []), terms=request["terms"])
    elif reply is not None:
        outcome = reply["outcome"]["outcome"]
        kind = {"approved": "approve", "refused": "refuse", "withdrawn": "withdraw",
                "returned": "review"}[outcome]
        yield reply["at"], is_act(f"{kind}-request", request=name)
    for field, kind in (("reviewed", "review-request"), ("extension", "extend-reply")):
        if request[field] is not None:
            yield request[field]["at"], is_act(kind, request=name)


def of_check(name, check):
    yield check["opened"]["at"], is_act("open-check", terms=check["terms"])
    for handover in check["handovers"]:
        yield handover["offered"]["at"], is_act("offer-handover", check=name, to=handover["to"])
        for end, mark in (handover["end"] or {}).items():
            kind = {"accepted": "accept-handover", "declined": "decline-handover"}[end]
            yield mark["at"], is_act(kind, check=name)
    for answer in check["earlier"]:
        yield answer["given"]["at"], is_act("answer-check", check=name, outcome=answer["outcome"])
    if check["answer"] is not None:
        answer = check["answer"]
        yield answer["given"]["at"], is_act("answer-check", check=name, outcome=answer["outcome"])
    if check["corrected"] is not None:
        yield check["corrected"]["made"]["at"], is_act("report-correction", check=name)


def of_dispute(name, dispute):
    terms = {field: dispute[field] for field in ("about", "grounds")}
    yield dispute["opened"]["at"], is_act("open-dispute", **terms)
    for step in dispute["steps"][1:]:
        yield step["began"]["at"], is_act("escalate-dispute", dispute=name)
    for step in dispute["steps"]:
        if step["ruled"] is not None:
            kind = "answer-dispute" if step["stage"] == "parties" else "decide-dispute"
            ruled = step["ruled"]
            yield ruled["given"]["at"], is_act(kind, dispute=name, ruling=ruled["ruling"])


def of_incident(name, incident):
    yield incident["reported"]["at"], is_act("report-incident", terms=incident["terms"])
    if incident["updated"] is not None:
        yield incident["updated"]["at"], is_act("update-incident", incident=name)
    if incident["closed"] is not None:
        yield incident["closed"]["on"]["at"], is_act("close-incident", incident=name)


def of_draw(name, draw):
    yield draw["opened"]["at"], is_act("open-draw", scope=draw["scope"], count=draw["count"])
    for commit in draw["commits"].values():
        yield commit["made"]["at"], is_act("commit-draw", draw=name, commitment=commit["commitment"])
        reveal = commit["reveal"]
        if reveal is not None:
            yield reveal["made"]["at"], is_act("reveal-draw", draw=name, secret=reveal["secret"])
    for number, review in draw["reviews"].items():
        yield review["made"]["at"], is_act("report-review", draw=name, number=number, verdict=review["verdict"])


def of_finding(name, finding):
    terms = {field: finding[field] for field in ("agency", "about", "text")}
    yield finding["opened"]["at"], is_act("open-finding", **terms)
    if "entry" in finding["about"]:
        yield finding["about"]["entry"], lambda index, action: True
    answer, closed = finding["answer"], finding["closed"]
    if answer is not None:
        yield answer["given"]["at"], is_act("answer-finding", finding=name, answer=answer["text"])
    if closed is not None:
        yield closed["made"]["at"], is_act(
            "close-finding", finding=name, outcome=closed["outcome"], text=closed["text"])


def of_assessment(name, assessment):
    yield assessment["reported"]["at"], is_act("report-assessment", terms=assessment["terms"])
    done = assessment["followed_up"]
    if done is not None:
        yield done["made"]["at"], is_act("follow-up-assessment", assessment=name, text=done["text"])


def of_published(name, published):
    yield published["published_at"], of_dataset(name, "publish-dataset")
    yield from of_version(name, published)
    begin, end = (is_act(kind, dataset=name) for kind in ("suspend-dataset", "resume-dataset"))
    yield from interruptions(published["suspensions"], begin, end)
    gone, back = is_act("withdraw-dataset", dataset=name), of_dataset(name, "publish-dataset")
    yield from interruptions(published["withdrawals"], gone, back)
    yield published["updated"]["at"], either(back, is_act("refresh-dataset", dataset=name))


def of_version(name, version):
    yield version["version_at"], is_act(*WHOLE_DATASETS, dataset=version["dataset"])


def of_key(name, key):
    yield key["registered_at"], either(is_act("register-key", key=name), MEASURES)
    if key["revoked"] is not None:
        yield key["revoked"]["at"], either(is_act("revoke-key", key=name), MEASURES)


def of_proposal(name, proposal):
    yield proposal["opened_at"], is_act("open-proposal", measure=proposal["measure"])

    def opened(index, action):
        return action["kind"] == "open-proposal" and f"P{index}" == name

    cast = either(opened, is_act("cast-ballot", proposal=name))
    for ballot in proposal["ballots"].values():
        yield ballot["at"], cast
    yield proposal["passed_at"], cast


def of_emergency(name, emergency):
    yield emergency["declared_at"], is_act("declare-emergency", terms=emergency["terms"])
    for renewal in emergency["renewals"]:
        yield renewal["mark"]["at"], MEASURES
    if emergency["ended"] is not None:
        yield emergency["ended"]["mark"]["at"], is_act("end-emergency", emergency=name)
    for review in emergency["reviews"]:
        yield review["mark"]["at"], is_act("review-emergency", emergency=name)


def of_emergency_access(name, access):
    emergency, at = name.split("/")
    yield int(at), used(emergency)
    if access["justified"] is not None:
        justifies = is_act("justify-access", emergency=emergency)
        yield access["justified"]["at"], lambda index, action: (
            justifies(index, action) and int(at) in action["accesses"])


def of_task_force(name, force):
    def formed(test):
        return lambda index, action: (
            action["kind"] == "form-task-force" and f"T{index}" == name and test(action["terms"]))

    def invited(agency):
        further = is_act("invite-to-task-force", task_force=name, agency=agency)
        return either(formed(lambda terms: agency in terms["invited"]), further)

    lead = force["terms"]["lead"]
    yield force["formed_at"], formed(lambda terms: terms == force["terms"])
    for one in force["memberships"][1:]:
        agency, left = one["agency"], one["left"]
        yield one["invited_at"], invited(agency)
        yield one["joined"]["at"], is_act("join-task-force", task_force=name)
        if left is not None:
            told = {"task_force": name, "reason": left["reason"]}
            own = is_act(*(["leave-task-force"] if left["by"] == agency else []), **told)
            out = is_act(*(["exclude-from-task-force"] if left["by"] == lead else []), agency=agency, **told)
            yield left["mark"]["at"], either(own, out)
    for agency, at in force["invited"].items():
        yield at, invited(agency)
    if force["ended"] is not None:
        ended = force["ended"]
        yield ended["mark"]["at"], is_act("end-task-force", task_force=name, reason=ended["reason"])


def of_code(codes):
    def found(name, code):
        entry = {"code": code["code"], "title": code["title"]}

        def published(index, action):
            return (action["kind"], action.get("list")) == ("publish-codes", codes) and \
                entry in action["codes"]

        yield code["published_at"], published
        yield code["withdrawn_at"], is_act("withdraw-code", list=codes, code=code["code"])
    return found


POSITIONS = {
    "g": of_grant, "f": of_grant_version, "r": of_request, "d": of_published, "e": of_version, "k": of_key,
    "x": lambda name, departure: [(departure["at"], MEASURES)],
    "h": of_emergency, "s": of_emergency_access, "q": of_proposal, "B": of_check, "I": of_incident, "D": of_dispute,
    "W": of_draw, "F": of_finding, "T": of_task_force, "A": of_assessment,
    "m": of_code("matters"), "b": of_code("duty-bases"),
}
