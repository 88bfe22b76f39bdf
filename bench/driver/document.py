"""docs/performance.md."""
import os

from .checks import check_table
from .tables import markdown
from .tools import ROOT, SOURCES

DOCUMENT = "docs/performance.md"

HEAD = """# Performance

Written by `scripts/bench`; do not edit it. `bench/method.md` and `bench/tried.md` are the parts written by hand.
"""


def part(name):
    """A part written by hand."""
    with open(os.path.join(SOURCES, name)) as file:
        return file.read().strip()


def write_document(results, cases):
    """Puts it together."""
    verdicts, tables = [], []
    for case in cases:
        result = results.cases.get(case.name)
        if result:
            verdicts += case.judged(result)
            when = f"`--case {case.name}`, {result['date']}, load average before it {result['load']}"
            tables.append(f"### {case.title}\n\n{case.rendered(result)}\n\n{when}")
    machine = markdown(["", ""], [[name, value] for name, value in results.machine.items()])
    text = "\n\n".join([HEAD.strip(), part("method.md"), "## Machine and versions", machine,
                        "## What ackpipe has to keep",
                        "`scripts/bench --check` asserts these; it fails where a \"must\" is missed.",
                        check_table(verdicts), "## All figures", *tables, part("tried.md")]) + "\n"
    text = text.replace(ROOT + os.sep, "")  # the reason of a failure may name a file
    with open(os.path.join(ROOT, DOCUMENT), "w") as file:
        file.write("\n".join(line.rstrip() for line in text.split("\n")))
