#!/usr/bin/env python3
"""What the verifier holds itself to: `python3 tests/verifier/test_verifier.py`.

Nothing but Python is needed; what `cryptography` answers is compared where it is installed.
"""

import contextlib
import io
import json
import os
import pathlib
import random
import re
import sys
import tempfile
import unittest
import zipfile
from unittest import mock

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent / "vectors"
sys.path[:0] = [str(HERE), str(VECTORS)]

import bundles
import closure
import container
import contents
import genuine_bundles
import reading
import signatures
import verify
import words
from comity import ed25519
from comity.hashing import preimage

SEED = int(os.environ.get("COMITY_SEED", "20261122"))


def vectors(name):
    """A file of vectors."""
    return json.loads((VECTORS / f"{name}.json").read_text())


def backends():
    """Every back end that is here."""
    found = [signatures.Pure()]
    try:
        found.append(signatures.Library())
    except ImportError:
        print("skipped: `cryptography` is not installed", file=sys.stderr)
    return found


class Signatures(unittest.TestCase):
    """Both back ends answer by the one predicate."""

    def test_vectors_are_judged_alike(self):
        cases = vectors("signatures")
        consortium = bytes.fromhex(cases["shared"]["consortium"])
        for backend in backends():
            for case in cases["cases"]:
                key, body, signature = (
                    bytes.fromhex(case[name]) for name in ("key", "body", "signature"))
                message = preimage("statement", consortium, body)
                found = backend(key, message, signature)
                self.assertEqual(found, case["valid"], (backend.name, case["what"]))

    def test_keys_that_are_none_verify_nothing(self):
        for backend in backends():
            for case in vectors("keys")["cases"]:
                key = bytes.fromhex(case["key"])
                self.assertEqual(ed25519.is_key(key), case["accepted"], case["what"])
                for r in signatures.small_points():
                    self.assertFalse(backend(key, b"", r + bytes(32)), (backend.name, case["what"]))

    def test_changed_signatures_are_judged_alike(self):
        chance, both = random.Random(SEED), backends()
        seeds = [bytes([n] * 32) for n in range(4)]
        for number in range(120):
            seed, message = chance.choice(seeds), chance.randbytes(chance.randrange(80))
            key, signature = ed25519.public_key(seed), ed25519.sign(seed, message)
            part = chance.randrange(4)
            if part == 1:
                signature = flip(chance, signature)
            elif part == 2:
                key = flip(chance, key)
            elif part == 3:
                message += b"."
            found = {backend(key, message, signature) for backend in both}
            self.assertEqual(found, {part == 0}, f"seed {SEED}, case {number}")

    def test_no_library_is_trusted_that_takes_a_forgery(self):
        class Lax(signatures.Pure):
            def __call__(self, key, message, signature):
                return True

        self.assertFalse(signatures.is_strict(Lax()))
        with mock.patch.object(signatures, "Library", Lax):
            self.assertIsInstance(signatures.choose().implementation, signatures.Pure)
            self.assertNotIsInstance(signatures.choose().implementation, Lax)


def flip(chance, data):
    """One bit turned."""
    place = chance.randrange(len(data) * 8)
    return bytes(b ^ (1 << place % 8 if at == place // 8 else 0) for at, b in enumerate(data))


def run(*args):
    """Exit code, what was printed, and what was complained of."""
    out, err = io.StringIO(), io.StringIO()
    with mock.patch.object(sys, "argv", ["verify.py", *map(str, args)]), \
            contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = verify.main()
        except SystemExit as exit:
            code = exit.code
    return code, out.getvalue(), err.getvalue()


class Closure(unittest.TestCase):
    """What check requests and incidents need of a bundle."""

    TERMS = {"dataset": "civil.gd/marriages", "items": "all", "grant": "G1", "asked": "civil.gd", "claim": "wrong"}
    OUTCOME = {"outcome": "upheld", "from": 1, "to": 2, "correction": "so"}
    REPORT = {"datasets": ["civil.gd/marriages"], "grants": ["G1"], "since": 1, "found": 2, "nature": "lost"}
    ACTS = {
        "B": ("C3", {
            3: {"kind": "open-check", "terms": TERMS},
            4: {"kind": "offer-handover", "check": "C3", "to": "tax.gd", "reason": "why"},
            5: {"kind": "decline-handover", "check": "C3"},
            6: {"kind": "offer-handover", "check": "C3", "to": "health.gd", "reason": "why"},
            7: {"kind": "accept-handover", "check": "C3"},
            8: {"kind": "answer-check", "check": "C3", "outcome": OUTCOME},
            9: {"kind": "report-correction", "check": "C3", "note": "done"},
        }),
        "I": ("I3", {
            3: {"kind": "report-incident", "terms": REPORT},
            4: {"kind": "update-incident", "incident": "I3", "note": "news"},
            5: {"kind": "close-incident", "incident": "I3", "measures": "found"},
        }),
    }

    @staticmethod
    def mark(at):
        return {"at": at, "on": at}

    def held(self):
        """A check and an incident with all that can happen to them."""
        mark = self.mark
        handover = {"to": "tax.gd", "reason": "why", "offered": mark(4), "end": {"declined": mark(5)}}
        taken = {"to": "health.gd", "reason": "why", "offered": mark(6), "end": {"accepted": mark(7)}}
        return {
            "B": {"terms": self.TERMS, "opened": mark(3), "handovers": [handover, taken],
                  "answer": {"given": mark(8), "outcome": self.OUTCOME},
                  "corrected": {"made": mark(9), "note": "done"}, "earlier": []},
            "I": {"terms": self.REPORT, "reported": mark(3), "updated": mark(4),
                  "closed": {"on": mark(5), "measures": "found"}},
        }

    def test_each_act_is_named_and_no_other_stands_in_its_place(self):
        for letter, value in self.held().items():
            name, acts = self.ACTS[letter]
            found = list(closure.positions(letter, name, value))
            self.assertEqual([at for at, _ in found], list(acts))
            for at, is_due in found:
                fitting = [other for other, action in acts.items() if is_due(at, action)]
                self.assertEqual(fitting, [at], (letter, at))

    def test_acts_on_another_are_none_of_this_one(self):
        for letter, value in self.held().items():
            _, acts = self.ACTS[letter]
            # The first act says what was claimed, and names nothing.
            for at, is_due in list(closure.positions(letter, "X99", value))[1:]:
                self.assertFalse(is_due(at, acts[at]), (letter, at))

    def test_entries_need_their_object_and_objects_what_they_name(self):
        number = (1).to_bytes(8, "big")
        needed = {b"dcivil.gd/marriages", b"g" + number, b"u" + number}
        for letter, value in self.held().items():
            name = self.ACTS[letter][0]
            self.assertEqual(set(closure.needs_of_object(letter, name, value)), needed)
            for at, action in self.ACTS[letter][1].items():
                keys = closure.needs_of_entry(at, {"signers": [], "action": action})
                self.assertEqual(keys, [letter.encode() + (3).to_bytes(8, "big")])


class Program(unittest.TestCase):
    """What a stranger sees."""

    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.directory = pathlib.Path(held.name)
        archives = vectors("archives")
        self.genesis = self.file("genesis.json", json.dumps(archives["shared"]["genesis"]).encode())
        self.archives, self.proofs = archives["cases"], vectors("proofs")["cases"]

    def file(self, name, data):
        """A file of these bytes."""
        path = self.directory / name
        path.write_bytes(data)
        return path

    def found(self, data, *more):
        """What the program says of these bytes."""
        code, out, err = run(self.genesis, self.file("file", data), "--json", *more)
        self.assertEqual(err, "")
        answer = json.loads(out)
        self.assertEqual(code, 0 if answer["verified"] else 5)
        self.assertNotEqual(answer.get("fault"), "unverified", answer)
        return answer

    def test_vectors_verify_or_fail_by_name(self):
        for case in self.archives:
            answer, due = self.found(bytes.fromhex(case["archive"])), case["result"]
            if due.get("fault") == "not-an-archive":
                due = {"fault": "not-known"}
            self.assertEqual({name: answer.get(name) for name in due}, due, case["what"])
        for case in self.proofs:
            answer = self.found(bytes.fromhex(case["proof"]))
            due = case["fault"] and case["fault"].replace("not-a-proof", "not-known")
            if due is not None and case["proof"].startswith(b"COMITYA1".hex()):
                continue
            self.assertEqual(answer.get("fault"), due, case["what"])

    def test_without_the_library_the_same(self):
        for case in self.proofs[:4] + self.proofs[-12:]:
            data = bytes.fromhex(case["proof"])
            both = [self.found(data, "--signatures", which) for which in ("library", "pure")]
            for answer in both:
                answer.pop("elapsed_s")
                answer.pop("signatures_by")
            self.assertEqual(*both)

    def test_what_is_old_is_refused_where_that_is_asked_for(self):
        data = bytes.fromhex(self.archives[0]["archive"])
        self.assertEqual(self.found(data, "--max-age", "1")["fault"], "too-old")
        self.assertTrue(self.found(data, "--max-age", "99999999999")["verified"])

    def test_a_fork_is_as_old_as_the_later_of_its_blocks(self):
        case = next(case for case in self.proofs if case["what"] == "two blocks in one round")
        data = bytes.fromhex(case["proof"])
        times = self.found(data)["times"]
        self.assertEqual(len(set(times)), 2)
        with mock.patch.object(verify.time, "time", lambda: max(times) / 1000 + 10):
            self.assertTrue(self.found(data, "--max-age", "10")["verified"])
            self.assertEqual(self.found(data, "--max-age", "9")["fault"], "too-old")

    def test_a_collection_says_each_entry_with_the_time_of_its_block(self):
        case = next(case for case in self.proofs if case["what"] == "entries of several blocks")
        data = bytes.fromhex(case["proof"])
        collected = self.found(data)["collected"]
        self.assertEqual([entry["index"] for entry in collected], case["shows"]["indexes"])
        self.assertEqual([entry["height"] for entry in collected], [1, 1, 4, 6, 6])
        code, out, err = run(self.genesis, self.file("file", data))
        self.assertEqual((code, err), (0, ""))
        for entry in collected:
            self.assertIn(f"  {entry['index']}, since block {entry['height']} of ", out)
            self.assertIn(entry["statement"]["action"]["kind"], out)

    def test_bundles_say_what_they_hold_and_what_was_checked(self):
        for what, case in genuine_bundles.GENUINE:
            data = case.packed()
            answer = self.found(data)
            self.assertTrue(answer["verified"], (what, answer.get("fault")))
            self.assertEqual(answer["case"], case.case)
            self.assertEqual([one["index"] for one in answer["collected"]], case.entries)
            made = {one["check"]: one["result"] for one in answer["checks"]}
            self.assertEqual({made.pop(name) for name in ("summaries", "timestamps")}, {"not-checked"})
            self.assertEqual(set(made.values()), {"passed"}, what)
        code, out, err = run(self.genesis, self.file("file", genuine_bundles.USED.packed()))
        self.assertEqual((code, err), (0, ""))
        for words in ("56: judged as it was", "2026-0117", "accesses under G11: 2 of 2", "NOT checked"):
            self.assertIn(words, out)

    def test_what_a_bundle_cannot_judge_again_it_says(self):
        found = {what: self.found(case.packed())["judgements"] for what, case in genuine_bundles.GENUINE}
        for what, verdicts in (
            ("a denial under a quota that was lifted, without the uses", {"99": "quota", "101": "quota"}),
            ("a grant whose quota was lifted", {"99": "same", "100": "same", "101": "same", "112": "exchange"}),
            ("a denial of a used exchange, without its use", {"99": "quota", "112": "exchange"}),
            ("a denial that the grant above caused", {"86": "quota", "88": "quota", "110": "quota"}),
        ):
            self.assertEqual(found[what], verdicts, what)

    def test_accesses_under_derived_grants_and_in_batches_are_counted_above_too(self):
        answer = self.found(genuine_bundles.PASSED.packed())
        both = {"shown": 5, "total": 5}, {"shown": 4, "total": 4}
        self.assertEqual((answer["accesses"]["G82"], answer["accesses"]["G83"]), both)

    def test_the_same_case_makes_the_same_bundle_and_any_zip_reader_reads_it(self):
        data = genuine_bundles.USED.packed()
        self.assertEqual(data, genuine_bundles.grant("G11", openings=genuine_bundles.OPENED).packed())
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            self.assertIsNone(archive.testzip())
            held = {name: archive.read(name) for name in archive.namelist()}
        self.assertEqual(list(held.items()), container.unpack(data))

    def test_a_bundle_of_which_proofs_fail_is_looked_at_no_further(self):
        members = genuine_bundles.USED.members()
        members["entries.proof"] = members["entries.proof"][:-1]
        answer = self.found(genuine_bundles.USED.packed(members))
        made = {one["check"]: one["result"] for one in answer["checks"]}
        self.assertEqual((answer["fault"], made["entries"]), ("entries: damaged", "failed"))
        self.assertEqual({made[name] for name in bundles.FIRST[4:] + bundles.THEN}, {"not-made"})

    def test_bundles_that_are_too_large_are_refused_unread(self):
        path = self.directory / "large"
        with open(path, "wb") as file:
            file.write(genuine_bundles.USED.packed())
            file.truncate(bundles.MAX_BYTES + 1)
        code, out, _ = run(self.genesis, path, "--json")
        self.assertEqual((code, json.loads(out)["fault"]), (5, "container: too-large"))

    def test_noise_in_a_bundle_is_refused_by_name(self):
        chance, genuine = random.Random(SEED), genuine_bundles.USED.packed()
        for number in range(150):
            data = bytearray(genuine)
            place, length = chance.randrange(len(data)), chance.randrange(20)
            data[place : place + length] = chance.randbytes(chance.randrange(20))
            answer = self.found(bytes(data))
            if bytes(data) != genuine:
                self.assertFalse(answer["verified"], f"seed {SEED}, case {number}")
                self.assertIn(": ", answer["fault"], f"seed {SEED}, case {number}")

    def test_every_fault_has_words(self):
        source = (HERE.parent.parent / "docs" / "formats.md").read_text()
        table = source[source.index("### Verifying a bundle") : source.index("### Judging again")]
        check, due = None, set()
        for cells in ([cell.strip(" *") for cell in line.split("|")[1:-1]] for line in table.splitlines()):
            if len(cells) == 3 and "`" in cells[0] + cells[1]:
                check = cells[0].strip("`") or check
                due |= {f"{check}: {one}" for one in re.findall("`([a-z-]+)`", cells[1])}
        # What this program does not check it does not find.
        unmade = {"summaries: differ", "timestamps: token"}
        self.assertEqual(due - unmade, set(words.BUNDLES))
        names = {case["result"].get("fault") for case in self.archives}
        names |= {case["fault"] for case in self.proofs}
        for name in names - {None}:
            said = verify.explained(name)
            self.assertTrue(said and said[0].islower() and "{" not in said, (name, said))

    def test_a_key_that_names_nothing_is_not_shown_under_a_name(self):
        for key in (b"", b"gG17", b"g", b"p ", b"dhealth.gd/a ", b"dhealth.gd", b"ahealth.gd ",
                    b"k" + bytes(32), b"kx", b"y" + bytes(45), b"e", b"eh/a\0\0\0\0", b"m\xff", b"h", b"z ",
                    b"w\n", b"w" + b"4" * 65, b"i", b"isupervisors", b"j" + bytes(32), b"f" + bytes(11)):
            self.assertIn("nothing that a log could hold", contents.claim(key, None)["object"], key)
        for key, words in (
            (b"g" + (17).to_bytes(8, "big"), "grant G17"), (b"p", "parameters"),
            (b"dhealth.gd/a", "dataset health.gd/a"),
            (b"ehealth.gd/a\0\0\0\0\x02", "dataset version health.gd/a 2"),
            (b"f" + bytes(7) + b"\x11" + bytes(3) + b"\x02", "grant version G17 2"),
            (b"z", "rule packs"), (b"w", "calendars of region"), (b"w440100", "calendars of region 440100"),
            (b"isupervisor", "holders of office supervisor"),
        ):
            self.assertEqual(contents.claim(key, None)["object"], words)
        for case in vectors("state")["cases"]:
            if "name" in case:
                claim = contents.claim(bytes.fromhex(case["bytes"]), case["value"])
                self.assertNotIn("nothing", claim["object"], case["key"])
                self.assertNotEqual(claim["value"], case["value"], case["key"])

    def test_noise_is_refused_and_never_breaks_the_program(self):
        chance = random.Random(SEED)
        genuine = [bytes.fromhex(self.proofs[at]["proof"]) for at in (0, 4, 6, 10, 15)]
        genuine.append(bytes.fromhex(self.archives[1]["archive"]))
        for number in range(150):
            data = bytearray(chance.choice(genuine))
            for _ in range(chance.randrange(1, 4)):
                place = chance.randrange(len(data))
                length = chance.randrange(20)
                data[place : place + length] = chance.randbytes(chance.randrange(20))
            answer = self.found(bytes(data))
            if bytes(data) not in genuine:
                self.assertFalse(answer["verified"], f"seed {SEED}, case {number}")

    def test_wrong_usage_is_said(self):
        for args in ([], ["x"], [self.genesis, "x", "--max-age", "soon"], [self.genesis, "nowhere"],
                     ["nowhere", self.genesis], [self.genesis, self.directory]):
            code, out, err = run(*args)
            self.assertEqual((code, out), (2, ""), args)
            self.assertTrue(err and "Traceback" not in err, err)

    def test_a_genesis_is_read_strictly(self):
        good = json.loads(self.genesis.read_text())
        archive = self.file("archive", bytes.fromhex(self.archives[0]["archive"]))
        self.assertEqual(run(self.genesis, archive)[0], 0)
        member = good["members"][0]
        bad = [
            b"", b"[]", b"{", b"null", b"[" * 100_000, b'{"version": 1, "version": 1}', b"\xff",
            *(json.dumps(value).encode() for value in (
                {**good, "version": 2}, {**good, "version": True}, {**good, "version": 1.0},
                {**good, "more": 1}, {**good, "name": "\ud800"}, {**good, "name": None},
                {**good, "time": -1}, {**good, "time": 2**64}, {**good, "members": []},
                {**good, "members": good["members"][::-1]}, {**good, "members": {"agency": 1}},
                {**good, "params": {**good["params"], "record_bytes": 1}},
                {**good, "members": [{**member, "keys": [{"key": "zz"}]}, *good["members"][1:]]},
                {name: value for name, value in good.items() if name != "params"},
            )),
        ]
        for data in bad:
            path = self.file("bad.json", data)
            code, out, err = run(path, archive)
            self.assertEqual((code, err), (5, ""), data[:100])
            self.assertIn("the genesis founds no consortium", out)

    def test_a_genesis_may_leave_out_what_is_missing(self):
        good = json.loads(self.genesis.read_text())
        for member in good["members"]:
            member["agency"].setdefault("superior", None)
            for key in member["keys"]:
                if key["post"] == "":
                    del key["post"]
        path = self.file("short.json", json.dumps(good).encode())
        self.assertEqual(reading.genesis(path), reading.genesis(self.genesis))


if __name__ == "__main__":
    unittest.main()
