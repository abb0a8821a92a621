"""The rules (docs/formats.md, "Rules") of datasets, grants, requests and codes."""

from . import shapes
from .binding import Bindings, undertakes_less, wider_officers
from .grounds import (
    PUBLIC, Refusal, agency_key, begin, code_key, current, dataset_key, day_of, decider, end, grant_key,
    office_key, promised, request_key, require, sponsor_of, version_key,
)
from .task_forces import ever_had


def owner_of(dataset):
    """The agency in a dataset's id."""
    return dataset.split("/")[0]


def put_dataset(published):
    """A dataset's new value."""
    name = published["dataset"]["id"]
    return {dataset_key(name): shapes.PUBLISHED_DATASET.put(published)}


def replaced(published, dataset, index, time):
    """The values of a new version and of the one that it replaces."""
    version = {name: published[name] for name in ("dataset", "version_at", "version_on")}
    following = {
        **published, "dataset": dataset, "version": published["version"] + 1, "version_at": index,
        "version_on": time,
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
    require(dataset.get("update_days") != 0, "update-period-zero")
    based = dataset["sharing"] != "not-shared" or dataset["conditions"] != ""
    require(based, "not-shared-without-basis")
    stated = dataset["stated"]
    require(len(stated) <= 16, "too-many-conditions", count=len(stated), limit=16)
    for at, text in enumerate(stated):
        require(text != "" and text not in stated[:at], "condition-unfit", number=at + 1)


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
        "officers": wider_officers(terms["officers"], asked["officers"]),
        "onward": not set(terms["onward"]) <= set(asked["onward"]),
        "undertakings": undertakes_less(terms["undertakings"], asked["undertakings"]),
        "conditions": not set(asked["conditions"]) <= set(terms["conditions"]),
        "task-force": terms["task_force"] != asked["task_force"],
    }
    return next((name for name, wider in fields.items() if wider), None)


class Catalogue(Bindings):
    """Datasets, grants and codes."""

    def beyond(self, terms, asked):
        """The first field in which terms permit more than others, or None."""
        return beyond(terms, asked)

    def publish_dataset(self, signers, action, index, time):
        dataset = action["dataset"]
        name = dataset["id"]
        self.require_sole_signer(signers, owner_of(name), "steward")
        published = self.read(shapes.PUBLISHED_DATASET, dataset_key(name))
        if published is not None and current(published["withdrawals"]) is None:
            raise Refusal("dataset-exists", dataset=name, at=published["published_at"])
        check_form(dataset)
        self.check_manager(dataset, time)
        if published is None:
            return put_dataset({
                "dataset": dataset, "version": 1, "published_at": index, "version_at": index,
                "suspensions": [], "withdrawals": [], "updated": {"at": index, "on": time},
                "version_on": time, "promised": promised(dataset, time),
            })
        end(published["withdrawals"][-1], index, time)
        published["updated"] = {"at": index, "on": time}
        published["promised"] = promised(dataset, time)
        return replaced(published, dataset, index, time)

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
        self.check_manager(dataset, time)
        if published["promised"] is None:
            published["promised"] = promised(dataset, time)
        return replaced(published, dataset, index, time)

    def withdraw_dataset(self, signers, action, index, time):
        published = self.own(signers, action["dataset"])
        begin(published["withdrawals"], index, time, action["reason"])
        return put_dataset(published)

    def suspend_dataset(self, signers, action, index, time):
        name = action["dataset"]
        published = self.own(signers, name)
        suspension = current(published["suspensions"])
        if suspension is not None:
            raise Refusal("dataset-already-suspended", dataset=name, at=suspension["at"])
        begin(published["suspensions"], index, time, action["reason"])
        return put_dataset(published)

    def resume_dataset(self, signers, action, index, time):
        name = action["dataset"]
        published = self.own(signers, name)
        suspension = current(published["suspensions"])
        require(suspension is not None, "dataset-not-suspended", dataset=name)
        end(suspension, index, time)
        return put_dataset(published)

    def check_manager(self, dataset, time):
        """Who is to decide must be able to."""
        manager = dataset.get("manager")
        if manager is not None:
            require(agency_key(manager) in self.state, "agency-unknown", agency=manager)
            self.check_membership(manager, time)

    def issue_grant(self, signers, action, index, time):
        return self.approved(signers, action["terms"], None, index, time)

    def approved(self, signers, terms, request, index, time):
        """What a grant of these terms puts, if all have signed who have to."""
        dataset = self.in_catalogue(terms["dataset"])["dataset"]
        self.require_approval(signers, dataset, terms, time)
        self.check_terms(dataset, terms, time)
        return self.issued(dataset["sharing"], terms, request, index, time)

    def issued(self, sharing, terms, request, index, time, parent=None):
        """What a grant puts."""
        value = {
            "terms": terms, "issued_at": index, "request": request, "suspensions": [], "issued_on": time,
            "version": 1, "version_at": index, "parent": parent, "fulfilled": [], "sharing": sharing,
        }
        return {grant_key(f"G{index}"): shapes.GRANT.put(value)}

    def check_grantable(self, terms, time):
        """The dataset, if a grant of these terms could be issued on it, whoever has to sign."""
        dataset = self.in_catalogue(terms["dataset"])["dataset"]
        sharing = dataset["sharing"]
        require(sharing != "unclassified", "not-shareable", sharing=sharing)
        self.check_terms(dataset, terms, time)
        return dataset

    def require_approval(self, signers, dataset, terms, time):
        """The signatures that let data go."""
        sharing, requester = dataset["sharing"], terms["requester"]
        require(sharing != "unclassified", "not-shareable", sharing=sharing)
        require(requester != owner_of(dataset["id"]), "grant-to-self")
        both = any(signer["agency"] == requester for signer in signers)
        require(not both, "both-sides", agency=requester)
        rules = self.rules_at(time)
        count = {
            "general": 1, "important": rules["stewards_important"], "core": rules["stewards_core"],
        }[dataset["grade"]]
        needed = [decider(dataset, requester)] * count
        if dataset["grade"] == "core" or sharing == "not-shared":
            needed.append(self.overseer(terms))
        needed += self.sponsors(requester, time)
        if len(needed) == 1:
            self.require_sole_signer(signers, needed[0], "steward")
        else:
            self.require_signers(signers, [(agency, "steward") for agency in needed])

    def overseer(self, terms):
        """Who oversees what an agency is given."""
        authority = self.read(shapes.AGENCY_ID, b"c")
        force = self.force_of(terms)
        joins = force is not None and (ever_had(force, authority) or authority in force["invited"])
        if authority != terms["requester"] and not joins:
            return authority
        holders = self.read(shapes.AGENCY_IDS, office_key("supervisor")) or []
        require(holders, "no-overseer", agency=authority)
        return holders[0]

    def sponsors(self, requester, time):
        """Who answers for a requester that is no public body."""
        agency = self.read(shapes.AGENCY, agency_key(requester))
        if agency is None or agency["kind"] in PUBLIC:
            return []
        sponsor = sponsor_of(agency)
        require(sponsor is not None, "sponsor-missing", agency=requester)
        self.check_membership(sponsor, time)
        return [sponsor]

    def require_decider(self, signers, terms):
        """A steward of whoever decides what the requester does with the dataset."""
        published = self.read(shapes.PUBLISHED_DATASET, dataset_key(terms["dataset"]))
        decides = decider(published["dataset"], terms["requester"])
        self.require_sole_signer(signers, decides, "steward")

    def require_provider(self, signers, dataset, role):
        """A key of the owner's, or of the manager's."""
        published = self.read(shapes.PUBLISHED_DATASET, dataset_key(dataset))
        manager = None if published is None else published["dataset"].get("manager")
        own = manager is not None and signers[0]["agency"] == manager
        self.require_sole_signer(signers, manager if own else owner_of(dataset), role)

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
        self.check_limits(terms, time)
        self.check_conditions(dataset, terms)
        self.check_force_terms(terms, time)
        self.check_officers(terms)
        self.check_onward(terms)
        self.check_undertakings(terms["undertakings"])

    def check_conditions(self, dataset, terms):
        """Whether the conditions are those stated."""
        for number in terms["conditions"]:
            stated = 1 <= number <= len(dataset["stated"])
            require(stated, "condition-not-stated", number=number)

    def check_limits(self, terms, time):
        """Whether terms last and allow something."""
        lasts = terms["not_before"] < terms["not_after"] and terms["not_after"] > time
        require(lasts, "period-empty")
        require(0 not in (terms["total_quota"], terms["daily_quota"]), "quota-zero")

    def live_grant(self, signers, name, *others):
        """A grant that was not revoked, if who granted it signs, or one of the others."""
        grant = self.known_grant(name)
        signed = [(signer["agency"], signer["role"]) for signer in signers]
        if not any(signed == [(other(grant), "steward")] for other in others):
            self.require_sole_signer(signers, self.grantor(grant), "steward")
        self.not_revoked(name, grant)
        return grant

    def revoke_grant(self, signers, action, index, time):
        owner = lambda grant: owner_of(grant["terms"]["dataset"])
        grant = self.live_grant(signers, action["grant"], owner)
        grant["revoked"] = {"at": index, "reason": action["reason"], "on": time}
        return {grant_key(action["grant"]): shapes.GRANT.put(grant)}

    def suspend_grant(self, signers, action, index, time):
        name = action["grant"]
        grant = self.live_grant(signers, name)
        suspension = current(grant["suspensions"])
        if suspension is not None:
            raise Refusal("grant-already-suspended", grant=name, at=suspension["at"])
        begin(grant["suspensions"], index, time, action["reason"])
        return {grant_key(name): shapes.GRANT.put(grant)}

    def resume_grant(self, signers, action, index, time):
        name = action["grant"]
        grant = self.live_grant(signers, name)
        suspension = current(grant["suspensions"])
        require(suspension is not None, "grant-not-suspended", grant=name)
        end(suspension, index, time)
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
        sharing, decides = dataset["sharing"], decider(dataset, asked["requester"])
        self.check_membership(owner_of(asked["dataset"]), time)
        self.check_membership(decides, time)
        self.check_terms(dataset, asked, time)
        require(not terms["once"] or asked["total_quota"] == 1, "once-quota")
        needed = terms["needed_by"]
        require(needed is None or needed > time, "needed-by-over")
        value = {
            "terms": terms, "opened_at": index, "opened_by": signers[0]["key"], "opened_on": time,
            "urging": {"count": 0, "last_at": None, "last_day": 0}, "reply": None, "sharing": sharing,
            "reviewer": None, "reviewed": None, "extension": None, "decided_by": decides,
            "earlier": [],
        }
        kind = self.read(shapes.AGENCY, agency_key(asked["requester"]))["kind"]
        if sharing == "unconditional" and dataset["grade"] == "general" and kind in PUBLIC:
            puts = self.issued(sharing, asked, f"R{index}", index, time)
            outcome = {"outcome": "approved", "grant": f"G{index}", "by_rule": True}
            return {**puts, **self.closed(f"R{index}", value, index, time, outcome)}
        if "compliance-review" in self.rules_at(time)["clocks"]:
            value["reviewer"] = self.read(shapes.AGENCY_ID, b"c")
        return {request_key(f"R{index}"): shapes.ASKED.put(value)}

    def asked(self, name):
        """A request."""
        request = self.read(shapes.ASKED, request_key(name))
        require(request is not None, "request-unknown", request=name)
        return request

    def still_open(self, name, request):
        """Errors: `Refusal` where it has a reply."""
        if request["reply"] is not None:
            raise Refusal("request-closed", request=name, at=request["reply"]["at"])

    def open_one(self, signers, name, by_requester):
        """A request without a reply, if its requester's officer or its provider's steward signs."""
        request = self.asked(name)
        asked = request["terms"]["asked"]
        if by_requester:
            self.require_sole_signer(signers, asked["requester"], "officer")
        else:
            self.require_decider(signers, asked)
        self.still_open(name, request)
        return request

    def closed(self, name, request, index, time, outcome):
        """What a reply puts."""
        value = {**request, "reply": {"at": index, "on": time, "outcome": outcome}}
        return {request_key(name): shapes.ASKED.put(value)}

    def approve_request(self, signers, action, index, time):
        name, terms = action["request"], action["terms"]
        request = self.asked(name)
        self.still_open(name, request)
        field = beyond(terms, request["terms"]["asked"])
        require(field is None, "grant-beyond-request", field=field)
        puts = self.approved(signers, terms, name, index, time)
        outcome = {"outcome": "approved", "grant": f"G{index}", "by_rule": False}
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
