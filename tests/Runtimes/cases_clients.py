"""The runtime clients that AWS publishes, with and without the protection layer: bench/clients/run.sh says where they lie.

Everything they tell the platform, their exit codes and their logs must be the same; `compare` is that of cases_layer.
"""
import concurrent.futures
import os
import re
import tempfile
from pathlib import Path

import cases_layer
import harness
from cases_layer import DOTNET, DOTNET_FAILS, EVENTS, H, JAVA, JAVA_FAILS, LAYER, SECRETS, benign_events, compare, exchange, without_times
from harness import WORK
from shared import assert_equal, context_headers

CLIENTS = Path(os.environ.get("PELLICLE_CLIENTS", "/none"))
MODES = ("off", "monitor", "protect")
TASKS = WORK / "tasks" / "clients"
BIG = "y" * (6 * 1024 * 1024 - 2)
JSON_LOG = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "DEBUG"}
HEADERS = [(1, context_headers()), (2, {"Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1;Lineage=a87bd80c:1|68fd508a:5|c512fbe3:2"}), 3]


def several(language, runtime, handler, count=4):
    """As many environments at once, each with its own platform: none may meet what is another's."""
    events = [[{"environment": number, "event": at} for at in range(8)] for number in range(count)]

    def all_at_once(env, layer):
        harness.use(language, TASKS / language, runtime)
        harness.bind(layer or harness.write_task({}), "/opt")
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            return list(pool.map(lambda own: harness.start(language, handler, own, env={**SECRETS, **env}, layer=layer, own_tmp=True), events))

    without = [exchange(o) for o in all_at_once({}, None)]
    for mode in MODES:
        guarded = [exchange(o) for o in all_at_once({"AWS_LAMBDA_EXEC_WRAPPER": "/opt/pellicle/wrapper", "PELLICLE_MODE": mode}, LAYER)]
        assert_equal(guarded, without, f"{language}, {count} environments at once, {mode}")
    compare.runs += len(MODES) * count
    compare.events += len(MODES) * sum(len(own) for own in events)


def meetings():
    """Twelve events of which four at a time wait for each other."""
    places = [tempfile.mkdtemp(dir=WORK) for _ in range(3)]
    return [{"place": places[at // 4], "count": 4, "mine": f"event {at}"} for at in range(12)]


def check(language, good, bad, meets, echo, log, never, raises, context):
    """Everything that every client has."""
    runtime = CLIENTS / language
    if not (runtime / "bootstrap").is_file():
        return f"no {runtime}/bootstrap"
    cases_layer.MODES, before = MODES, cases_layer.MODES
    more = {"runtime": runtime, "task": TASKS / language, "masks": [without_times, lambda text: re.sub("0x[0-9a-f]{16}", "<object>", text)]}
    try:
        runs, events = compare.runs, compare.events
        for handler, own in good:
            compare(language, handler, own, **more)
        for handler, own in bad:
            compare(language, handler, own, fails=True, **more)
        compare(language, context, HEADERS, **more)
        compare(language, echo, [BIG, 1, BIG], **more)
        compare(language, echo, [1, 2, 3], close="told", **more)
        for status in (400, 403, 413, 500):
            compare(language, echo, [1, 2], statuses={"response": status}, **more)
            compare(language, raises, [1, 2], statuses={"error": status}, fails=True, **more)
        compare(language, "no.such::thing::x", [1], statuses={"init/error": 403, "error": 403}, fails=True, **more)
        for env in ({}, JSON_LOG, {**JSON_LOG, "AWS_LAMBDA_LOG_LEVEL": "ERROR"}):
            compare(language, log, [1, 2], env=env, **more)
            compare(language, log, [1, 2], env=env, log_descriptor=True, **more)
            compare(language, raises, [1, 2], env=env, log_descriptor=True, fails=True, **more)
        # A function that takes longer than it may: the platform ends the environment.
        compare(language, never, [1], fails=True, timeout=3, **more)
        compare(language, echo, [1, 2], env={"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}, **more)
        if meets:
            compare(language, meets, meetings, several=True, env={"AWS_LAMBDA_MAX_CONCURRENCY": "4"}, **more)
            compare(language, raises, [1] * 8, several=True, fails=True, env={"AWS_LAMBDA_MAX_CONCURRENCY": "4"}, **more)
        several(language, runtime, echo)
        print(f"{language}: {compare.runs - runs} runs and {compare.events - events} events with the layer, equal to those without")
    finally:
        cases_layer.MODES = before
    return None


def case_python():
    good = [("cases.echo", EVENTS + benign_events()), ("cases.fixed_bytes", [1]), ("cases.big", [{"size": 6_000_000}]), ("cases.decimals", [1]), ("cases.surrogate", [1]), ("pkg/deep.handler", [1])]
    bad = [(f"{name}", [1, 2]) for name in ("cases.raises", "cases.not_json", "cases.leaves", "cases.absent", "nowhere.handler", "broken.handler", "fails.handler", "missing.handler")] + [("cases.echo", [b"{oops"])]
    reason = check("python", good, bad, "cases.meets", "cases.echo", "cases.log", "cases.never", "cases.raises", "cases.show_context")
    if reason is None:
        # From 3.12 on it asks for events from a thread of its own.
        compare("python", "cases.echo", EVENTS, modes=MODES, runtime=CLIENTS / "python", task=TASKS / "python", env={"AWS_EXECUTION_ENV": "AWS_Lambda_python3.13"})
    return reason


def case_node():
    runtime = CLIENTS / "node"
    if not (runtime / "bootstrap").is_file():
        return f"no {runtime}/bootstrap"
    cases_layer.node_official_client(runtime, task=TASKS / "node", modes=MODES)
    several("node", runtime, "cases.echo")
    return None


def case_java():
    return check("java", JAVA, JAVA_FAILS, "cases.Handlers::meets", "cases.Handlers::echo", "cases.Handlers::log", "cases.Handlers::never", "cases.Handlers::raises", "cases.Handlers::showContext")


def case_dotnet():
    reason = check("dotnet", DOTNET, DOTNET_FAILS, H + "Meets", H + "Echo", H + "Log", H + "Never", H + "Raises", H + "ShowContext")
    if reason is None:
        more = {"modes": MODES, "runtime": CLIENTS / "dotnet", "task": TASKS / "dotnet", "masks": [without_times]}
        s = "Cases::Cases.Streaming::"
        for name in ("Plain", "Http", "FailsLate"):
            compare("dotnet", s + name, [1, 2], **more)
        compare("dotnet", s + "Big", [{"count": 200}, {"count": 1}], **more)
    return reason


def case_ruby():
    good = [("cases.echo", EVENTS + benign_events()), ("cases.raw", [1]), ("cases.big", [{"size": 6_000_000}]), ("cases.Deep::Handlers.echo", [1])]
    bad = [("cases.raises", [1, 2]), ("cases.not_json", [1]), ("cases.leaves", [1, 2]), ("cases.absent", [1]), ("nowhere.handler", [1]), ("fails.handler", [1]), ("broken.handler", [1]), ("cases.No::Such.echo", [1]), ("cases.echo", [b"{oops"])]
    return check("ruby", good, bad, None, "cases.echo", "cases.log", "cases.never", "cases.raises", "cases.show_context")


def case_what_was_compared():
    print(f"clients: {compare.runs} runs and {compare.events} events with the layer, equal to those without")
    assert compare.runs > 0, "no client was found"
    cases_layer.without_faults()
