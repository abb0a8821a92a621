"""The rules (docs/formats.md, "Rules") of datasets, grants, requests and codes."""

from . import shapes
from .grounds import (
    SHARED, Refusal, agency_key, begin, code_key, current, dataset_key, day_of, grant_key,
    request_key, require, version_key,
)


def owner_of(dataset):
    """The agency in a dataset's id."""
    return dataset.split("/")[0]


def put_dataset(published):
    """A dataset's new value."""
    name = published["dataset"]["id"]
    return {dataset_key(name): shapes.PUBLISHED_DATASET.put(published)}


def replaced(published, dataset, index):
    """The values of a new version and of the one that it replaces."""
    version = {"dataset": published["dataset"], "version_at": published["version_at"]}
    following = {
        **published, "dataset": dataset, "version": published["version"] + 1, "version_at": index
    }
    key = version_key(dataset["id"], published["version"])
    return {**put_dataset(following), key: shapes.DATASET_VERSION.put(version)}


def check_form(dataset):
    """The form of a dataset."""
    items = dataset["items"]
    for field in ("title", "contact"):
        require(dataset[field] != "", "dataset-field-empty", field=field)
    require(len(items) <= 128, "too-many-items", count=len(items), limit=128)
    names = [item["name"] for item in items]
    for at, item in enumerate(names):
        require(item not in names[:at], "item-twice", item=item)
    require(dataset["modes"], "no-modes")
    based = dataset["sharing"] != "not-shared" or dataset["conditions"] != ""
    require(based, "not-shared-without-basis")


def beyond(terms, asked):
    """The first field in which terms permit more than those asked for, or None."""
    def exceeds(name):
        limit, own = asked[name], terms[name]
        return limit is not None and (own is None or own > limit)

    def wider_items():
        if asked["items"] == "all":
            return False
        wanted = terms["items"]
        return wanted == "all" or not set(wanted["only"]) <= set(asked["items"]["only"])

    longer = terms["not_before"] < asked["not_before"] or terms["not_after"] > asked["not_after"]
    fields = {
        "dataset": terms["dataset"] != asked["dataset"],
        "requester": terms["requester"] != asked["requester"],
        "matters": not set(terms["matters"]) <= set(asked["matters"]),
        "duty-basis": terms["duty_basis"] != asked["duty_basis"],
        "items": wider_items(),
        "modes": not set(terms["modes"]) <= set(asked["modes"]),
        "period": longer,
        "total-quota": exceeds("total_quota"),
        "daily-quota": exceeds("daily_quota"),
    }
    return next((name for name, wider in fields.items() if wider), None)


class Catalogue:
    """Datasets, grants and codes."""

    def publish_dataset(self, signers, action, index, time):
        dataset = action["dataset"]
        name = dataset["id"]
        self.require_sole_signer(signers, owner_of(name), "steward")
        published = self.read(shapes.PUBLISHED_DATASET, dataset_key(name))
        if published is not None and current(published["withdrawals"]) is None:
            raise Refusal("dataset-exists", dataset=name, at=published["published_at"])
        check_form(dataset)
        if published is None:
            return put_dataset({
                "dataset": dataset, "version": 1, "published_at": index, "version_at": index,
                "suspensions": [], "withdrawals": [],
            })
        published["withdrawals"][-1]["ended_at"] = index
        return replaced(published, dataset, index)

    def in_catalogue(self, name):
        """A dataset that is in the catalogue."""
        published = self.read(shapes.PUBLISHED_DATASET, dataset_key(name))
        require(published is not None, "dataset-unknown", dataset=name)
        withdrawal = current(published["withdrawals"])
        if withdrawal is not None:
            raise Refusal("dataset-gone", dataset=name, at=withdrawal["at"])
        return published

    def own(self, signers, name):
        """A dataset in the catalogue that is the signer's."""
        self.require_sole_signer(signers, owner_of(name), "steward")
        return self.in_catalogue(name)

    def amend_dataset(self, signers, action, index, time):
        dataset = action["dataset"]
        name = dataset["id"]
        published = self.own(signers, name)
        version, at = published["version"], published["version_at"]
        require(version == action["version"], "dataset-changed", dataset=name, version=version, at=at)
        require(published["dataset"] != dataset, "dataset-unchanged", dataset=name)
        check_form(dataset)
        return replaced(published, dataset, index)

    def withdraw_dataset(self, signers, action, index, time):
        published = self.own(signers, action["dataset"])
        begin(published["withdrawals"], index, action["reason"])
        return put_dataset(published)

    def suspend_dataset(self, signers, action, index, time):
        name = action["dataset"]
        published = self.own(signers, name)
        suspension = current(published["suspensions"])
        if suspension is not None:
            raise Refusal("dataset-already-suspended", dataset=name, at=suspension["at"])
        begin(published["suspensions"], index, action["reason"])
        return put_dataset(published)

    def resume_dataset(self, signers, action, index, time):
        name = action["dataset"]
        published = self.own(signers, name)
        suspension = current(published["suspensions"])
        require(suspension is not None, "dataset-not-suspended", dataset=name)
        suspension["ended_at"] = index
        return put_dataset(published)

    def issue_grant(self, signers, action, index, time):
        terms = action["terms"]
        self.require_sole_signer(signers, owner_of(terms["dataset"]), "steward")
        return self.grant(terms, None, index, time)

    def grant(self, terms, request, index, time):
        """What a grant of these terms puts."""
        dataset = self.in_catalogue(terms["dataset"])["dataset"]
        sharing = dataset["sharing"]
        require(sharing in SHARED, "not-shareable", sharing=sharing)
        self.check_terms(dataset, terms, time)
        value = {"terms": terms, "issued_at": index, "request": request, "suspensions": []}
        return {grant_key(f"G{index}"): shapes.GRANT.put(value)}

    def check_terms(self, dataset, terms, time):
        """Whether terms are sound on a dataset."""
        requester, matters = terms["requester"], terms["matters"]
        require(requester != owner_of(terms["dataset"]), "grant-to-self")
        require(agency_key(requester) in self.state, "agency-unknown", agency=requester)
        self.check_membership(requester, time)
        require(1 <= len(matters) <= 32, "matter-count", limit=32)
        for matter in matters:
            self.code_in_use("matters", matter)
        self.code_in_use("duty-bases", terms["duty_basis"])
        if terms["items"] != "all":
            require(terms["items"]["only"], "no-items")
            names = [item["name"] for item in dataset["items"]]
            for item in terms["items"]["only"]:
                require(item in names, "item-unknown", item=item)
        require(terms["modes"], "no-modes")
        for mode in terms["modes"]:
            require(mode in dataset["modes"], "mode-not-offered", mode=mode)
        lasts = terms["not_before"] < terms["not_after"] and terms["not_after"] > time
        require(lasts, "period-empty")
        require(0 not in (terms["total_quota"], terms["daily_quota"]), "quota-zero")

    def live_grant(self, signers, name):
        """A grant of the signer's that was not revoked."""
        grant = self.read(shapes.GRANT, grant_key(name))
        require(grant is not None, "grant-unknown", grant=name)
        self.require_sole_signer(signers, owner_of(grant["terms"]["dataset"]), "steward")
        if grant["revoked"] is not None:
            raise Refusal("grant-already-revoked", grant=name, at=grant["revoked"]["at"])
        return grant

    def revoke_grant(self, signers, action, index, time):
        grant = self.live_grant(signers, action["grant"])
        grant["revoked"] = {"at": index, "reason": action["reason"]}
        return {grant_key(action["grant"]): shapes.GRANT.put(grant)}

    def suspend_grant(self, signers, action, index, time):
        name = action["grant"]
        grant = self.live_grant(signers, name)
        suspension = current(grant["suspensions"])
        if suspension is not None:
            raise Refusal("grant-already-suspended", grant=name, at=suspension["at"])
        begin(grant["suspensions"], index, action["reason"])
        return {grant_key(name): shapes.GRANT.put(grant)}

    def resume_grant(self, signers, action, index, time):
        name = action["grant"]
        grant = self.live_grant(signers, name)
        suspension = current(grant["suspensions"])
        require(suspension is not None, "grant-not-suspended", grant=name)
        suspension["ended_at"] = index
        return {grant_key(name): shapes.GRANT.put(grant)}

    def code_in_use(self, codes, code):
        """A code that is on a list and not withdrawn."""
        listed = self.read(shapes.PUBLISHED_CODE, code_key(codes, code))
        require(listed is not None, "code-unknown", list=codes, code=code)
        at = listed["withdrawn_at"]
        if at is not None:
            raise Refusal("code-withdrawn", list=codes, code=code, at=at)
        return listed

    def require_authority(self, signers):
        authority = self.read(shapes.AGENCY_ID, b"c")
        self.require_sole_signer(signers, authority, "steward")

    def publish_codes(self, signers, action, index, time):
        self.require_authority(signers)
        require(1 <= len(action["codes"]) <= 64, "code-count", limit=64)
        puts = {}
        for entry in action["codes"]:
            key = code_key(action["list"], entry["code"])
            require(key not in self.state and key not in puts, "code-taken", code=entry["code"])
            require(entry["title"] != "", "code-title-empty", code=entry["code"])
            puts[key] = shapes.PUBLISHED_CODE.put({**entry, "published_at": index})
        return puts

    def withdraw_code(self, signers, action, index, time):
        self.require_authority(signers)
        listed = self.code_in_use(action["list"], action["code"])
        listed["withdrawn_at"] = index
        key = code_key(action["list"], action["code"])
        return {key: shapes.PUBLISHED_CODE.put(listed)}


class Requests:
    """Requests and replies."""

    def open_request(self, signers, action, index, time):
        terms = action["terms"]
        asked = terms["asked"]
        self.require_sole_signer(signers, asked["requester"], "officer")
        dataset = self.in_catalogue(asked["dataset"])["dataset"]
        self.check_membership(owner_of(asked["dataset"]), time)
        sharing = dataset["sharing"]
        require(sharing != "not-shared", "not-shareable", sharing=sharing)
        self.check_terms(dataset, asked, time)
        require(not terms["once"] or asked["total_quota"] == 1, "once-quota")
        needed = terms["needed_by"]
        require(needed is None or needed > time, "needed-by-over")
        value = {
            "terms": terms, "opened_at": index, "opened_by": signers[0]["key"], "opened_on": time,
            "urging": {"count": 0, "last_at": None, "last_day": 0}, "reply": None,
        }
        return {request_key(f"R{index}"): shapes.ASKED.put(value)}

    def open_one(self, signers, name, by_requester):
        """A request without a reply, if its requester's officer or its provider's steward signs."""
        request = self.read(shapes.ASKED, request_key(name))
        require(request is not None, "request-unknown", request=name)
        asked = request["terms"]["asked"]
        if by_requester:
            self.require_sole_signer(signers, asked["requester"], "officer")
        else:
            self.require_sole_signer(signers, owner_of(asked["dataset"]), "steward")
        if request["reply"] is not None:
            raise Refusal("request-closed", request=name, at=request["reply"]["at"])
        return request

    def closed(self, name, request, index, time, outcome):
        """What a reply puts."""
        value = {**request, "reply": {"at": index, "on": time, "outcome": outcome}}
        return {request_key(name): shapes.ASKED.put(value)}

    def approve_request(self, signers, action, index, time):
        name, terms = action["request"], action["terms"]
        request = self.open_one(signers, name, False)
        field = beyond(terms, request["terms"]["asked"])
        require(field is None, "grant-beyond-request", field=field)
        puts = self.grant(terms, name, index, time)
        outcome = {"outcome": "approved", "grant": f"G{index}"}
        return {**puts, **self.closed(name, request, index, time, outcome)}

    def refuse_request(self, signers, action, index, time):
        name, basis, reason = action["request"], action["legal_basis"], action["reason"]
        request = self.open_one(signers, name, False)
        require(basis != "", "refusal-without-basis")
        require(reason != "", "refusal-without-reason")
        outcome = {"outcome": "refused", "legal_basis": basis, "reason": reason}
        return self.closed(name, request, index, time, outcome)

    def withdraw_request(self, signers, action, index, time):
        request = self.open_one(signers, action["request"], True)
        outcome = {"outcome": "withdrawn", "reason": action["reason"]}
        return self.closed(action["request"], request, index, time, outcome)

    def urge_request(self, signers, action, index, time):
        request = self.open_one(signers, action["request"], True)
        urging, day = request["urging"], day_of(time, self.params()["day_offset_minutes"])
        again = urging["last_at"] is not None and urging["last_day"] == day
        require(not again, "urged-today", at=urging["last_at"])
        request["urging"] = {"count": urging["count"] + 1, "last_at": index, "last_day": day}
        return {request_key(action["request"]): shapes.ASKED.put(request)}
