"""Every runtime with and without the protection layer: the platform must be told the same, byte for byte, and the log must hold the same.

Node.js runs npm's own client too, where tests/clients has installed it; AWS's clients of the other languages are in none of the registries that the build uses.
"""
import re
import secrets

import cases_ric
from harness import ROOT, WORK, run
from shared import context_headers

LAYER = WORK / "tasks" / "layer"
MODES = ("monitor", "protect")
SECRETS = {  # with them the guard looks at every response; the well-known example key would be found in example events
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE000000000", "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20), "AWS_SESSION_TOKEN": secrets.token_hex(100),
}
# Per request and process: the id, and times. Connections are the hop's own business.
UNCOMPARED = ("host", "connection", "user-agent", "accept", "expect")
EVENTS = [
    {"a": [1, "grüße 💥", None, True, 1.5e10], "b": {"c": "\u2028\u0000"}, "size": 10, "count": 3}, [], "", "text", 0, -1.5, None, {"empty": {}}, {"long": "y" * 100_000}, b' { "spaced" : [ 1 , 2 ] } ',
    {"Records": [{"eventSource": "aws:sqs", "body": "{\"id\":7}", "messageId": "m"}]}, {"name": "O'Brien & Söhne; 50 % off", "path": "/a/b/../c", "note": "select the best from the list"},
]


def benign_events():
    """Real-looking events of every source, where the shared data is there."""
    folder = ROOT.parent / "shared" / "data" / "events" / "benign"
    return [path.read_bytes() for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []


def exchange(outcome, several=False):
    """What the platform was told, in order, with the ids replaced by their number; of several workers only the answers, by their ids."""
    def plain(data):
        for number, request_id in enumerate(outcome.api.ids):
            data = data.replace(request_id.encode(), b"<%d>" % number)
        return data

    told = []
    for request in outcome.api.requests:
        headers = {name: plain(value.encode()) for name, value in request.headers.items() if name not in UNCOMPARED}
        # A hop may send in one piece what came in several, and the other way round: the framing is not the message.
        headers.pop("content-length", None)
        told.append((request.method, plain(request.path.encode()), headers, plain(request.body), request.trailers))
    return sorted((t for t in told if t[0] == "POST"), key=lambda t: t[1]) if several else told


def log(text):
    """The function's own log: the JVM says that it was given options."""
    return [line for line in text.splitlines() if not line.startswith("Picked up JAVA_TOOL_OPTIONS")]


def compare(language, handler, events, masks=(), modes=None, several=False, fails=False, **more):
    """One run without, one in each mode with the layer; `events` may be a function that makes them for a run. With `fails` no event may be answered by a response, else some must be; None leaves that open."""
    modes = modes or MODES
    made = events if callable(events) else lambda: events
    def shown(outcome):
        # Several workers may still log when the last answer is there and they are ended.
        text = repr((exchange(outcome, several), None if several else (log(outcome.stdout), log(outcome.stderr), outcome.frames, outcome.code)))
        for request_id in outcome.api.ids:
            text = text.replace(request_id, "<id>")
        for mask in masks:
            text = mask(text)
        return text

    env = {**SECRETS, **more.pop("env", {})}
    without = run(language, handler, made(), env=env, **more)
    assert fails is None or fails != any(a.kind == "response" for a in without.answers), f"{language} {handler}: {without}"
    for mode in modes:
        guarded = run(language, handler, made(), env={**env, "AWS_LAMBDA_EXEC_WRAPPER": "/opt/pellicle/wrapper", "PELLICLE_MODE": mode, "PELLICLE_LOG": "info"}, layer=LAYER, **more)
        if shown(guarded) != shown(without):
            raise AssertionError(f"{language} {handler}, {mode}: {difference(shown(without), shown(guarded))}\n  guard {(WORK / 'guard.log').read_text()[-800:]}")
    compare.runs += len(modes)
    compare.events += len(modes) * len(without.api.events)


def difference(one, other):
    """Both texts from a little before the first byte that differs."""
    at = next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
    return f"\n  without …{one[max(0, at - 300):at + 500]}\n  with    …{other[max(0, at - 300):at + 500]}"


compare.runs = compare.events = 0


def without_times(text):
    """Remaining time, times in traces and logs, and the Runtime API's address, which a client may tell in its messages."""
    text = re.sub(r"\[\d{13}\]", "[<ms>]", re.sub(r"127\.0\.0\.1:\d+", "<api>", text))
    return re.sub(r"20\d\d-\d\d-\d\dT[\d:.]+Z?", "<time>", re.sub(r'("remaining": ?|"remaining":)\d+', r"\1<ms>", text))


def all_of(language, table, **more):
    for handler, events in table:
        compare(language, handler, events, **more)


def failing(language, table, **more):
    all_of(language, table, fails=True, **more)


def case_python():
    masks = [without_times]
    all_of("python", [
        ("cases.echo", EVENTS + benign_events()), ("cases.fixed_bytes", [1]), ("cases.big", [{"size": 6_000_000}]), ("cases.decimals", [1]), ("cases.surrogate", [1]), ("cases.log", [1]), ("cases.spawns", [3, 4]), ("pkg/deep.handler", [1]),
        ("cases.show_context", [(1, context_headers()), 2]),
    ], masks=masks)
    failing("python", [
        ("cases.raises", [1, 2]), ("cases.not_json", [1]), ("cases.echo", [b"{oops"]), ("cases.leaves", [1]),
        ("cases.absent", [1]), ("nowhere.handler", [1]), ("broken.handler", [1]), ("fails.handler", [1]), ("missing.handler", [1]),
    ], masks=masks)
    compare("python", "cases.echo", ["y" * (6 * 1024 * 1024 - 2)])
    compare("python", "cases.echo", [1, 2], statuses={"response": 413})
    compare("python", "cases.echo", [1, 2, 3], close=True)
    compare("python", "cases.log", [1, 2], masks=masks, log_descriptor=True)


TWICE = [{"size": 10, "count": 3}, {"size": 0, "count": 0}]
NODE = [(f"cases.{n}", TWICE) for n in
        ("big", "callback", "noWait", "waits", "forgets", "nothing", "thenable", "succeed", "done", "stream", "streamHttp", "streamBig", "streamFailsLate", "log")]
NODE_FAILS = [(f"cases.{n}", TWICE) for n in
              ("raises", "throwsNow", "throwsText", "callbackError", "fail", "circular", "exits", "rejectsAside", "throwsAside", "notFunction", "nothere")]


def case_node():
    masks = [without_times]
    all_of("node", [("cases.echo", EVENTS + benign_events()), *NODE, ("cases.deep.er.handler", [1]), ("module.handler", [1]), ("toplevel.handler", [1]),
                    ("cases.showContext", [(1, context_headers()), 2]), ("cases.big", [{"size": 6_000_000}])], masks=masks)
    failing("node", [*NODE_FAILS, *[(f"{n}.handler", [1]) for n in ("nothere", "broken", "fails", "rejects", "missing")], ("cases.streamFailsEarly", [1])], masks=masks)
    compare("node", "cases.streamBig", [{"count": 200}])
    compare("node", "cases.streamDestroyed", TWICE, masks=masks)
    compare("node", "cases.log", [1, 2], masks=masks, log_descriptor=True)


def node_official_client(runtime, **more):
    masks = [without_times]
    more = {"runtime": runtime, "task": cases_ric.FUNCTIONS, "masks": masks, **more}
    all_of("node", [("cases.echo", EVENTS + benign_events()), *NODE, ("cases.showContext", [(1, context_headers()), 2]), ("cases.big", [{"size": 6_000_000}])], **more)
    failing("node", [*NODE_FAILS, *[(f"{n}.handler", [1]) for n in ("nothere", "broken", "fails", "missing")]], **more)
    compare("node", "rejects.handler", [1], several=True, fails=True, **more)  # it may or may not come to ask for an event before
    compare("node", "cases.streamBig", [{"count": 200}], **more)
    compare("node", "cases.streamDestroyed", TWICE, fails=None, **more)
    compare("node", "cases.log", [1, 2], log_descriptor=True, **more)
    compare("node", "cases.echo", ["y" * (6 * 1024 * 1024 - 2), 1], **more)


def case_node_official_client():
    runtime, reason = cases_ric.official()
    if reason:
        return reason
    return node_official_client(runtime)


PERSON = {"name": "Anna", "active": True, "colour": "RED", "exact": 1.10, "numbers": [1, 2], "points": [{"x": 1, "y": 2.5}], "friends": {}}
JAVA = [
    ("cases.Handlers::echo", EVENTS + benign_events()), ("cases.Handlers::upper", ["grüße"]), ("cases.Handlers::person", [PERSON]), ("cases.Handlers::sum", [[1, 2, 3], "no list"]), ("cases.Handlers::nothing", [{"a": 1}]),
    ("cases.Handlers::stream", EVENTS), ("cases.Handlers::big", [{"size": 6_000_000}]), ("cases.Handlers::log", [1]), ("cases.Handlers$Typed", [{"p": {"x": 1, "y": 2}}]), ("cases.Handlers$Streamed", [1]),
    ("cases.Handlers::showContext", [(1, context_headers()), 2]),
]
JAVA_FAILS = [("cases.Handlers::raises", [1, 2]), ("cases.Handlers::exits", [1]), ("cases.Handlers$Broken", ["a"]), ("cases.Nowhere::x", [1]), ("cases.Handlers::absent", [1]), ("cases.Handlers::echo", [b"{oops"])]


def case_java():
    all_of("java", JAVA, masks=[without_times])
    failing("java", JAVA_FAILS, masks=[without_times])
    compare("java", "cases.Handlers::log", [1, 2], masks=[without_times], log_descriptor=True)


H = "Cases::Cases.Handlers::"
DOTNET = [
    (f"{H}Echo", EVENTS + benign_events()), (f"{H}Static", ["grüße"]), (f"{H}Typed", [{"Name": "Anna", "Age": 1, "Tags": []}]), (f"{H}Async", [{"Name": "A", "Age": 1, "Tags": ["x"]}]),
    (f"{H}Value", [1]), (f"{H}Nothing", [1]), (f"{H}Void", [1]), (f"{H}Streams", EVENTS), (f"{H}Big", [{"size": 6_000_000}]), (f"{H}Log", [1]), (f"{H}ShowContext", [(1, context_headers()), 2]),
]
DOTNET_FAILS = [(f"{H}Raises", [1, 2]), (f"{H}RaisesAsync", [1]), (f"{H}Exits", [1]), ("Cases::Cases.Broken::Handle", ["a"]), ("Cases::Cases.Nowhere::X", [1]), (f"{H}Echo", [b"{oops"])]


def case_dotnet():
    all_of("dotnet", DOTNET, masks=[without_times])
    failing("dotnet", DOTNET_FAILS, masks=[without_times])
    compare("dotnet", f"{H}Log", [1, 2], masks=[without_times], log_descriptor=True)


def case_what_was_compared():
    """Runs last by its name: the comparison must have met its events."""
    print(f"layer: {compare.runs} runs and {compare.events} events with the layer, equal to those without")
    assert compare.runs >= 250 and compare.events >= 1500, (compare.runs, compare.events)
    without_faults()


def without_faults():
    """What a guard could not do, and let through, it says."""
    faults = [line for line in (WORK / "guard.log").read_text().splitlines() if "let through" in line]
    assert not faults, faults[:5]
