"""The Ruby runtime against the documented handler contract, and with and without the protection layer."""
import shutil

import cases_layer
from cases_layer import EVENTS, benign_events, compare, without_times
from fake_api import ARN
from harness import run
from shared import assert_equal, big_payload, check_wrapper, context_headers, report

L = "ruby"


def absent():
    """The reason to skip; the interpreter is a package of its own."""
    return None if shutil.which("ruby") else "no ruby"


def case_events_and_answers():
    if reason := absent():
        return reason
    events = [{"a": "grüße 💥", "n": 1.5, "l": [None, True]}, None, "text", 0, [], {"\u2028": "\u0000"}]
    outcome = run(L, "cases.echo", events)
    assert_equal([r.json() for r in outcome.answers], events, outcome)
    assert_equal({(r.kind, r.headers["content-type"]) for r in outcome.answers}, {("response", "application/json")}, outcome)
    assert outcome.api.connections == 1, f"{outcome.api.connections} connections"
    assert_equal(run(L, "cases.Deep::Handlers.echo", [1]).only.json(), {"event": 1, "function": "case"})
    answer = run(L, "cases.raw", [1]).only
    assert_equal((answer.body, answer.headers["content-type"]), (b"\x00\xffraw", "application/unknown"))
    big_payload(L, "cases.echo", "cases.big")


def case_the_context():
    if reason := absent():
        return reason
    first, second = run(L, "cases.show_context", [(1, context_headers()), 2]).answers
    assert_equal(first.json(), [36, ARN, "$LATEST", "256", True, {"client": {"installation_id": "i", "app_title": "app"}, "custom": {"k": "ü"}, "env": {"e": "1"}},
                                {"cognitoIdentityId": "us-east-1:id", "cognitoIdentityPoolId": "us-east-1:pool"}])
    assert_equal(second.json()[5:], [None, None])


def case_errors_are_reported_and_the_runtime_goes_on():
    if reason := absent():
        return reason
    outcome = run(L, "cases.raises", [1, 2])
    assert_equal([(r.kind, r.json()["errorType"], r.json()["errorMessage"]) for r in outcome.answers], [("error", "Function<ArgumentError>", "no good: ü")] * 2, outcome)
    assert "cases.rb" in outcome.answers[0].json()["stackTrace"][0], outcome
    assert_equal(run(L, "cases.not_json", [1]).only.json()["errorType"], "Function<JSON::GeneratorError>")
    assert_equal([r.kind for r in run(L, "cases.echo", [b"{oops", 2]).answers], ["error", "response"])
    outcome = run(L, "cases.echo", [1, 2], statuses={"response": 413})
    assert_equal(len(outcome.answers), 2, outcome)
    assert "413" in outcome.stderr, outcome
    outcome = run(L, "cases.echo", [1, 2], statuses={"response": 500})
    assert_equal((len(outcome.answers), outcome.code), (1, 1), outcome)


def case_a_closed_connection_is_opened_again():
    if reason := absent():
        return reason
    outcome = run(L, "cases.echo", [1, 2, 3], close=True)
    assert_equal([r.json() for r in outcome.answers], [1, 2, 3], outcome)


def case_what_cannot_start_is_reported():
    if reason := absent():
        return reason
    for handler, kind in (("nowhere.handler", "Init<LoadError>"), ("cases.absent", "Runtime.HandlerNotFound"), ("fails.handler", "Function<RuntimeError>"), ("broken.handler", "Function<SyntaxError>"),
                          ("cases", "Function<ArgumentError>"), ("cases.No::Such.echo", "Function<NameError>")):
        report(run(L, handler, [1]), "/init/error", kind, 1)


def case_the_wrapper():
    if reason := absent():
        return reason
    check_wrapper(L, ["/var/lang/bin/ruby", "/var/runtime/runtime.rb"])


def case_the_same_with_the_layer():
    if reason := absent():
        return reason
    masks = [without_times]
    for modes, handler, events, fails in ((("off", "monitor", "protect"), "cases.echo", EVENTS + benign_events() + [1], False), (None, "cases.raw", [1], False), (None, "cases.log", [1, 2], False), (None, "cases.big", [{"size": 6_000_000}], False),
                                          (None, "cases.show_context", [(1, context_headers()), 2], False), (None, "cases.raises", [1, 2], True), (None, "cases.echo", [b"{oops"], True), (None, "nowhere.handler", [1], True),
                                          (None, "fails.handler", [1], True), (None, "cases.leaves", [1], True)):
        compare(L, handler, events, masks=masks, modes=modes, fails=fails)
    cases_layer.without_faults()
