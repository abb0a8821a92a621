"""values.json: every type in both of its forms. malformed.json: bytes that are no value."""

import hashlib

from comity import shapes, wire
from comity.hashing import header_hash

from . import assessing, binding, checking, disputing, forces, governing, incidents, late, overseeing, urgent
from . import world as w

TYPES = {
    "u16": wire.U16, "u32": wire.U32, "u64": wire.U64, "i16": wire.I16, "bool": wire.Bool(),
    "option-u32": wire.Option(wire.U32), "list-u16": wire.List(wire.U16),
    "set-code": shapes.CODES, "set-mode": shapes.MODES, "text-96": shapes.Text(96),
    "agency-id": shapes.AGENCY_ID, "slug": shapes.SLUG, "code": shapes.CODE,
    "item-name": shapes.ITEM_NAME, "dataset-id": shapes.DATASET_ID, "grant-id": shapes.GRANT_ID,
    "request-id": shapes.REQUEST_ID, "bundle-id": shapes.NONCE, "commitment": shapes.HASH,
    "details-hash": shapes.HASH,
    "height": shapes.HEIGHT, "log-index": shapes.LOG_INDEX, "time-ms": shapes.TIME_MS,
    "nonce": shapes.NONCE, "exchange-id": shapes.NONCE, "header-hash": shapes.HASH,
    "public-key": shapes.PUBLIC_KEY, "signature": shapes.SIGNATURE, "level": shapes.LEVEL,
    "agency-kind": shapes.AGENCY_KIND, "standing": shapes.STANDING, "agency": shapes.AGENCY,
    "key-role": shapes.KEY_ROLE, "key-algorithm": shapes.KEY_ALGORITHM,
    "key": shapes.KEY, "params": shapes.PARAMS,
    "code-entry": shapes.CODE_ENTRY, "genesis-key": shapes.GENESIS_KEY,
    "genesis-member": shapes.GENESIS_MEMBER, "genesis": shapes.GENESIS,
    "validator": shapes.VALIDATOR, "validator-set": shapes.VALIDATOR_SET,
    "sharing": shapes.SHARING, "openness": shapes.OPENNESS, "grade": shapes.GRADE,
    "delivery-mode": shapes.MODE, "item": shapes.ITEM, "dataset": shapes.DATASET,
    "published-dataset": shapes.PUBLISHED_DATASET, "dataset-version": shapes.DATASET_VERSION,
    "interruptions": shapes.INTERRUPTIONS, "items": shapes.ITEMS, "code-list": shapes.CODE_LIST,
    "published-code": shapes.PUBLISHED_CODE, "request-terms": shapes.REQUEST_TERMS,
    "request": shapes.ASKED, "urging": shapes.URGING, "reply": shapes.REPLY,
    "outcome": shapes.OUTCOME, "detail": shapes.DETAIL, "opening": shapes.OPENING,
    "query": shapes.QUERY, "signed-query": shapes.SIGNED_QUERY,
    "grant-terms": shapes.GRANT_TERMS, "grant": shapes.GRANT, "usage": shapes.USAGE,
    "attempt": shapes.ATTEMPT, "signed-attempt": shapes.SIGNED_ATTEMPT,
    "access-refusal": shapes.ACCESS_REFUSAL, "capacity": shapes.CAPACITY,
    "statement-signer": shapes.STATEMENT_SIGNER, "action": shapes.ACTION,
    "statement": shapes.STATEMENT, "signed-record": shapes.SIGNED_RECORD,
    "vote-kind": shapes.VOTE_KIND, "vote": shapes.VOTE, "proposal": shapes.PROPOSAL,
    "polka-certificate": shapes.POLKA_CERTIFICATE,
    "commit-certificate": shapes.COMMIT_CERTIFICATE, "header": shapes.HEADER,
    "proposal-id": shapes.PROPOSAL_ID, "official-keys": shapes.OFFICIAL_KEYS,
    "measure": shapes.MEASURE, "choice": shapes.CHOICE, "ballot": shapes.BALLOT,
    "proposed-measure": shapes.PROPOSED_MEASURE, "roll": shapes.ROLL,
    "departure": shapes.DEPARTURE, "equivocation": shapes.EQUIVOCATION, "u8": wire.U8,
    "calendar": shapes.CALENDAR, "region-calendars": shapes.REGION_CALENDARS, "clock": shapes.CLOCK,
    "rule-pack": shapes.RULE_PACK, "rule-packs": shapes.RULE_PACKS, "office": shapes.OFFICE,
    "mark": shapes.MARK, "extension": shapes.REPLY_EXTENSION, "bearers": shapes.BEARERS,
    "side": shapes.SIDE, "promise": shapes.PROMISE, "undertaking": shapes.UNDERTAKING,
    "fulfilment": shapes.FULFILMENT, "emergency": shapes.EMERGENCY, "emergency-terms": shapes.EMERGENCY_TERMS,
    "emergency-access": shapes.EMERGENCY_ACCESS, "emergency-use": shapes.EMERGENCY_USE,
    "basis": shapes.BASIS, "emergency-id": shapes.EMERGENCY_ID,
    "grant-version": shapes.GRANT_VERSION,
    "mark": shapes.MARK, "extension": shapes.REPLY_EXTENSION, "batch": shapes.BATCH,
    "batched-access": shapes.BATCHED_ACCESS, "gateway-numbers": shapes.GATEWAY_NUMBERS, "check-id": shapes.CHECK_ID, "incident-id": shapes.INCIDENT_ID,
    "dispute-id": shapes.DISPUTE_ID, "dispute-about": shapes.DISPUTE_ABOUT, "ruling": shapes.RULING,
    "dispute": shapes.DISPUTE, "incident-terms": shapes.INCIDENT_TERMS, "incident": shapes.INCIDENT,
    "check-terms": shapes.CHECK_TERMS, "check-outcome": shapes.CHECK_OUTCOME, "handover": shapes.HANDOVER,
    "check-request": shapes.CHECK_REQUEST,
    "answer": shapes.ANSWER, "acknowledgement": shapes.ACKNOWLEDGEMENT,
    "batch-root": shapes.HASH, "answer-hash": shapes.HASH, "draw-id": shapes.DRAW_ID,
    "finding-id": shapes.FINDING_ID, "draw": shapes.DRAW, "finding": shapes.FINDING,
    "draw-commitment": shapes.HASH, "draw-secret": shapes.HASH, "power": shapes.POWER,
    "task-force-id": shapes.TASK_FORCE_ID, "task-force": shapes.TASK_FORCE,
    "task-force-terms": shapes.TASK_FORCE_TERMS,
    "assessment-id": shapes.ASSESSMENT_ID, "assessment-kind": shapes.ASSESSMENT_KIND,
    "assessment-terms": shapes.ASSESSMENT_TERMS, "assessment": shapes.ASSESSMENT,
    "report-hash": shapes.HASH,
}
LIMIT = 40
# Types without a rendering in JSON.
BARE = {
    "frontier": shapes.FRONTIER, "state-proof": shapes.STATE_PROOF, "block": shapes.BLOCK,
    "committed-block": shapes.COMMITTED_BLOCK,
}


def small():
    """Values of the types that others are made of."""
    numbers = {"u8": (0, 255), "u16": (0, 513, 2**16 - 1), "u32": (0, 1, 2**32 - 1), "u64": (7, 2**64 - 1)}
    numbers["i16"] = (0, 480, -1, -840, 2**15 - 1, -(2**15))
    for name, values in numbers.items():
        yield from ((name, value) for value in values)
    for name in ("height", "log-index", "time-ms"):
        yield name, 2**63 + 5
    yield from (("bool", value) for value in (False, True))
    yield from (("option-u32", value) for value in (None, 0, 7))
    yield from (("list-u16", value) for value in ([], [3, 1, 3]))
    # By their bytes alone, "B" comes before "a", and "aa" before "b" though it is longer.
    yield from (("set-code", value) for value in ([], ["B", "a", "aa", "b"]))
    yield from (("set-mode", value) for value in ([], ["verify", "query", "batch"]))
    yield from (("text-96", value) for value in ("", "Résumé", "低保核查 — 🙂", "x" * 96))
    yield from (("agency-id", value) for value in ("a", "health.gd", "tax-1.city.gd", "a" * 64))
    yield "slug", "residents-income.v2"
    yield "code", "LOW-INCOME.1-b"
    yield from (("item-name", value) for value in ("姓名", "date of birth", "a"))
    yield "dataset-id", "health.gd/vaccinations"
    yield from (("grant-id", value) for value in ("G0", "G17", f"G{2**64 - 1}"))
    yield from (("request-id", value) for value in ("R0", "R12", f"R{2**64 - 1}"))
    yield from (("proposal-id", value) for value in ("P0", "P9", f"P{2**64 - 1}"))
    yield from (("incident-id", value) for value in ("I0", "I23", f"I{2**64 - 1}"))
    yield from (("dispute-id", value) for value in ("D0", "D27", f"D{2**64 - 1}"))
    yield from (("emergency-id", value) for value in ("E0", "E23", f"E{2**64 - 1}"))
    yield from (("basis", value) for value in ("G0", "G12", "E0", f"E{2**64 - 1}"))
    yield from (("draw-id", value) for value in ("W0", "W31", f"W{2**64 - 1}"))
    yield from (("finding-id", value) for value in ("F0", "F34", f"F{2**64 - 1}"))
    yield from (("task-force-id", value) for value in ("T0", "T36", f"T{2**64 - 1}"))
    yield from (("capacity", value) for value in ("agency", {"task-force": "T36"}))
    yield from (("assessment-id", value) for value in ("A0", "A37", f"A{2**64 - 1}"))
    yield from (("assessment-kind", value) for value in shapes.ASSESSMENT_KIND.names)
    yield from (("check-id", value) for value in ("C0", "C21", f"C{2**64 - 1}"))
    for name, size in (
        ("nonce", 16), ("exchange-id", 16), ("bundle-id", 16), ("header-hash", 32),
        ("commitment", 32), ("details-hash", 32), ("batch-root", 32), ("answer-hash", 32),
        ("draw-commitment", 32), ("draw-secret", 32), ("report-hash", 32),
    ):
        yield name, w.short(name, size)
    yield "public-key", w.public("health steward")
    yield "signature", w.certificate(1, 0, "00" * 32)["signatures"][0]["signature"]


OUTCOMES = [
    {"outcome": "approved", "grant": "G29", "by_rule": False},
    {"outcome": "refused", "legal_basis": "Health Act, art. 9", "reason": "Not this office"},
    {"outcome": "withdrawn", "reason": ""},
    {"outcome": "returned", "reason": "No duty is named"},
]


def enums():
    """Every variant of every enum."""
    for name, kind in TYPES.items():
        if isinstance(kind, wire.Unit):
            yield from ((name, variant) for variant in kind.names)
    yield from (("standing", value) for value in ("observer", {"validator": {"power": 3}}, w.hosting("civil.gd")))
    yield from (("items", value) for value in ("all", {"only": []}, {"only": ["a", "姓名"]}))
    found = {
        "at": 9, "until": 10, "from": 11, "limit": 12, "grant": "G13", "item": "姓名",
        "dataset": "health.gd/clinics", "requester": "tax.gd", "matter": "HOUSING",
        "sharing": "not-shared", "parent": "G11", "because": "grant-revoked",
        "emergency": "E23", "since": 13, "capacity": {"task-force": "T36"}, "task_force": "T36",
    }
    for name, kind in shapes.ACCESS_REFUSAL.variants:
        yield "access-refusal", {"rule": name, **{field: found[field] for field, _ in kind.fields}}
    yield from (("outcome", value) for value in OUTCOMES)
    yield from (("action", value["action"]) for _, value in statements())


BATCH = {"count": 65_536, "root": w.short("batch", 32)}
ANSWERS = [{"digest": w.short("answer", 32), "reliable": reliable} for reliable in (False, True)]
ACKNOWLEDGED = [w.received("one", 21), w.received("two", 22, w.short("answer", 32), 65_536)]


def statements():
    """A statement for each kind of action."""
    until = w.TIMES[0] + w.VALIDITY
    attempt = w.attempt("values", "G11")
    revocation = {"kind": "revoke-key", "key": w.public("civil officer"), "reason": "Lost"}
    actions = [
        ("health.gd admin", w.register("health steward")),
        ("health.gd admin", w.register("health gateway", valid_until=w.SOON)),
        ("civil.gd admin", {**revocation, "suspect_since": w.GENESIS_TIME}),
        ("civil.gd admin", {**revocation, "suspect_since": None}),
        ("health steward", {"kind": "publish-dataset", "dataset": w.dataset()}),
        ("health steward", {"kind": "issue-grant", "terms": w.terms(daily_quota=5)}),
        ("health steward", {"kind": "revoke-grant", "grant": "G11", "reason": "数据有误"}),
        ("health gateway", w.access(attempt)),
        ("health gateway", w.denial(attempt, {"rule": "quota-used", "limit": 1})),
        ("health gateway", w.access({**attempt, "sealed": w.SEALED})),
        ("health gateway", w.access({**attempt, "grant": "E23"})),
        ("health gateway", w.access({**attempt, "batch": BATCH}, number=2**40, answer=ANSWERS[1])),
        ("civil officer", {"kind": "acknowledge-access", "grant": "G11", "accesses": ACKNOWLEDGED}),
        *later_acts(), *acts_of_governance(), *acts_of_supervision(), *checking.acts(), *incidents.acts(),
        *disputing.acts(), *overseeing.acts(), *forces.acts(), *assessing.acts(),
    ]
    kinds = {action["kind"] for _, action in actions}
    assert kinds == {name for name, _ in shapes.ACTION.variants}, "an action of each kind"
    for at, (name, action) in enumerate(actions):
        yield [name], w.statement([name], action, f"values {at}", until)
    names = ["health steward", "civil steward"]
    yield names, w.statement(names, actions[4][1], "values two", until, sealed=w.SEALED)


def later_acts():
    """Acts about requests, versions, suspensions and codes, with who signs them."""
    name, steward = "health.gd/clinics", "health steward"
    officer, data = "civil officer", "data steward"
    codes = [{"code": "CARE", "title": "Care 养老"}, {"code": "PENSION", "title": "Pensions"}]
    yield steward, {"kind": "publish-dataset", "dataset": w.RETITLED}
    yield steward, {"kind": "amend-dataset", "dataset": w.RETITLED, "version": 1}
    for kind in ("withdraw-dataset", "suspend-dataset"):
        yield steward, {"kind": kind, "dataset": name, "reason": "Under repair 修复中"}
    yield steward, {"kind": "resume-dataset", "dataset": name}
    yield steward, {"kind": "suspend-grant", "grant": "G11", "reason": "Under review"}
    yield steward, {"kind": "resume-grant", "grant": "G11"}
    yield officer, {"kind": "open-request", "terms": w.asking()}
    bundled = w.asking(w.terms(total_quota=1), once=True, needed_by=w.NOW, bundle=w.short("bundle"))
    yield officer, {"kind": "open-request", "terms": bundled}
    yield steward, {"kind": "approve-request", "request": "R28", "terms": w.terms(daily_quota=5)}
    yield steward, {"kind": "refuse-request", "request": "R28",
                    "legal_basis": "Health Act, art. 9", "reason": "Not this office"}
    yield officer, {"kind": "withdraw-request", "request": "R28", "reason": ""}
    yield officer, {"kind": "urge-request", "request": "R28"}
    yield data, {"kind": "publish-codes", "list": "matters", "codes": codes}
    yield data, {"kind": "publish-codes", "list": "duty-bases", "codes": codes[:1]}
    yield data, {"kind": "withdraw-code", "list": "duty-bases", "code": "STATUTE-1",
                 "reason": "Repealed"}


def acts_of_governance():
    """Acts about proposals and equivocations, with who signs them."""
    data = "data.gd admin"
    for measure in measures():
        yield data, {"kind": "open-proposal", "measure": measure}
    for choice in ("for", "against"):
        yield data, {"kind": "cast-ballot", "proposal": "P43", "choice": choice}
    for value in governing.EQUIVOCATIONS.values():
        yield "civil.gd validator", {"kind": "record-equivocation", "equivocation": value}


def acts_of_supervision():
    """Acts about duties, calendars and rule packs, with who signs them."""
    steward, data = "health steward", "data steward"
    for fault in ("", "No duty is named"):
        yield data, {"kind": "review-request", "request": "R28", "fault": fault}
    yield steward, {"kind": "extend-reply", "request": "R28", "days": 10, "reason": "Much work"}
    yield steward, {"kind": "report-delivery", "grant": "G11"}
    yield steward, {"kind": "refresh-dataset", "dataset": "health.gd/clinics"}
    yield data, {"kind": "publish-calendar", "calendar": CALENDAR}
    yield data, {"kind": "publish-rules", "pack": RULES}
    bound = w.terms(officers={"posts": ["Desk"]}, onward=["tax.gd"], undertakings=binding.UNDERTAKINGS)
    yield steward, {"kind": "narrow-grant", "grant": "G11", "terms": w.terms(daily_quota=3), "version": 1}
    yield steward, {"kind": "extend-grant", "grant": "G11", "terms": bound, "version": 2}
    yield "civil steward", {"kind": "issue-onward", "parent": "G11", "terms": w.terms(requester="tax.gd")}
    yield from urgent.actions()
    yield from late.actions()
    yield "civil steward", {"kind": "fulfil-undertaking", "grant": "G11", "number": 1, "note": "Deleted 已删除"}


CALENDAR = {
    "region": "440100", "first": 20_514, "last": 20_600, "week": 31, "holidays": [20_550, 20_553],
    "workdays": [20_554],
}
RULES = {
    "name": "CN-2025", "title": "A regulation 条例", "source": "Decree no. 1", "from": w.NOW,
    "clocks": {"compliance-review": 2, "reply-unconditional": 1, "delivery": 20},
    "stewards_important": 2, "stewards_core": 3,
}


def supervision():
    """Calendars, rule packs, and what objects keep about duties."""
    yield "calendar", CALENDAR
    yield "calendar", {**CALENDAR, "region": "", "holidays": [], "workdays": []}
    yield "region-calendars", []
    yield "region-calendars", [{"calendar": CALENDAR, "at": 7}]
    yield "rule-pack", RULES
    yield "rule-pack", {**RULES, "clocks": {}}
    yield "rule-packs", [{"pack": RULES, "at": 9}]
    yield "mark", {"at": 31, "on": w.NOW}
    yield "extension", {"at": 37, "days": 10, "reason": "Much work"}


def measures():
    """Measures of every kind."""
    for agency in (w.NEW, w.FOLLOWER, w.HOSTED):
        yield w.admitting(agency)
    yield governing.removal("tax.gd", "Merged 合并")
    new = w.new_key("tax.gd", "admin", 1)
    yield governing.replacing("tax.gd", "tax.gd admin", new, w.GENESIS_TIME)
    yield governing.replacing("tax.gd", None, new)
    yield governing.replacing("data.gd", "data.gd note", None)
    yield {"measure": "change-operator", "agency": "tax.gd", "operated_by": "A contractor 承包商"}
    yield governing.standing("tax.gd", "observer")
    key = w.new_key("univ.gd", "validator", 1)
    yield governing.standing("univ.gd", {"validator": {"power": 2}}, key)
    yield governing.standing("univ.gd", w.hosting("civil.gd"))
    yield {"measure": "change-authority", "agency": "civil.gd"}
    yield governing.params(ballot_open_ms=60_000)
    yield governing.VERSION
    yield {"measure": "appoint", "office": "supervisor", "agencies": ["tax.gd"]}
    yield {"measure": "change-sponsor", "agency": "univ.gd", "sponsor": "civil.gd"}


def governance():
    """Proposals, the roll, departures."""
    for measure in measures():
        yield "measure", measure
    ballots = {
        "data.gd": {"choice": "for", "at": 43}, "b": {"choice": "against", "at": 44},
        "civil.gd": {"choice": "for", "at": 45},
    }
    proposed = {
        "measure": governing.removal("tax.gd"), "opened_by": "data.gd", "opened_at": 43,
        "closes": w.NOW, "ballots": {}, "passed_at": None,
    }
    yield "proposed-measure", proposed
    yield "proposed-measure", {**proposed, "ballots": ballots, "passed_at": 45}
    for value in ballots.values():
        yield "ballot", value
    yield "roll", {"electorate": [], "hosted": {}}
    hosted = {"village.gd": "civil.gd", "b": "civil.gd", "aa": "data.gd"}
    yield "roll", {"electorate": ["b", "civil.gd", "data.gd"], "hosted": hosted}
    yield "departure", {"at": 46, "on": w.NOW, "reason": "Merged 合并"}
    keys = {"admins": 1, "transport": w.public("tax.gd transport"), "note": None}
    yield "official-keys", keys
    yield "official-keys", {**keys, "transport": None}
    yield "official-keys", {**keys, "note": w.public("data.gd note")}
    for value in governing.EQUIVOCATIONS.values():
        yield "equivocation", value


def requests():
    """Requests, code lists, interruptions, openings and queries."""
    asked = {
        "terms": w.asking(), "opened_at": 28, "opened_by": w.public("civil officer"),
        "opened_on": w.TIMES[3], "urging": {"count": 0, "last_at": None, "last_day": 0},
        "reply": None, "sharing": "conditional", "reviewer": None, "reviewed": None, "extension": None,
        "decided_by": "health.gd", "earlier": [],
    }
    urging = {"count": 2, "last_at": 36, "last_day": 20514}
    bundled = w.asking(w.terms(total_quota=1), once=True, needed_by=w.NOW, bundle=w.short("bundle"))
    yield "request-terms", asked["terms"]
    yield "request-terms", bundled
    yield "urging", urging
    yield "request", asked
    reviewed = {"reviewer": "data.gd", "reviewed": {"at": 36, "on": w.NOW}}
    extension = {"at": 37, "days": 10, "reason": "Much work"}
    yield "request", {**asked, "sharing": "unclassified", "extension": extension, **reviewed}
    for outcome in OUTCOMES:
        reply = {"at": 29, "on": w.TIMES[4], "outcome": outcome}
        yield "reply", reply
        yield "request", {**asked, "terms": bundled, "urging": urging, "reply": reply}
    code = {"code": "CARE", "title": "Care 养老", "published_at": None, "withdrawn_at": None}
    yield "published-code", code
    yield "published-code", {**code, "published_at": 26, "withdrawn_at": 27}
    over = {"at": 7, "reason": "Under repair", "ended_at": 9, "on": w.TIMES[2], "ended_on": w.NOW}
    lasting = {"at": 12, "reason": "", "ended_at": None, "on": w.NOW, "ended_on": None}
    yield from (("interruptions", value) for value in ([], [over], [over, lasting]))
    published = {
        "dataset": w.RETITLED, "version": 3, "published_at": 7, "version_at": 30,
        "suspensions": [over, lasting], "withdrawals": [over], "updated": {"at": 31, "on": w.NOW},
        "version_on": w.TIMES[3], "promised": None,
    }
    yield "published-dataset", published
    yield "published-dataset", {**published, "promised": {"update_days": 30, "since": w.TIMES[1]}}
    yield "dataset-version", {"dataset": w.dataset(), "version_at": 7, "version_on": w.NOW}
    grant = {
        "terms": w.terms(), "issued_at": 29, "request": "R28", "suspensions": [over, lasting],
        "revoked": None, "issued_on": w.TIMES[3], "delivered": {"at": 30, "on": w.NOW},
        "sharing": "conditional",
        "version": 2, "version_at": 31, "parent": "G11", "first_use": {"at": 32, "on": w.NOW},
        "fulfilled": [{"number": 1, "count": 2, "last": {"at": 33, "on": w.NOW},
                       "before": {"at": 32, "on": w.NOW}}],
    }
    yield "grant", grant
    yield "fulfilment", grant["fulfilled"][0]
    yield "fulfilment", {**grant["fulfilled"][0], "count": 1, "before": None}
    yield "grant-version", {"terms": w.terms(), "version_at": 29}
    for value in ("all", {"posts": []}, {"posts": ["Desk", "低保窗口"]}, {"keys": [w.public("civil officer")]}):
        yield "bearers", value
    yield from urgent.stored()
    yield from forces.stored()
    for value in binding.UNDERTAKINGS:
        yield "promise", value["what"]
        yield "undertaking", value
    yield "grant-terms", w.terms(onward=["tax.gd", "univ.gd"], undertakings=binding.UNDERTAKINGS,
                                 officers={"posts": ["Desk"]})
    for detail, text in (("case-number", "2026-0117"), ("purpose", "低保核查"), ("row-filter", "")):
        yield "opening", w.opening(detail, text)
    for name, query in signed_queries():
        yield "query", query
        body = shapes.QUERY.put(query)
        signature = w.sign(name, "query", w.CONSORTIUM, body)
        yield "signed-query", {"query": query, "signature": signature}


def signed_queries():
    """Queries, with who signs them."""
    commitment = w.short("commitment 1", 32)
    for name, method, path, body in (
        ("civil officer", "GET", f"/v1/sealed/{commitment}", b""),
        ("civil officer", "POST", "/v1/sealed", b'{"openings": []}'),
        ("health steward", "DELETE", f"/v1/sealed/{commitment}?quiet=1", b'{"reason": "Ended"}'),
    ):
        yield name, {
            "consortium": w.CONSORTIUM.hex(), "key": w.public(name), "method": method,
            "path": path, "body": hashlib.sha256(body).hexdigest(), "made_at": w.NOW,
        }


def large():
    """Structs."""
    yield "agency", w.GENESIS["members"][0]["agency"]
    yield "agency", w.GENESIS["members"][4]["agency"]
    yield "agency", {**w.GENESIS["members"][4]["agency"], "kind": "enterprise", "sponsor": "civil.gd"}
    key = {
        "agency": "health.gd", "role": "steward", "algorithm": "ed25519", "post": "Data steward",
        "registered_at": 0, "valid_until": None, "revoked": None, "registered_on": w.TIMES[0],
    }
    revoked = {"at": 19, "reason": "Left the post", "suspect_since": w.TIMES[0], "on": w.NOW}
    yield "key", {**key, "registered_at": None, "registered_on": None}
    yield "key", {**key, "valid_until": w.SOON}
    yield "key", {**key, "revoked": revoked}  # as docs/formats.md shows it
    yield "params", w.GENESIS["params"]
    yield "code-entry", w.GENESIS["duty_bases"][0]
    yield "genesis-key", w.GENESIS["members"][0]["keys"][2]
    yield "genesis-member", w.GENESIS["members"][4]
    yield "genesis", w.GENESIS
    validators = w.CHAIN.ledger.validators
    yield "validator", validators[2]
    yield "validator-set", validators
    yield "item", w.dataset()["items"][0]
    for value in w.DATASETS:
        yield "dataset", value
    yield "published-dataset", {
        "dataset": w.dataset(), "version": 1, "published_at": 7, "version_at": 7,
        "suspensions": [], "withdrawals": [], "updated": {"at": 7, "on": w.TIMES[1]},
        "version_on": w.TIMES[1], "promised": None,
    }
    yield "dataset", {**w.RETITLED, "update_days": 365}
    yield "dataset", {**w.RETITLED, "reliable": True}
    yield "dataset", w.RETITLED
    yield "dataset", w.dataset(manager="data.gd", service="", stated=[])
    for at, value in w.GRANTS.items():
        grant = {"terms": value, "issued_at": int(at[1:]), "request": None, "suspensions": [],
                 "revoked": None, "issued_on": w.TIMES[1], "delivered": None, "version": 1,
                 "sharing": "not-shared",
                 "version_at": int(at[1:]), "parent": None, "first_use": None, "fulfilled": []}
        yield "grant-terms", value
        yield "grant", grant
    yield "grant", {**grant, "revoked": {"at": 20, "reason": "Issued by mistake", "on": w.NOW}}
    yield "usage", {"total": 3, "day": 20514, "on_day": 2, "onward": 1}
    yield "attempt", w.attempt("values", "G11")
    yield "attempt", w.attempt("values batch", "G11", batch=BATCH)
    yield "batch", BATCH
    yield "batched-access", {"salt": w.short("salt", 32), "text": "王某,2011-05-03"}
    yield from (("gateway-numbers", value) for value in (
        {"last": 0, "missing": []}, {"last": 9, "missing": [2, 7]}, {"last": 20, "missing": [1, 2, 3, 7, 18, 19]}))
    yield from (("answer", value) for value in ANSWERS)
    yield from (("acknowledgement", value) for value in ACKNOWLEDGED)
    yield "signed-attempt", w.signed_attempt("civil officer", w.attempt("values", "G18"))
    for names, value in statements():
        yield "statement-signer", value["signers"][0]
        yield "statement", value
        yield "signed-record", w.signed(names, value)
    block = w.CHAIN.blocks[1]
    for value in ("ab" * 32, None):
        yield "vote", w.vote("tax.gd", "prevote", 2, 1, value)[0]
    proposal = {
        "height": 2, "round": 1, "value": "cd" * 32, "polka_round": None,
        "validator": w.public("tax.gd validator"),
    }
    yield from (("proposal", {**proposal, "polka_round": value}) for value in (None, 0))
    yield "commit-certificate", w.CHAIN.certificate
    yield "polka-certificate", w.CHAIN.polkas[1][0]
    yield "header", block["header"]


def values():
    """The cases of values.json."""
    for source in (small(), enums(), large(), requests(), governance(), supervision(),
                   checking.values(), incidents.values(), disputing.values(), overseeing.values(), assessing.values()):
        for name, value in source:
            yield {"type": name, "json": value, "bytes": TYPES[name].put(value).hex()}


def after_last(name):
    """The number of the first variant that a type does not have."""
    kind = TYPES[name]
    return wire.U32.put(len(kind.names if isinstance(kind, wire.Unit) else kind.variants))


def malformed():
    """The cases of malformed.json."""
    for what, name, data, fault in (*plain_faults(), *odd_faults(), *struct_faults()):
        kind, limit = {**TYPES, **BARE}[name], LIMIT if fault == "oversized" else 65_535
        try:
            wire.decode(kind, data, limit)
        except wire.Refused as refused:
            assert refused.kind == fault, (what, refused)
        else:
            raise AssertionError(what)
        yield {"what": what, "type": name, "bytes": data.hex(), "limit": limit, "fault": fault}


def count(number):
    """A length or count."""
    return number.to_bytes(8, "little")


def plain_faults():
    """Faults of small types."""
    yield "nothing", "u64", b"", "truncated"
    yield "seven bytes of eight", "u64", bytes(7), "truncated"
    yield "nine bytes of eight", "u64", bytes(9), "trailing"
    yield "more than the limit", "text-96", count(LIMIT - 7) + b"x" * (LIMIT - 7), "oversized"
    yield "a bool that is 2", "bool", b"\2", "malformed"
    yield "an option that is 2", "option-u32", b"\2" + bytes(4), "malformed"
    yield "an option without its value", "option-u32", b"\1" + bytes(3), "truncated"
    yield "bytes after none", "option-u32", bytes(5), "trailing"
    yield "a text that ends early", "text-96", count(5) + b"four", "truncated"
    yield "a text with bytes behind it", "text-96", count(3) + b"four", "trailing"
    yield "a length of 2^64 - 1", "text-96", b"\xff" * 8 + b"x", "truncated"
    yield "a length of 2^63", "text-96", count(2**63) + b"x", "truncated"
    yield "a length of 20 MiB", "text-96", count(20 << 20) + b"x", "truncated"
    yield "a count of 2^61", "list-u16", count(2**61) + b"\1\0", "truncated"
    yield "a count of 2^64 - 1", "set-code", b"\xff" * 8, "truncated"
    yield "a count of one more than there are", "list-u16", count(2) + b"\1\0", "truncated"
    yield "a set out of order", "set-mode", count(2) + b"\1\0\0\0" + bytes(4), "not-canonical"
    yield "a set with an element twice", "set-mode", count(2) + bytes(8), "not-canonical"
    code = shapes.CODE
    longer_first = count(2) + code.put("b") + code.put("aa")
    yield "a set ordered by length", "set-code", longer_first, "not-canonical"
    yield "a code twice", "set-code", count(2) + code.put("A") * 2, "not-canonical"
    yield "a variant after the last", "key-role", b"\x08\0\0\0", "malformed"
    yield "a variant of 2^32 - 1", "key-role", b"\xff" * 4, "malformed"
    yield "a variant as one byte", "key-role", b"\1", "truncated"
    yield "an unknown kind of items", "items", b"\2\0\0\0", "malformed"
    yield "an unknown kind of action", "action", after_last("action"), "malformed"
    yield "an unknown access refusal", "access-refusal", after_last("access-refusal"), "malformed"
    yield "an unknown capacity", "capacity", after_last("capacity"), "malformed"
    yield "an unknown algorithm", "key-algorithm", b"\1\0\0\0", "malformed"
    yield "an unknown outcome", "outcome", after_last("outcome"), "malformed"
    yield "an unknown list", "code-list", b"\2\0\0\0", "malformed"
    yield "an unknown detail", "detail", b"\3\0\0\0", "malformed"
    yield "an unknown measure", "measure", after_last("measure"), "malformed"
    yield "an unknown standing", "standing", b"\3\0\0\0", "malformed"
    yield "an unknown choice", "choice", b"\2\0\0\0", "malformed"
    yield "an unknown equivocation", "equivocation", b"\2\0\0\0", "malformed"
    for what, ends in (
        ("a gap that ends before it begins", (2, 1)), ("two gaps that are one", (1, 2, 3, 4)),
        ("gaps out of order", (5, 6, 1, 2)), ("gaps of more numbers than may be left out", (1, 1025)),
        ("a gap of all numbers", (0, 2**64 - 1)),
    ):
        gaps = count(len(ends) // 2) + b"".join(map(count, ends))
        yield what, "gateway-numbers", count(9) + gaps, "malformed"
    agency = shapes.AGENCY_ID
    yield from maps(agency.put("aa") + agency.put("c"), agency.put("b") + agency.put("c"))
    yield "a salt of 31 bytes", "opening", bytes(4 + 31), "truncated"
    text = bytes(4 + 32) + count(2049) + b"x" * 2049
    yield "a detail of 2,049 bytes", "opening", text, "malformed"
    once = shapes.REQUEST_TERMS.put(w.asking())
    yield "a request that is half once", "request-terms", once[:-3] + b"\2" + once[-2:], "malformed"


def maps(first, second):
    """Faults of a map, in a roll."""
    def roll(*pairs):
        return count(0) + count(len(pairs)) + b"".join(pairs)

    yield "a map out of order", "roll", roll(second, first), "not-canonical"
    yield "a map with a key twice", "roll", roll(first, first), "not-canonical"
    yield "a map of one more than there are", "roll", count(0) + count(3) + first + second, "truncated"
    yield "a map of 2^60", "roll", count(0) + count(2**60) + first, "truncated"


def odd_faults():
    """Faults of texts, names and keys."""
    for what, data in (
        ("not UTF-8", b"a\xff"), ("an overlong slash", b"\xc0\xaf"),
        ("a surrogate", b"\xed\xa0\x80"), ("half a character", "é".encode()[:1]),
        ("above the last code point", b"\xf4\x90\x80\x80"), ("a newline", b"a\nb"),
        ("a zero byte", b"a\0"), ("a right-to-left override", "a\u202eb".encode()),
        ("a zero-width space", "a\u200b".encode()), ("a tag", "\U000e0041".encode()),
        ("private use", "\ue000".encode()), ("a noncharacter", "\ufdd0".encode()),
        ("97 bytes", b"x" * 97),
    ):
        yield what, "text-96", count(len(data)) + data, "malformed"
    for what, name, text in (
        ("an empty agency id", "agency-id", ""), ("capitals", "agency-id", "Health.gd"),
        ("an empty label", "agency-id", "a..b"), ("a label that ends in -", "agency-id", "a-.gd"),
        ("65 bytes", "agency-id", "a" * 65), ("an underscore", "slug", "a_b"),
        ("a slash", "slug", "a/b"), ("an empty part", "code", "A."),
        ("a code in Chinese", "code", "低保"), ("a comma", "item-name", "a,b"),
        ("a space in front", "item-name", " a"), ("an ideographic space", "item-name", "a\u3000"),
        ("an empty item name", "item-name", ""),
    ):
        yield what, name, wire.Str(lambda _: True).put(text), "malformed"
    yield "a key of small order", "public-key", b"\1" + bytes(31), "malformed"
    yield "a key that is no point", "public-key", b"\2" + bytes(31), "malformed"
    yield "a key that is not reduced", "public-key", (2**255 - 16).to_bytes(32, "little"), "malformed"
    yield "31 bytes of a key", "public-key", bytes.fromhex(w.public("health steward"))[:31], "truncated"


def struct_faults():
    """Faults of sets of validators, frontiers, proofs, records and blocks."""
    raw = wire.List(shapes.VALIDATOR)
    good = w.CHAIN.ledger.validators
    for what, value in (
        ("no validator", []), ("out of order", good[::-1]), ("an agency twice", [good[0]] * 2),
        ("a key twice", [good[0], {**good[1], "key": good[0]["key"]}]),
        ("no power", [{**good[0], "power": 0}]),
        ("too much power", [{**good[0], "power": 2**40}, good[1]]),
        ("a sum that overflows", [{**v, "power": 2**63} for v in good[:2]]),
    ):
        yield what, "validator-set", raw.put(value), "malformed"
    hashes = shapes.LEAF_HASHES
    for size, subtrees in ((0, 1), (1, 0), (3, 1), (4, 2), (2**63, 1)):
        data = count(size) + hashes.put(["11" * 32] * subtrees)
        yield f"{subtrees} subtrees for {size} entries", "frontier", data, "malformed"
    proof = hashes.put(["22" * 32] * 257) + bytes(4)
    yield "257 siblings", "state-proof", proof, "malformed"
    yield "an unknown end", "state-proof", hashes.put([]) + b"\3\0\0\0", "malformed"
    header = shapes.HEADER.put(w.CHAIN.blocks[0]["header"])
    yield "a header without its end", "header", header[:-1], "truncated"
    yield "a header and a byte", "header", header + b"\0", "trailing"
    block = shapes.BLOCK.put(w.CHAIN.blocks[0])
    yield "a block without its end", "block", block[:-1], "truncated"
    yield "a block and a byte", "block", block + b"\0", "trailing"
    committed = shapes.COMMITTED_BLOCK.put(
        {"block": w.CHAIN.blocks[-1], "certificate": w.CHAIN.certificate, "polkas": []})
    yield "a committed block without its polka certificates", "committed-block", committed[:-8], \
        "truncated"
    yield "a committed block without its end", "committed-block", committed[:-1], "truncated"
    assert header_hash(w.CHAIN.blocks[-1]["header"]).hex() == w.CHAIN.certificate["header_hash"]
