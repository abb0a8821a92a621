"""The rules and duties of incidents (docs/formats.md, "Rules", "Duties")."""

from . import shapes
from .grounds import Refusal, dataset_key, grant_key, incident_key, require

MAX_AFFECTED = 16


class Incidents:
    """Incidents."""

    def report_incident(self, signers, action, index, time):
        terms, by = action["terms"], signers[0]["agency"]
        self.require_sole_signer(signers, by, "steward")
        count = len(terms["datasets"]) + len(terms["grants"])
        require(1 <= count <= MAX_AFFECTED, "affected-count", limit=MAX_AFFECTED)
        # As they are encoded: by agency, then by name, each by its bytes.
        order = lambda name: [part.encode() for part in name.split("/")]
        for name in sorted(terms["datasets"], key=order):
            published = self.read(shapes.PUBLISHED_DATASET, dataset_key(name))
            require(published is not None, "dataset-unknown", dataset=name)
            party = by in (name.split("/")[0], published["dataset"].get("manager"))
            require(party, "not-a-party", agency=by)
        for name in sorted(terms["grants"], key=lambda name: int(name[1:])):
            grant = self.known_grant(name)
            party = self.received_under(grant, by) or by == self.grantor(grant)
            require(party, "not-a-party", agency=by)
        require(terms["since"] <= terms["found"] <= time, "incident-times")
        require(terms["nature"] != "", "incident-text-empty")
        return self.put_incident(f"I{index}", {
            "terms": terms, "reported_by": by, "reported": {"at": index, "on": time}, "updates": 0,
            "updated": None, "closed": None,
        })

    def put_incident(self, name, incident):
        return {incident_key(name): shapes.INCIDENT.put(incident)}

    def own_incident(self, signers, name):
        """An incident that the signer reported, and that goes on."""
        incident = self.read(shapes.INCIDENT, incident_key(name))
        require(incident is not None, "incident-unknown", incident=name)
        self.require_sole_signer(signers, incident["reported_by"], "steward")
        if incident["closed"] is not None:
            raise Refusal("incident-closed", incident=name, at=incident["closed"]["on"]["at"])
        return incident

    def update_incident(self, signers, action, index, time):
        name = action["incident"]
        incident = self.own_incident(signers, name)
        require(action["note"] != "", "incident-text-empty")
        incident["updates"] = min(incident["updates"] + 1, 2**32 - 1)
        incident["updated"] = {"at": index, "on": time}
        return self.put_incident(name, incident)

    def close_incident(self, signers, action, index, time):
        name = action["incident"]
        incident = self.own_incident(signers, name)
        require(action["measures"] != "", "incident-text-empty")
        incident["closed"] = {"on": {"at": index, "on": time}, "measures": action["measures"]}
        return self.put_incident(name, incident)

    def duties_of_incident(self, incident):
        """What its reporter undertook in the grants that it names."""
        names = sorted(incident["terms"]["grants"], key=lambda name: int(name[1:]))
        grants = [self.read(shapes.GRANT, grant_key(name)) for name in names]
        return [duty for grant in grants for duty in self.duty_under(incident, grant)]

    def duty_under(self, incident, grant):
        """What its reporter undertook in a grant; at most one."""
        by, found, first = incident["reported_by"], incident["terms"]["found"], grant["first_use"]
        if grant["issued_on"] > found:
            return
        for number, one in enumerate(grant["terms"]["undertakings"], 1):
            (what, days), = one["what"].items()
            owes, other = self.sides(grant, one["by"])
            bound = one["by"] == "provider" or (first is not None and first["on"] <= found)
            if what == "notify-incident-days" and owes == by and bound:
                about = {"undertaking": {"grant": f"G{grant['issued_at']}", "number": number}}
                yield {
                    "clock": "undertaking", "object": about, "owed_by": by, "owed_to": other,
                    "began": found, "due": self.due(by, found, days),
                    "end": {"done": incident["reported"]["on"]},
                }
