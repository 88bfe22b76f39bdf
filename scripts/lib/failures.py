"""Says what failed in a run of scripts/test, from the logs of its parts: failures.py FOLDER PART...

Prints one line for each culprit, cut, and few of them: continuous integration may show only the end of its log. FOLDER holds
PART.log for each part; the whole text of each failure goes into FOLDER/failures.txt.
"""

import pathlib
import re
import sys

LINES = 40  # shared by the parts
BEGIN, END = 280, 120  # characters of a line that are shown: what failed, and the last that was seen
FRAMES = 5  # of a crash
LAST = 12  # lines of a log that names no culprit

ISSUE = re.compile(r"^\S+ (?:Test|Suite) .* recorded an issue\b")  # a known issue says "a known issue"
SYMBOL = re.compile(r"^[◇✔✘➜⚠✗] ")
CRASH = re.compile(r"^(?:\*\*\*|💣) Program crashed: |^.*\bFatal error: ")
THREAD = re.compile(r"^Thread \d+ ")
PLACE = re.compile(r"\b((?:Tests|Sources)/\S+\.swift:\d+)")
TARGET = re.compile(r"^--- \w*Tests$")
STARTED = re.compile(r"^◇ Test (?!run |case passing )(.*) started\.$")
ENDED = re.compile(r"^\S Test (.*?)(?: with \d+ test cases?)? (?:passed after|failed after|skipped[:.])")
ERROR = re.compile(r"\berror: |^Segmentation fault|SURVIVED|^seed \d+: |^\s*\^-+\^? SC\d+ |^In .* line \d+:$")


def issues(lines):
    """Each recorded issue as the list of its lines: what failed, then what was seen."""
    found, open_issue = [], None
    for line in lines:
        if SYMBOL.match(line):
            open_issue = [line] if ISSUE.match(line) else None
            if open_issue:
                found.append(open_issue)
        elif TARGET.match(line):
            open_issue = None
        elif open_issue and line.strip():
            open_issue.append(line)
    return found


def unfinished(lines):
    """The tests that were running when the log of a target ended: what a crash or a kill took with it."""
    running, found = {}, []
    for line in [*lines, "--- Tests"]:
        if TARGET.match(line):
            found += running
            running = {}
        elif "Test run with" in line:
            running = {}
        elif started := STARTED.match(line):
            running[started.group(1)] = True
        elif ended := ENDED.match(line):
            running.pop(ended.group(1), None)
    return [f"started and never ended: {name}" for name in found]


def crashes(lines):
    """Each crash as its lines: what it was, and the places in our own code, innermost first, that the thread was at."""
    found, inside = [], False
    for line in lines:
        if CRASH.match(line):
            found.append([line])
        elif THREAD.match(line):
            inside = "crashed" in line
        elif found and inside and len(found[-1]) <= FRAMES and (place := PLACE.search(line)):
            found[-1].append(place.group(1))
    return found


def culprits(text):
    """The failures that a part's log names, the tests' first, each as its lines; the end of the log where it names none."""
    lines = text.split("\n")
    found = issues(lines) + crashes(lines)
    seen = {line for issue in found for line in issue}
    errors = [line for line in lines if ERROR.search(line) and not SYMBOL.match(line) and line not in seen]
    found += [[line] for line in dict.fromkeys(errors)]
    found += [[line] for line in unfinished(lines)]
    return found or [[line] for line in [line for line in lines if line.strip()][-LAST:]]


def cut(text):
    return text if len(text) <= BEGIN + END + 5 else f"{text[:BEGIN]} ... {text[-END:]}"


def main():
    folder, parts = pathlib.Path(sys.argv[1]), sys.argv[2:]
    allowed = max(LINES // max(len(parts), 1) - 1, 3)
    with open(folder / "failures.txt", "w", encoding="utf-8") as whole:
        for part in parts:
            found = culprits((folder / f"{part}.log").read_text(encoding="utf-8", errors="replace"))
            whole.write("".join(f"[{part}] " + "\n    ".join(lines) + "\n" for lines in found))
            shown = found if len(found) <= allowed else found[: allowed - 1]
            for lines in shown:
                print(f"[{part}] {cut(' | '.join(line.strip() for line in lines))}")
            if len(found) > len(shown):
                print(f"[{part}] and {len(found) - len(shown)} more")


sys.stdout.reconfigure(encoding="utf-8")  # whatever LANG says
main()
