"""The rules about the two legs of an exchange (docs/formats.md, "Rules", record-access to
acknowledge-access; "Gateways' numbers"; "Two legs")."""

from . import shapes
from .grounds import Refusal, dataset_key, grant_key, numbers_key, require

MAX_MISSING = 1_024
MAX_ACKNOWLEDGED = 256
MAX_BATCH = 65_536


class Legs:
    """A judge's part for gateways' numbers, declared answers and acknowledgements."""

    def numbered(self, gateway, number):
        """What using a number of a gateway's puts. Errors: `Refusal`."""
        used = self.read(shapes.GATEWAY_NUMBERS, numbers_key(gateway)) or {"last": 0, "missing": []}
        last, missing = used["last"], list(used["missing"])
        if number <= last:
            lowest = missing[0] if missing else last + 1
            require(number in missing, "gateway-number", expected=lowest)
            missing.remove(number)
        else:
            limit = last + 1 + MAX_MISSING - len(missing)
            require(number <= limit, "gateway-number-ahead", limit=limit)
            missing += range(last + 1, number)
            last = number
        value = {"last": last, "missing": missing}
        return {numbers_key(gateway): shapes.GATEWAY_NUMBERS.put(value)}

    def check_answer(self, attempt, answer):
        """A reliable answer is one to verify, from a dataset that says so. Errors: `Refusal`."""
        if answer is None or not answer["reliable"]:
            return
        published = self.read(shapes.PUBLISHED_DATASET, dataset_key(attempt["dataset"]))
        may = attempt["mode"] == "verify" and published["dataset"].get("reliable", False)
        require(may, "not-reliable", dataset=attempt["dataset"])

    def receiver(self, signers, basis):
        """Whose word an acknowledgement is. Errors: `Refusal`."""
        if basis[0] == "E":
            agency = signers[0]["agency"]
            self.require_requester(basis, agency)
            return agency
        grant = self.read(shapes.GRANT, grant_key(basis))
        require(grant is not None, "grant-unknown", grant=basis)
        agency, force = signers[0]["agency"], grant["terms"]["task_force"]
        if force is None:
            return grant["terms"]["requester"]
        was = self.received_under(grant, agency)
        require(was, "not-in-task-force", task_force=force, agency=agency)
        return agency

    def acknowledge_access(self, signers, action, index, time):
        requester, accesses = self.receiver(signers, action["grant"]), action["accesses"]
        try:
            self.require_sole_signer(signers, requester, "gateway")
        except Refusal:
            self.require_sole_signer(signers, requester, "officer")
        fits = 1 <= len(accesses) <= MAX_ACKNOWLEDGED
        require(fits, "acknowledged-count", limit=MAX_ACKNOWLEDGED)
        named = set()
        for one in accesses:
            require(one["exchange"] not in named, "acknowledged-twice", exchange=one["exchange"])
            named.add(one["exchange"])
            between = int(action["grant"][1:]) < one["access"] < index
            require(between, "no-access-there", access=one["access"])
            require(1 <= one["count"] <= MAX_BATCH, "received-count", limit=MAX_BATCH)
        return {}
