"""`make db-new M="add holds"`: the next numbered migration, drafted from what models and database do not share."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

VERSIONS, HEAD = Path("migrations/versions"), Path("migrations/HEAD")


def main() -> int:
    message = " ".join(sys.argv[1:]).strip()
    if not message:
        print('Say what it does: make db-new M="add holds"', file=sys.stderr)
        return 1
    number = f"{int(HEAD.read_text(encoding='utf-8')) + 1:04d}"
    slug = re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")
    revision = ["db", "revision", "--autogenerate", "--rev-id", number, "-m", slug]
    done = subprocess.run([sys.executable, "-m", "flask", *revision], check=False)
    if done.returncode:
        return done.returncode
    HEAD.write_text(f"{number}\n", encoding="utf-8")
    print(f"{VERSIONS}/{number}_{slug}.py: read it, write its downgrade, import no model")
    return 0


if __name__ == "__main__":
    sys.exit(main())
