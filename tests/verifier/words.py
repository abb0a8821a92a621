"""What the verifier found, in plain words. The names are those of docs/formats.md."""

DECODING = {
    "oversized": "it is longer than it may be",
    "truncated": "its bytes end too early",
    "trailing": "there are bytes after its end",
    "not-canonical": "it is not in the one spelling that counts",
    "malformed": "its bytes are no such value",
}
CERTIFICATE = {
    "order": "its signatures are not distinct and in order",
    "stranger": "somebody signed it who was no validator at that height",
    "signature": "a signature on it does not verify",
    "no-quorum": "no more than two thirds of the voting power signed it",
    "other-block": "it is of another block, or of a round before this one was proposed",
}
FAULTS = {
    "not-an-archive": "this is not a Comity archive",
    "other-consortium": "the file is of another consortium than the genesis",
    "truncated": "the file ends too early",
    "trailing": "there is something after the end",
    "frame": "no block, certificate or list of polka certificates begins where one must",
    "polkas": "quorums of prevotes beside the block are not what they must be",
    "not-a-proof": "this is not a Comity proof file",
    "damaged": "the bytes are not those of a proof, or of a kind that this program does not know",
    "not-after": "the path does not lead beyond what is trusted already",
    "version": "a header on the path is of a version that this program does not know",
    "consortium": "a header on the path is of another consortium",
    "height": "a header on the path is not above the one before it",
    "time": "a header on the path is not later than the one before it",
    "skipped": "a change of the validators is missing on the path, or the path is forged",
    "proposer": "a header on the path names another proposer than the one whose turn it was",
    "certificate": "a header on the path was not certified by more than two thirds of its validators",
    "no-change": "a header on the path is no change of the validators",
    "next-set": "validators on the path are not those that the header before them names",
    "other-block": "the header is not that of the block in which the entry stands",
    "inclusion": "the entry is not shown to be at its place on the log",
    "claims": "there is no claim, or too many, or they are not in order",
    "claim": "a claim about the state does not follow from the certified header",
    "order": "headers, blocks or entries are not distinct and in order, or there are none",
    "earlier": "the earlier header is not proven",
    "consistency": "the later log is not shown to begin with the earlier one",
    "no-fork": "these are not two different blocks of one height",
    "too-old": "it is true of an earlier time than you accept",
    "not-known": "the file begins as no file that this program verifies",
    "too-long": "the file is longer than such a file may be",
    "unverified": "the verifier itself could not go on",
}

BUNDLES = {
    "container: too-large": "the bundle, or a file in it, is larger than it may be",
    "container: not-a-bundle": "the file is not an evidence bundle",
    "container: truncated": "the bundle ends too early",
    "container: compressed": "a file in the bundle is compressed, which no bundle's is",
    "container: member-form": "a file in the bundle says of itself what no bundle's file says",
    "container: name": "a file in the bundle has a name that no bundle's file has; do not unpack it",
    "container: duplicate": "a file stands twice in the bundle",
    "container: order": "the files in the bundle are not in their order",
    "container: too-many": "there are more openings in the bundle than there may be",
    "container: checksum": "a file in the bundle is damaged",
    "container: missing": "a file is missing in the bundle",
    "container: directory": "the bundle's directory is not that of its files",
    "container: trailing": "there is something after the bundle's end",
    "manifest: version": "the bundle is of a version that this program does not know",
    "manifest: form": "the bundle's manifest is not in the one form that counts",
    "manifest: members": "the bundle's manifest lists other files than there are",
    "manifest: member": "a file in the bundle is not the one that its manifest lists",
    "genesis: other-consortium": "the bundle is of another consortium than the genesis",
    "genesis: differs": "the genesis in the bundle is not the one given",
    "entries: kind": "the entries in the bundle are not a collection",
    "state: kind": "the objects in the bundle are not an extract of the state",
    "state: unreadable": "an object in the bundle is not what its name says",
    "as-of: header": "the bundle does not speak of the block that it names",
    "as-of: earlier": "an entry in the bundle is younger than the block of which it speaks",
    "case: subject": "what the bundle is about is not in it",
    "objects: missing": "an object is missing that an entry or another object needs",
    "positions: missing": "an entry is missing that an object names",
    "positions: other": "an entry is not the act that an object says it is",
    "accesses: count": "there are not as many accesses in the bundle as the ledger counts",
    "signers: unknown": "an entry was signed with a key that the ledger does not know",
    "signers: other": "an entry was signed with a key of another agency or in another role",
    "signers: not-yet": "an entry was signed with a key that was registered only later",
    "signers: revoked": "an entry was signed with a key that was revoked before",
    "signers: expired": "an entry was signed with a key that had expired",
    "signers: left": "an entry was signed for an agency that had left",
    "judgements: otherwise": "an access or a denial is judged otherwise than it was",
    "openings: form": "openings in the bundle are not in the one form that counts",
    "openings: entry": "openings are of an entry that is not in the bundle",
    "openings: commitment": "an opening does not open what the entry sealed",
}


def explained(name):
    """A fault in a sentence's words."""
    kind, _, detail = name.partition(": ")
    if name in BUNDLES:
        return BUNDLES[name]
    if kind in ("entries", "state"):
        return f"the {'entries' if kind == 'entries' else 'objects'} in the bundle are not proven: {explained(detail)}"
    if kind == "genesis":
        return f"the genesis founds no consortium ({detail})"
    if kind == "decode":
        return f"the block or certificate cannot be read: {DECODING.get(detail, detail)}"
    if kind in ("certificate", "polka") and detail:
        return f"its certificate does not prove it: {CERTIFICATE.get(detail, detail)}"
    if kind == "header":
        return f"its header's {detail.replace('_', ' ')} is not what follows from the blocks before"
    if kind == "rules":
        return f"it follows version {detail} of the rules, which this program does not know"
    if kind in ("limit", "quota"):
        return f"it holds more than it may ({detail})"
    if kind.startswith("form of record"):
        return f"{kind[len('form of '):]} in it is not a signed record in order ({detail})"
    if kind.startswith("record ") and detail:
        return f"{kind} in it is against the rules ({detail})"
    if kind.startswith("record-"):
        return f"the record cannot be read: {DECODING.get(kind[7:], kind)}"
    return FAULTS.get(kind, f"the record is not in order ({kind})")
