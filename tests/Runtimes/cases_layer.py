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


def exchange(outcome):
    """What the platform was told, in order, with the ids replaced by their number."""
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
    return told


def log(text):
    """The function's own log: the JVM says that it was given options."""
    return [line for line in text.splitlines() if not line.startswith("Picked up JAVA_TOOL_OPTIONS")]


def compare(language, handler, events, masks=(), **more):
    """One run without, one in each mode with the layer."""
    def shown(outcome):
        text = repr((exchange(outcome), log(outcome.stdout), log(outcome.stderr), outcome.code))
        for request_id in outcome.api.ids:
            text = text.replace(request_id, "<id>")
        for mask in masks:
            text = mask(text)
        return text

    env = {**SECRETS, **more.pop("env", {})}
    without = run(language, handler, events, env=env, **more)
    for mode in MODES:
        guarded = run(language, handler, events, env={**env, "AWS_LAMBDA_EXEC_WRAPPER": "/opt/pellicle/wrapper", "PELLICLE_MODE": mode, "PELLICLE_LOG": "info"}, layer=LAYER, **more)
        if shown(guarded) != shown(without):
            raise AssertionError(f"{language} {handler}, {mode}: {difference(shown(without), shown(guarded))}\n  guard {(WORK / 'guard.log').read_text()[-800:]}")
    compare.runs += len(MODES)
    compare.events += len(MODES) * len(events)


def difference(one, other):
    """Both texts from a little before the first byte that differs."""
    at = next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))
    return f"\n  without …{one[max(0, at - 300):at + 500]}\n  with    …{other[max(0, at - 300):at + 500]}"


compare.runs = compare.events = 0


def without_times(text):
    """Remaining time, and times in traces and logs."""
    return re.sub(r"20\d\d-\d\d-\d\dT[\d:.]+Z?", "<time>", re.sub(r'("remaining": ?|"remaining":)\d+', r"\1<ms>", text))


def all_of(language, table, **more):
    for handler, events in table:
        compare(language, handler, events, **more)


def case_python():
    all_of("python", [
        ("cases.echo", EVENTS + benign_events()), ("cases.fixed_bytes", [1]), ("cases.big", [{"size": 6_000_000}]), ("cases.raises", [1, 2]), ("cases.not_json", [1]), ("cases.echo", [b"{oops"]),
        ("cases.decimals", [1]), ("cases.surrogate", [1]), ("cases.leaves", [1]), ("cases.log", [1]), ("pkg/deep.handler", [1]),
        ("cases.absent", [1]), ("nowhere.handler", [1]), ("broken.handler", [1]), ("fails.handler", [1]), ("missing.handler", [1]),
        ("cases.show_context", [(1, context_headers()), 2]),
    ], masks=[without_times])
    compare("python", "cases.echo", ["y" * (6 * 1024 * 1024 - 2)])
    compare("python", "cases.echo", [1, 2], statuses={"response": 413})
    compare("python", "cases.echo", [1, 2, 3], close=True)


NODE = [(f"cases.{n}", [{"size": 10, "count": 3}, {"size": 0, "count": 0}]) for n in
        ("big", "callback", "noWait", "waits", "forgets", "nothing", "thenable", "succeed", "done", "raises", "throwsNow", "throwsText", "callbackError", "fail", "circular", "stream", "streamHttp",
         "streamBig", "streamFailsLate", "streamDestroyed", "log", "exits", "rejectsAside", "throwsAside", "notFunction", "nothere")]


def case_node():
    all_of("node", [("cases.echo", EVENTS + benign_events()), *NODE, ("cases.deep.er.handler", [1]), ("module.handler", [1]), ("toplevel.handler", [1]), ("nothere.handler", [1]), ("broken.handler", [1]),
                    ("fails.handler", [1]), ("rejects.handler", [1]), ("missing.handler", [1]), ("cases.streamFailsEarly", [1]), ("cases.showContext", [(1, context_headers()), 2]), ("cases.big", [{"size": 6_000_000}])],
           masks=[without_times])
    compare("node", "cases.streamBig", [{"count": 200}])


def case_node_official_client():
    runtime, reason = cases_ric.official()
    if reason:
        return reason
    return all_of("node", [("cases.echo", EVENTS + benign_events()), *NODE], runtime=runtime, task=cases_ric.FUNCTIONS, masks=[without_times])


def case_java():
    person = {"name": "Anna", "active": True, "colour": "RED", "exact": 1.10, "numbers": [1, 2], "points": [{"x": 1, "y": 2.5}], "friends": {}}
    all_of("java", [
        ("cases.Handlers::echo", EVENTS + benign_events()), ("cases.Handlers::upper", ["grüße"]), ("cases.Handlers::person", [person]), ("cases.Handlers::sum", [[1, 2, 3], "no list"]), ("cases.Handlers::nothing", [{"a": 1}]),
        ("cases.Handlers::stream", EVENTS), ("cases.Handlers::big", [{"size": 6_000_000}]), ("cases.Handlers::raises", [1, 2]), ("cases.Handlers::exits", [1]), ("cases.Handlers::log", [1]),
        ("cases.Handlers$Typed", [{"a": {"x": 1, "y": 2}}]), ("cases.Handlers$Streamed", [1]), ("cases.Handlers$Broken", ["a"]), ("cases.Nowhere::x", [1]), ("cases.Handlers::absent", [1]),
        ("cases.Handlers::showContext", [(1, context_headers()), 2]),
    ], masks=[without_times])


def case_dotnet():
    all_of("dotnet", [
        ("Cases::Handlers::Echo", EVENTS + benign_events()), ("Cases::Handlers::Static", ["grüße"]), ("Cases::Handlers::Typed", [{"Name": "Anna", "Age": 1, "Tags": []}]), ("Cases::Handlers::Async", [{"Name": "A", "Age": 1, "Tags": ["x"]}]),
        ("Cases::Handlers::Value", [1]), ("Cases::Handlers::Nothing", [1]), ("Cases::Handlers::Void", [1]), ("Cases::Handlers::Streams", EVENTS), ("Cases::Handlers::Big", [{"size": 6_000_000}]),
        ("Cases::Handlers::Raises", [1, 2]), ("Cases::Handlers::RaisesAsync", [1]), ("Cases::Handlers::Log", [1]), ("Cases::Handlers::Exits", [1]), ("Cases::Broken::Handle", ["a"]), ("Cases::Nowhere::X", [1]),
        ("Cases::Handlers::ShowContext", [(1, context_headers()), 2]),
    ], masks=[without_times])


def case_what_was_compared():
    """Runs last by its name: the comparison must have met its events."""
    print(f"layer: {compare.runs} runs and {compare.events} events with the layer, equal to those without")
    assert compare.runs >= 150 and compare.events >= 400, (compare.runs, compare.events)
