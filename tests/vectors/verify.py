#!/usr/bin/env python3
"""Verifies an archive without any of Comity's programs: `verify.py GENESIS.json ARCHIVE`.

The second implementation of docs/formats.md; slow, and meant for doubting the first.
Exit code 0: verified; 5: it proves nothing, or not what it is held to prove.
"""

import json
import pathlib
import sys

sys.dont_write_bytecode = True

from comity.chain import verify_archive
from comity.forms import Unfit


def main():
    """Prints what the archive proves, as JSON."""
    if len(sys.argv) != 3:
        sys.exit("usage: verify.py GENESIS.json ARCHIVE")
    genesis = json.loads(pathlib.Path(sys.argv[1]).read_text())
    try:
        result = verify_archive(genesis, pathlib.Path(sys.argv[2]).read_bytes())
    except Unfit as unfit:
        result = {"fault": f"genesis: {unfit.name}"}
    print(json.dumps(result))
    sys.exit(5 if "fault" in result else 0)


if __name__ == "__main__":
    main()
