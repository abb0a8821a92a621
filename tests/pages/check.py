"""The browser verifier, in a headless Chromium: `check.py [SCREENSHOTS]`.

Every case of the vectors that the page has functions for goes through the page's own; proof files are dropped and chosen as
a person would; no request may leave the page. With a directory, screenshots are put there. Needs playwright, and a Chromium:
the one that COMITY_CHROMIUM names, the machine's, or playwright's own.

Holds: what is expected comes from tests/vectors alone: its vectors, and its second implementation.
"""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
from random import Random

from playwright.sync_api import Error, sync_playwright

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "vectors"), str(HERE.parent / "verifier")]

import bundles  # noqa: E402  (the paths above)
import contents  # noqa: E402
import genuine_bundles  # noqa: E402
import made  # noqa: E402  (beside this)
import signatures  # noqa: E402
import tampered_bundles  # noqa: E402
import words as said  # noqa: E402
from cases import world as w  # noqa: E402
from comity import proofs  # noqa: E402
from comity.forms import Unfit  # noqa: E402
from genuine_answering import ANSWERED  # noqa: E402
from genuine_bound import BOUND  # noqa: E402

ROOT = HERE.parent.parent
PAGE = ROOT / "cli" / "pages" / "verifier.html"
VECTORS = ROOT / "tests" / "vectors"
NAMES = ["keys", "signatures", "values", "malformed", "text", "records", "statements", "genesis", "log", "trustpaths"]
SECONDS = 120
COUNT = 240
# So many changed bundles, drawn by the seed; all of them with COMITY_FULL=1.
CHANGED_BUNDLES = 80
CHANGES = (0, 10, 50)

# Cases of proofs.json that are dropped on the page, in place of files.
DROPPED = {
    "receipt": "an entry in the middle of a block",
    "extract": "many objects",
    "extension": "the whole log since block 1",
    "collection": "entries of several blocks",
    "fork": "two blocks in one round",
    "undetermined": "a later prevote for another block",
    "tampered": "a record with another signature",
    "skipped": "a change of the validators left out",
    "damaged": "a byte too few",
    "other-file": "another kind of file",
}

# Bundles that are dropped on the page, with the fault that is due.
BARE = genuine_bundles.grant("G11")
CHANGED = BARE.members(entries=[one for one in BARE.entries if one != genuine_bundles.SEALED])
BUNDLES = {
    "bundle": (genuine_bundles.USED.packed(), None),
    "bundle-dataset": (genuine_bundles.dataset("health.gd/vaccinations").packed(), None),
    "bundle-derived": (genuine_bundles.PASSED.packed(), None),
    "bundle-emergency": (genuine_bundles.access(genuine_bundles.STORY.helped).packed(), None),
    "bundle-late": (genuine_bundles.access(genuine_bundles.LATE.late, story=genuine_bundles.LATE).packed(), None),
    "bundle-late-against": (genuine_bundles.access(genuine_bundles.LATE.late + 2, story=genuine_bundles.LATE).packed(), None),
    "bundle-disputes": (genuine_bundles.signer("data steward", ANSWERED).packed(), None),
    "bundle-findings": (genuine_bundles.signer("univ.gd auditor", ANSWERED).packed(), None),
    "bundle-incomplete": (BARE.packed(CHANGED), "accesses: count"),
    "bundle-cut": (genuine_bundles.USED.packed()[:-9], "container: truncated"),
}


def vectors(name):
    """The text of a vector file."""
    return (VECTORS / f"{name}.json").read_text(encoding="utf-8")


def story_of(story):
    """Every record of a story, and every object of its state, as the second implementation reads it."""
    return {
        "records": [record for block in story.blocks for record in block["records"]],
        "claims": [{"key": key.hex(), "value": value.hex(), "read": json.dumps(contents.claim(key, value.hex())["value"])}
                   for key, value in story.ledger.state.items()],
    }


class Failures:
    """What did not hold. Printed as it comes."""

    def __init__(self):
        self.count = 0

    def expect(self, holds, what):
        """Counts and prints what does not hold."""
        if not holds:
            self.count += 1
            print(f"FAILED: {what}")


def launch(playwright):
    """A browser, or None with the reason printed."""
    own = os.environ.get("COMITY_CHROMIUM")
    found = own or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        return playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
    except Error as error:
        print(f"skipped: no Chromium can be started here: {str(error).splitlines()[0]}")
        return None


def opened(browser, requests, locale="en-GB", width=1100, scheme="light"):
    """The page in a context of its own, every request of it listed."""
    context = browser.new_context(locale=locale, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(SECONDS * 1000)
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: requests.append(f"error: {error}"))
    page.goto(PAGE.as_uri())
    return page


def drop(page, files):
    """Drops files on the page: {name: bytes}."""
    given = {name: list(data) for name, data in files.items()}
    page.evaluate("""files => {
        const transfer = new DataTransfer();
        for (const [name, data] of Object.entries(files)) transfer.items.add(new File([new Uint8Array(data)], name));
        const event = name => new DragEvent(name, { dataTransfer: transfer, bubbles: true, cancelable: true });
        document.body.dispatchEvent(event('dragover'));
        document.body.dispatchEvent(event('drop'));
    }""", given)


def check_vectors(page, failures):
    """Every vector file, and every proof file."""
    page.evaluate((HERE / "browser.js").read_text(encoding="utf-8"))
    for name in NAMES:
        found = page.evaluate("([name, source]) => comityTests.runVectors(name, source)", [name, vectors(name)])
        print(f"{name}: {found['passed']} hold, {found['skipped']} are not for the page")
        failures.expect(found["passed"] > 0, f"{name}: nothing was checked")
        for failed in found["failed"]:
            failures.expect(False, f"{name}: {failed}")
    for name in ("statements", "values"):
        missing = page.evaluate("source => comityTests.wordless(source)", vectors(name))
        failures.expect(not missing, f"{name}: the page has no words for {missing}")
    for what, story in (("of grants that bind", BOUND), ("of what agencies answer for", ANSWERED)):
        missing = page.evaluate("story => comityTests.wordlessStory(story)", story_of(story))
        failures.expect(not missing, f"a story {what}: the page has no words, or another value, for {missing}")
    source = json.loads(vectors("proofs"))
    genesis, times = json.dumps(source["shared"]["genesis"]), []
    for case in source["cases"]:
        found = page.evaluate("([genesis, proof]) => comityTests.prove(genesis, proof)", [genesis, case["proof"]])
        expected = {"fault": case["fault"], "shows": case["shows"]}
        failures.expect({name: found[name] for name in expected} == expected, f"proofs: {case['what']}: {found}")
        if case["shows"] and case["shows"]["kind"] == "fork":
            fork = proofs.read(bytes.fromhex(case["proof"]))[1]
            later = max(fork[side]["header"]["time"] for side in ("one", "other"))
            failures.expect(found["asOf"] == later, f"proofs: {case['what']}: as of {found['asOf']}, not {later}")
        if case["shows"] and case["shows"]["kind"] == "receipt":
            times.append((found["ms"], found["signatures"]))
    print(f"proofs: {len(source['cases'])} cases")
    print("a receipt: {:.0f} ms in the middle, with {} signatures".format(
        statistics.median(ms for ms, _ in times), times[-1][1]))


def tampered(source, seed):
    """COUNT files that were changed after they were made, each in one way; the same for one seed."""
    random = Random(seed)
    good = [bytes.fromhex(case["proof"]) for case in source["cases"] if case["shows"]]
    made = 0
    while made < COUNT:
        data, other = bytearray(random.choice(good)), random.choice(good)
        at = random.randrange(len(data))
        way = made % 6
        if way == 0:
            data[at] ^= 1 << random.randrange(8)
        elif way == 1:
            del data[at:]
        elif way == 2:
            data[at:at] = random.randbytes(random.randrange(1, 40))
        elif way == 3:
            del data[at : at + random.randrange(1, 40)]
        elif way == 4:
            data[at:] = other[at:]
        else:
            data[at : at + 8] = random.choice([b"\0", b"\xff"]) * 8
        if bytes(data) not in good:
            made += 1
            yield bytes(data)


def check_tampered(page, failures):
    """That the page refuses every one of them, by the name that the second implementation gives."""
    source = json.loads(vectors("proofs"))
    genesis, text, refused = source["shared"]["genesis"], json.dumps(source["shared"]["genesis"]), 0
    seed = os.environ.get("COMITY_SEED", "20261122")
    for number, data in enumerate(tampered(source, seed)):
        expected = {"fault": None, "shows": None}
        try:
            shows = proofs.verify(genesis, data)
            expected["shows"] = json.loads(json.dumps(shows))
        except Unfit as unfit:
            expected["fault"] = unfit.name
            refused += 1
        found = page.evaluate("([genesis, proof]) => comityTests.prove(genesis, proof)", [text, data.hex()])
        same = {name: found[name] for name in expected} == expected
        failures.expect(same, f"changed file {number} of seed {seed}: {expected}, the page: {found}")
    failures.expect(refused == COUNT, f"{COUNT - refused} changed files were taken, seed {seed}")
    print(f"changed files: {refused} of {COUNT} refused, compared with the second implementation; seed {seed}")


def check_made(page, failures):
    """A receipt for every action; how long one takes after many changes of the validators."""
    genesis = json.dumps(json.loads(vectors("proofs"))["shared"]["genesis"])
    kinds = set()
    for kind, data in made.actions(vectors("statements")):
        found = page.evaluate("([genesis, proof]) => comityTests.prove(genesis, proof)", [genesis, data.hex()])
        failures.expect(found["fault"] is None, f"a receipt for {kind}: {found['fault']}")
        kinds.add(kind)
    known = page.evaluate("comity.types.action.names")
    failures.expect(kinds == set(known), f"no receipt was made for {set(known) - kinds}")
    print(f"receipts: {len(kinds)} kinds of actions")
    record = bytes.fromhex(json.loads(vectors("statements"))["cases"][0]["record"])
    for changes in CHANGES:
        data = made.receipt(record, changes)
        runs = [page.evaluate("([genesis, proof]) => comityTests.prove(genesis, proof)", [genesis, data.hex()])
                for _ in range(3)]
        failures.expect(all(run["fault"] is None for run in runs), f"a receipt after {changes} changes: {runs[0]}")
        middle = statistics.median(run["ms"] for run in runs)
        print(f"a receipt after {changes} changes: {len(data)} bytes, {runs[0]['signatures']} signatures, {middle:.0f} ms")


def check_bounds(page, failures):
    """As many claims as there may be, and one more."""
    genesis = json.dumps(json.loads(vectors("proofs"))["shared"]["genesis"])
    for count, fault in ((proofs.MAX_CLAIMS, "claim"), (proofs.MAX_CLAIMS + 1, "claims")):
        data = made.claims(count)
        found = page.evaluate("([genesis, proof]) => comityTests.prove(genesis, proof)", [genesis, data.hex()])
        failures.expect(found["fault"] == fault, f"{count} claims: {found['fault']}")
        print(f"{count} claims: refused after {found['ms']:.0f} ms")


def check_names(page, failures):
    """That a key gets a name exactly where the second implementation gives it one."""
    keys = [bytes.fromhex(case["bytes"]) for case in json.loads(vectors("state"))["cases"] if "name" in case]
    keys += [b"w", b"w440100", b"z", b"isupervisor", b"f" + bytes(12), b"s" + bytes(16), b"S" + bytes(8) + b"civil.gd",
             b"Og" + bytes(8), b"OB" + bytes(8), b"E", *(letter + bytes(8) for letter in (b"h", b"B", b"I", b"D", b"W", b"F"))]
    named = len(keys)
    keys += [b"", b"gG17", b"g", b"p ", b"dhealth.gd/a ", b"dhealth.gd", b"ahealth.gd ", b"aHealth.gd", b"k" + bytes(32),
             b"kx", b"y" + bytes(45), b"e", b"eh/a\0\0\0\0", b"m\xff", b"mA B", b"z ", b"xhealth.gd\0", b"nhealth..gd", b"h",
             b"w\n", b"w" + b"4" * 65, b"i", b"isupervisors", b"j" + bytes(32), b"f" + bytes(11), b"B" + bytes(7), b"I", b"D\0",
             b"W" + bytes(9), b"F", b"E\0", b"s" + bytes(15), b"S" + bytes(8), b"S" + bytes(8) + b"Civil", b"O" + bytes(9),
             b"Or" + bytes(7), b"t" + bytes(8)]
    for number, key in enumerate(keys):
        words = contents.claim(key, None)["object"]
        found = page.evaluate("key => comity.readClaim({ key, value: null }).kind", key.hex())
        failures.expect((found is None) == words.startswith("nothing"), f"the key {key}: {found}, {words}")
        failures.expect((found is not None) == (number < named), f"the key {key}: {found}")


def bundle_shows(found):
    """What the second implementation found in a bundle, as the page's tests write it."""
    shown = {"fault": found.get("fault"), "checks": [[one["check"], one["result"]] for one in found["checks"]]}
    if shown["fault"] is None:
        shown.update(
            indexes=[one["index"] for one in found["collected"]], claims=len(found["claims"]),
            judgements={str(at): verdict for at, verdict in found["judgements"].items()},
            **{name: {of: [one["shown"], one["total"]] for of, one in found[name].items()} for name in ("accesses", "urgent")},
            openings={str(at): [one["text"] for one in opened] for at, opened in found["openings"].items()})
    return shown


def check_bundles(page, failures):
    """Evidence bundles, genuine and tampered with: the page says of each what the second implementation says."""
    genesis, seed = w.GENESIS, os.environ.get("COMITY_SEED", "20261122")
    cases = [(what, case.packed(), None) for what, case in genuine_bundles.GENUINE]
    cases += [(what, data, None) for what, data in tampered_bundles.rest()]
    genuine, refused, times = len(cases), 0, []
    # Others the page takes for proof files.
    changed = [case[:3] for case in tampered_bundles.tampered(Random(seed)) if case[1].startswith(bundles.MAGIC)]
    cases += changed if os.environ.get("COMITY_FULL") else Random(seed).sample(changed, CHANGED_BUNDLES)
    for number, (what, data, due) in enumerate(cases):
        expected = bundle_shows(bundles.verify(genesis, data))
        found = page.evaluate(
            "([genesis, bundle]) => comityTests.proveBundle(genesis, bundle)", [json.dumps(genesis), data.hex()])
        same = {name: found.get(name) for name in expected} == expected
        failures.expect(same, f"bundle, {what}, seed {seed}: {expected}, the page: {found}")
        failures.expect((expected["fault"] is None) == (number < genuine), f"bundle, {what}: {expected['fault']}")
        refused += number >= genuine and found["fault"] is not None
        times += [found["ms"]] if number < genuine else []
    print(f"bundles: {genuine} taken, in {statistics.median(times):.0f} ms in the middle; {refused} that were tampered with "
          f"refused, by the names of the second implementation; seed {seed}")


def check_words(page, failures):
    """Both languages of every row; a row of words for every fault of the vectors; no other row about faults."""
    rows = page.evaluate("() => ({ ...comity.WORDS, ...comity.TERMS, ...comity.NEXT })")
    for name, row in rows.items():
        failures.expect(len(row) == 2 and all(row), f"words: {name} is not in two languages")
        marks = [sorted(set(part.split("}")[0] for part in text.split("{")[1:])) for text in row]
        failures.expect(marks[0] == marks[1], f"words: {name} fills in other things in the other language")
    faults = page.evaluate("() => comity.FAULTS")
    following = page.evaluate("() => Object.keys(comity.NEXT)")
    for name, (following_name, *texts) in faults.items():
        whole = len(texts) == 2 and all(len(pair) == 2 and all(pair) for pair in texts)
        failures.expect(whole and following_name in following, f"words: fault {name} lacks words")
    named = {case["fault"] for source in ("proofs", "trustpaths") for case in json.loads(vectors(source))["cases"]}
    named |= {case["rule"] for case in json.loads(vectors("records"))["cases"]}
    named |= {f"genesis-{case['fault']}" for case in json.loads(vectors("genesis"))["cases"] if case.get("fault")}
    named |= set(said.BUNDLES)
    failures.expect(named - {None} <= set(faults), f"words: none for {named - {None} - set(faults)}")


def files_of(source, name):
    """The files of a case, as a person has them."""
    if name in BUNDLES:
        genesis = json.dumps(w.GENESIS, ensure_ascii=False, indent=2).encode()
        data, fault = BUNDLES[name]
        return {"shows": fault is None or None, "fault": fault}, {f"{name}.comity": data, "genesis.json": genesis}
    case = next(case for case in source["cases"] if case["what"] == DROPPED[name])
    genesis = json.dumps(source["shared"]["genesis"], ensure_ascii=False, indent=2).encode()
    return case, {f"{name}.proof": bytes.fromhex(case["proof"]), "genesis.json": genesis}


def check_drops(browser, requests, failures):
    """Files dropped and chosen; what the page then says."""
    source = json.loads(vectors("proofs"))
    for name in [*DROPPED, *BUNDLES]:
        case, files = files_of(source, name)
        for locale, words in (("en-GB", ("✓ Proven", "✗ Not proven")), ("zh-CN", ("✓ 核验通过", "✗ 核验未通过"))):
            page = opened(browser, requests, locale)
            drop(page, files)
            heading = page.locator(".verdict h2").inner_text()
            failures.expect(heading.startswith(words[0 if case["shows"] else 1]), f"{name}, {locale}: {heading}")
            body = page.locator("body").inner_text()
            failures.expect(case["fault"] is None or case["fault"] in body, f"{name}: the fault is not named")
            for sign in ("‹", "undefined", "[object", "null", "NaN"):
                failures.expect(sign not in body, f"{name}, {locale}: {sign} on the page")
            states = page.locator(".steps li").evaluate_all("all => all.map(one => one.className)")
            due = {"passed"} if name in DROPPED else {"passed", "left-out"}
            failures.expect(("failed" in states) == (case["shows"] is None), f"{name}: steps {states}")
            failures.expect(case["shows"] is None or set(states) == due, f"{name}: steps {states}")
            page.context.close()


def check_hands(browser, requests, failures):
    """One file after the other, by the file choosers; a ZIP; nonsense; the language switch; starting over; the keyboard."""
    case, files = files_of(json.loads(vectors("proofs")), "receipt")
    page = opened(browser, requests)
    unlabelled = page.locator("input").evaluate_all("all => all.filter(one => one.labels.length !== 1).length")
    failures.expect(unlabelled == 0, "an input has no label")
    page.locator("#proof-file").set_input_files({"name": "a.proof", "mimeType": "", "buffer": files["receipt.proof"]})
    page.locator("#notice", has_text="genesis.json").wait_for()
    page.locator("#genesis-file").set_input_files({"name": "g.json", "mimeType": "", "buffer": files["genesis.json"]})
    failures.expect("✓ Proven" in page.locator(".verdict").inner_text(), "chosen files are not verified")
    focused = page.evaluate("document.activeElement.id")
    failures.expect(focused == "result", f"the focus is on {focused}, not on the result")
    page.locator("[data-language=zh]").press("Enter")
    failures.expect("核验通过" in page.locator(".verdict").inner_text(), "the switch does not change the result's language")
    failures.expect(page.evaluate("document.documentElement.lang") == "zh-CN", "the language of the page is not said")
    page.locator("#start-over").press("Enter")
    failures.expect(page.locator(".verdict").count() == 0, "starting over leaves a verdict")
    drop(page, {"bad.comity": b"PK\3\4rest", "genesis.json": files["genesis.json"]})
    failures.expect("container: truncated" in page.locator(".verdict").inner_text(), "any ZIP is taken")
    page.locator("#start-over").evaluate("one => one.click()")
    drop(page, {"receipt.proof": files["receipt.proof"], "genesis.json": b'{"version": 1}'})
    failures.expect("genesis-unreadable" in page.locator(".verdict").inner_text(), "a genesis that is none is taken")
    twice = files["genesis.json"].replace(b'{\n  "version"', b'{\n  "version": 2,\n  "version"', 1)
    page.locator("#start-over").evaluate("one => one.click()")
    drop(page, {"receipt.proof": files["receipt.proof"], "genesis.json": twice})
    failures.expect("genesis-unreadable" in page.locator(".verdict").inner_text(), "a member that stands twice is taken")
    page.context.close()


def check_contrast(browser, requests, failures):
    """That every text stands out from what is behind it by 4.5 to 1 (WCAG 2.2, 1.4.3), in both colour schemes."""
    source = json.loads(vectors("proofs"))
    for scheme in ("light", "dark"):
        for name in ("receipt", "tampered", "fork", "collection", "bundle", "bundle-incomplete"):
            page = opened(browser, requests, scheme=scheme)
            drop(page, files_of(source, name)[1])
            page.locator(".verdict").wait_for()
            faint = page.evaluate("""() => {
                const light = colour => {
                    const [r, g, b] = colour.match(/[\\d.]+/g).map(part => part / 255)
                        .map(part => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
                };
                const behind = one => {
                    const own = one ? getComputedStyle(one).backgroundColor : 'rgb(255, 255, 255)';
                    return own.startsWith('rgba') && own.endsWith(', 0)') ? behind(one.parentElement) : own;
                };
                const texts = [...document.body.querySelectorAll('*')].filter(one =>
                    [...one.childNodes].some(child => child.nodeType === 3 && child.textContent.trim()) && one.offsetParent);
                return texts.map(one => {
                    const [a, b] = [light(getComputedStyle(one).color), light(behind(one))].sort((x, y) => y - x);
                    return [(a + 0.05) / (b + 0.05), one.textContent.slice(0, 40)];
                }).filter(([ratio]) => ratio < 4.5);
            }""")
            failures.expect(not faint, f"{name}, {scheme}: too faint: {faint[:3]}")
            page.context.close()


def check_policy(browser, failures):
    """That the page could not reach anything if it tried."""
    page = opened(browser, [])
    refused = page.evaluate("""async () => {
        const tries = [
            () => fetch('http://127.0.0.1:9/'), () => fetch('data:text/plain,a'),
            () => new Promise((good, bad) => { const one = new Image(); one.onload = good; one.onerror = bad; one.src = 'http://127.0.0.1:9/a.png'; }),
            () => new Promise((good, bad) => { const one = document.createElement('script'); one.textContent = 'globalThis.leaked = true'; document.head.append(one); globalThis.leaked ? good() : bad(); }),
        ];
        const results = await Promise.allSettled(tries.map(one => one()));
        return results.map(one => one.status);
    }""")
    failures.expect(refused == ["rejected"] * 4, f"the policy lets something through: {refused}")
    page.context.close()


def take_pictures(browser, requests, directory):
    """Success and failure, in both languages, wide, narrow, dark and on paper."""
    directory.mkdir(parents=True, exist_ok=True)
    source = json.loads(vectors("proofs"))
    for locale in ("en-GB", "zh-CN"):
        own = locale[:2]
        page = opened(browser, requests, locale)
        page.screenshot(path=directory / f"empty-{own}-wide.png", full_page=True)
        page.context.close()
        for name in [*DROPPED, *BUNDLES]:
            for label, width in (("wide", 1100), ("narrow", 400)):
                page = opened(browser, requests, locale, width)
                drop(page, files_of(source, name)[1])
                page.locator(".verdict").wait_for()
                over = page.evaluate("document.documentElement.scrollWidth > innerWidth")
                if over:
                    print(f"FAILED: {name}-{own}-{label} is wider than the window")
                page.screenshot(path=directory / f"{name}-{own}-{label}.png", full_page=True)
                if label == "wide":
                    page.emulate_media(media="print")
                    page.set_viewport_size({"width": 680, "height": 1000})
                    page.screenshot(path=directory / f"{name}-{own}-print.png", full_page=True)
                    page.pdf(path=directory / f"{name}-{own}-print.pdf", format="A4", margin={
                        "top": "15mm", "bottom": "15mm", "left": "15mm", "right": "15mm"})
                page.context.close()
        for kind, data in made.actions(vectors("statements")):
            page = opened(browser, requests, locale, 800)
            drop(page, {f"{kind}.proof": data, "genesis.json": files_of(source, "receipt")[1]["genesis.json"]})
            page.locator(".verdict").wait_for()
            page.screenshot(path=directory / f"action-{kind}-{own}.png", full_page=True)
            page.context.close()
        page = opened(browser, requests, locale, scheme="dark")
        drop(page, files_of(source, "receipt")[1])
        page.locator(".verdict").wait_for()
        page.screenshot(path=directory / f"receipt-{own}-dark.png", full_page=True)
        page.context.close()


def main():
    """Exit code 1 where something does not hold."""
    subprocess.run([sys.executable, ROOT / "cli/pages/verifier/join.py", "--check"], check=True)
    failures, requests = Failures(), []
    signatures.choose()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        if browser is None:
            return
        print(f"Chromium {browser.version}")
        page = opened(browser, requests)
        check_words(page, failures)
        check_vectors(page, failures)
        check_tampered(page, failures)
        check_made(page, failures)
        check_bounds(page, failures)
        check_names(page, failures)
        check_bundles(page, failures)
        page.context.close()
        check_drops(browser, requests, failures)
        check_hands(browser, requests, failures)
        check_contrast(browser, requests, failures)
        check_policy(browser, failures)
        if len(sys.argv) > 1:
            take_pictures(browser, requests, pathlib.Path(sys.argv[1]))
        browser.close()
    left = [url for url in requests if url != PAGE.as_uri()]
    failures.expect(not left, f"the page asked for {left[:5]}")
    print(f"requests beside the page itself: {len(left)}; failures: {failures.count}")
    sys.exit(1 if failures.count else 0)


if __name__ == "__main__":
    main()
