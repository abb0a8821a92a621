"""The rules of what goes in late (docs/formats.md, "Late entries", "Rules", embed-late)."""

from . import shapes
from .emergencies import MAX_ENTRIES
from .grounds import Refusal, end_of_key, is_known, key_key, numbers_key, require

MAX_MISSING = 1_024
# What may stand against an access that counts in its emergency all the same.
COUNTED = (
    "provider-left", "provider-hosting-over", "emergency-ended", "dataset-withdrawn",
    "dataset-suspended", "dataset-not-shared", "emergency-matter", "item-not-listed",
    "mode-no-longer-offered",
)


def counts(against):
    """Whether an access that went in late counts in its emergency, by what stood against it."""
    return against is None or against["rule"] in COUNTED


class Late:
    """A judge's part for what goes in late."""

    def embed_late(self, signers, action, index, time):
        late, against = action["record"], action["against"]
        attempt, gateway = late["attempt"]["attempt"], late["gateway"]
        self.require_provider(signers, attempt["dataset"], "gateway")
        until = late["valid_until"]
        require(time > until, "late-not-over", until=until)
        claimed = min(attempt["made_at"], time)
        self.check_late_gateway(gateway, claimed)
        unused = self.unused_below(gateway["key"], late["number"])
        puts = self.numbered(gateway["key"], late["number"])
        differ = sorted(unused ^ set(action["missing"]))
        if differ:
            raise Refusal("late-order", number=differ[0])
        self.check_against(attempt, claimed, against)
        if counts(against):
            used = self.used_of(attempt["grant"], attempt["requester"])
            if used["entries"] < MAX_ENTRIES:
                count = 1 if attempt["batch"] is None else attempt["batch"]["count"]
                used["usage"] = self.used_with(used["usage"], count, time)
                used["entries"] += 1
                puts.update(self.opened_access(attempt, used, index, time, attempt["made_at"]))
        return {**puts, **self.used_exchange(attempt, index)}

    def check_late_gateway(self, gateway, claimed):
        """The gateway's key must have counted when this was asked. Errors: `Refusal`."""
        key = self.read(shapes.KEY, key_key(gateway["key"]))
        fits = is_known(key, claimed) and gateway["role"] == key["role"] == "gateway" and (
            key["agency"] == gateway["agency"])
        require(fits, "late-gateway-unknown", key=gateway["key"])
        end = end_of_key(key, claimed)
        if end is not None:
            raise Refusal(f"late-gateway-{end[0]}", **end[1])

    def unused_below(self, gateway, number):
        """The numbers below one that no record of a gateway has used, as far as so many may be left
        out."""
        used = self.read(shapes.GATEWAY_NUMBERS, numbers_key(gateway)) or {"last": 0, "missing": []}
        last, missing = used["last"], used["missing"]
        number = min(number, last + 1 + MAX_MISSING - len(missing))
        return {one for one in [*missing, *range(last + 1, number)] if one < number}

    def check_against(self, attempt, claimed, against):
        """What stood against it is named, and nothing else. Errors: `Refusal`."""
        try:
            self.evaluate(attempt, claimed)
        except Refusal as due:
            if due.value != against:
                raise Refusal("against-mismatch", due=due.value) from due
            return
        require(against is None, "against-not-due")
