"""What the entries and the objects of an evidence bundle need of each other.

Holds: a need is a state key, or a position with the act that must stand there.
Source: docs/formats.md, "Evidence bundles", "What a bundle holds".
"""

from comity.grounds import (
    agency_key, code_key, dataset_key, departure_key, grant_key, key_key, proposal_key, request_key,
    usage_key, version_key,
)

# What always is among the objects.
ALWAYS = (b"p", b"o")
GRANTS = ("revoke-grant", "suspend-grant", "resume-grant")
REQUESTS = ("approve-request", "refuse-request", "withdraw-request", "urge-request")
NAMED_DATASETS = ("withdraw-dataset", "suspend-dataset", "resume-dataset")
WHOLE_DATASETS = ("publish-dataset", "amend-dataset")


def member_keys(agency):
    """An agency, and its departure."""
    return [agency_key(agency), departure_key(agency)]


def needs_of_entry(index, statement):
    """The keys of the objects that an entry needs."""
    action, keys = statement["action"], []
    kind = action["kind"]
    for signer in statement["signers"]:
        keys += [key_key(signer["key"]), *member_keys(signer["agency"])]
    if "attempt" in action:
        attempt = action["attempt"]["attempt"]
        keys += [key_key(attempt["officer"]), *member_keys(attempt["requester"])]
        keys += [grant_key(attempt["grant"]), usage_key(attempt["grant"])]
    if kind in ("issue-grant", "approve-request"):
        keys += [grant_key(f"G{index}"), usage_key(f"G{index}")]
    if kind in GRANTS:
        keys += [grant_key(action["grant"]), usage_key(action["grant"])]
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
    if kind == "open-proposal":
        keys.append(proposal_key(f"P{index}"))
    if kind == "cast-ballot":
        keys.append(proposal_key(action["proposal"]))
    if kind == "withdraw-code":
        keys.append(code_key(action["list"], action["code"]))
    return keys


def needs_of_object(letter, value):
    """The keys of the objects that an object that is held needs."""
    if letter == "g":
        terms = value["terms"]
        keys = [dataset_key(terms["dataset"]), code_key("duty-bases", terms["duty_basis"])]
        keys += [code_key("matters", matter) for matter in terms["matters"]]
        keys += [] if value["request"] is None else [request_key(value["request"])]
        return keys + member_keys(terms["requester"])
    if letter == "r":
        return [dataset_key(value["terms"]["asked"]["dataset"])]
    if letter == "d":
        return [version_key(value["dataset"]["id"], n) for n in range(1, value["version"])]
    return []


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
    request, terms = grant["request"], grant["terms"]
    if request is None:
        yield grant["issued_at"], is_act("issue-grant", terms=terms)
    else:
        yield grant["issued_at"], is_act("approve-request", request=request, terms=terms)
    begin, end = (is_act(kind, grant=name) for kind in ("suspend-grant", "resume-grant"))
    yield from interruptions(grant["suspensions"], begin, end)
    if grant["revoked"] is not None:
        yield grant["revoked"]["at"], is_act("revoke-grant", grant=name)


def of_request(name, request):
    yield request["opened_at"], is_act("open-request", terms=request["terms"])
    yield request["urging"]["last_at"], is_act("urge-request", request=name)
    reply = request["reply"]
    if reply is not None:
        outcome = reply["outcome"]["outcome"]
        kind = {"approved": "approve", "refused": "refuse", "withdrawn": "withdraw"}[outcome]
        yield reply["at"], is_act(f"{kind}-request", request=name)


def of_published(name, published):
    yield published["published_at"], of_dataset(name, "publish-dataset")
    yield from of_version(name, published)
    begin, end = (is_act(kind, dataset=name) for kind in ("suspend-dataset", "resume-dataset"))
    yield from interruptions(published["suspensions"], begin, end)
    gone, back = is_act("withdraw-dataset", dataset=name), of_dataset(name, "publish-dataset")
    yield from interruptions(published["withdrawals"], gone, back)


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
    "g": of_grant, "r": of_request, "d": of_published, "e": of_version, "k": of_key,
    "x": lambda name, departure: [(departure["at"], MEASURES)],
    "q": of_proposal, "m": of_code("matters"), "b": of_code("duty-bases"),
}
