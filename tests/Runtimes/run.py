"""Runs the cases: functions named case_*; one fails by an exception, and is skipped by returning the reason as text."""
import importlib
import sys
import time
import traceback

import harness

sys.path.insert(0, str(harness.ROOT / "runtime" / "native" / "tests"))
from guard import Guard  # noqa: E402

NAMES = {"python": "cases_python", "node": "cases_node", "java": "cases_java", "dotnet": "cases_dotnet", "ruby": "cases_ruby", "probes": "cases_probes", "ric": "cases_ric", "layer": "cases_layer", "clients": "cases_clients"}


def main(parts):
    harness.mount_places()
    passed, failed, skipped = 0, [], []
    only = [part.split(":", 1)[1] for part in parts if ":" in part]
    for part in dict.fromkeys(part.split(":", 1)[0] for part in parts):
        module = importlib.import_module(NAMES[part])
        for name in sorted(name for name in vars(module) if name.startswith("case_")):
            if only and name[5:] not in only:
                continue
            start = time.monotonic()
            for left in reversed(range(3)):
                try:
                    reason = vars(module)[name]()
                    if isinstance(reason, str):
                        skipped.append(f"{part}: {name[5:]}: {reason}")
                    else:
                        passed += 1
                except Exception:
                    # What a guard without a processor does not answer in time is let through, as documented: such a run says nothing.
                    again = left > 0 and any(guard.answer and guard.counter("unanswered") for guard in Guard.made)
                    if not again:
                        failed.append(f"{part}: {name[5:]}")
                    print(f"{'again' if again else 'FAILED'} {part}: {name[5:]}", flush=True)
                    traceback.print_exc()
                    if again:
                        continue
                finally:
                    for guard in list(Guard.made):
                        guard.close()
                break
            if time.monotonic() - start > 20:
                print(f"slow: {part}: {name[5:]} took {time.monotonic() - start:.0f} s", flush=True)
    for text in skipped:
        print(f"SKIPPED {text}")
    for text in failed:
        print(f"failed: {text}")
    print(f"{passed} passed, {len(failed)} failed" + (f", {len(skipped)} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
