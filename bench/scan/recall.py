"""Recall and precision of `pellicle scan` against what package managers, compilers and bundlers themselves say. See recall.sh."""
import os, sys

from corpora import bundles, distributions, dotnet, go, java, locks, native, npm, php, python, ruby, rust
from corpora.common import NotBuilt

CORPORA = {name: corpus for module in (npm, locks, bundles, python, java, dotnet, go, rust, ruby, php, distributions, native) for name, corpus in module.CORPORA.items()}

# Recall and precision that a corpus must reach; a name or its beginning.
# Of jars that do not say whose they are only well-known ones can be told; that corpus is there to be seen.
GOALS = {"java debian unstated": (0.0, 0.0), "java without poms": (0.9, 0.9), "java advisories": (0.97, 0.99), "bundle-all": (0.0, 0.95), "bundle": (0.9, 0.97), "blind-all": (0.0, 0.85), "blind": (0.9, 0.85), "python stripped": (0.9, 0.97), "native": (0.9, 0.97), "": (0.99, 0.99)}


def goal(name):
    return next(goals for start, goals in GOALS.items() if name.startswith(start))


def measure(name, corpus):
    """Prints one line; False when the goal was missed. Names count for bundles and stripped packages, names with versions elsewhere."""
    truth, got = set(), set()
    for i, (expected, actual) in enumerate(corpus()):
        truth |= {(i, n.lower(), v) for n, v in expected}
        got |= {(i, n.lower(), v) for n, v in actual}
    by_name = name.startswith(("bundle", "blind", "python stripped"))
    key = (lambda t: t[:2]) if by_name else (lambda t: t)
    keys_truth, keys_got = {key(t) for t in truth}, {key(g) for g in got}
    hit = keys_truth & keys_got
    recall, precision = len(hit) / max(1, len(keys_truth)), len(hit) / max(1, len(keys_got))
    told = [g for g in got if g[2] and g[:2] in {t[:2] for t in truth}]
    wrong = [g for g in told if g not in truth]
    right = len({g[:2] for g in told if g in truth})
    print(f"{name:26} {len(keys_truth):6} {100 * recall:7.1f}% {100 * precision:9.1f}% {100 * right / max(1, len(keys_truth)):13.1f}% {len(wrong):6}", flush=True)
    if os.environ.get("VERBOSE"):
        print("    missed:", sorted(str(t[1:]) for t in truth if key(t) not in hit)[:150])
        print("    extra: ", sorted(str(g[1:]) for g in got if key(g) not in hit)[:150])
        print("    wrong: ", sorted(str(w[1:]) for w in wrong)[:80])
    return recall >= goal(name)[0] and precision >= goal(name)[1]


def main():
    wanted = sys.argv[2:]
    missed = []
    print(f"{'corpus':26} {'truth':>6} {'recall':>8} {'precision':>10} {'version right':>14} {'wrong':>6}")
    for name, corpus in CORPORA.items():
        if wanted and not any(name == w or name.startswith(w + " ") or name.startswith(w + "-") for w in wanted):
            continue
        try:
            if not measure(name, corpus):
                missed.append(name)
        except (NotBuilt, OSError) as error:
            print(f"{name:26} not built: {error}", flush=True)
    if missed:
        print("below its goal:", ", ".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
