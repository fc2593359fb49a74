"""The Java runtime against the documented handler contract and error format."""
import json

from harness import run
from fake_api import ARN
from shared import assert_equal, big_payload, check_wrapper, context_headers, report

L = "java"


def handler(method, nested=""):
    return f"cases.Handlers{nested}::{method}"


def case_plain_unicode_and_null():
    events = [{"a": "grüße 💥", "n": 1.5, "l": [None, True]}, None, "text", 0, [], {"\u2028": "\u0000"}, 12345678901234567890, -7.25e-3]
    outcome = run(L, handler("echo"), events)
    assert_equal([r.json() for r in outcome.answers], events, outcome)
    assert_equal({(r.kind, r.headers["content-type"]) for r in outcome.answers}, {("response", "application/json")}, outcome)
    assert outcome.api.connections == 1, f"{outcome.api.connections} connections"


def case_a_closed_connection_is_opened_again():
    outcome = run(L, handler("echo"), [1, 2, 3], close=True)
    assert_equal([r.json() for r in outcome.answers], [1, 2, 3], outcome)


def case_handler_shapes():
    person = {
        "name": "Zoë", "active": True, "colour": "GREEN", "points": [{"x": 1, "y": 2.5}],
        "friends": {"a": {"name": None, "active": False, "colour": None, "points": None, "friends": None, "exact": None, "numbers": None}},
        "exact": 1.10, "numbers": [1, 9007199254740993],
    }
    table = [
        (handler("upper"), "ab", "AB"), (handler("person"), {**person, "unknown": 1}, person), (handler("sum"), [1, 2, 3], 6),
        (handler("twice"), 1.25, 2.5), (handler("colours"), ["RED"], ["RED"]), (handler("nothing"), {}, None), (handler("none"), 1, "no event"),
        (handler("onlyContext"), 1, "case"), (handler("stream"), {"a": 1}, {"a": 1}), ("cases.Handlers$Typed", {"p": {"x": 1, "y": 2}}, {"x": 1, "y": 2.0}),
        ("cases.Handlers$Typed::handleRequest", {"p": None}, None), ("cases.Handlers$Inherited", [{"x": 5}], 5),
        ("cases.Handlers$Inherited::handleRequest", [{"x": 5}], 5),
    ]
    for name, event, expected in table:
        outcome = run(L, name, [event, event])
        assert_equal([(r.kind, r.json()) for r in outcome.answers], [("response", expected)] * 2, f"{name}: {outcome}")
    assert_equal(run(L, "cases.Handlers$Streamed", ["ä"]).only.body, '<"ä">'.encode())


def case_big_payloads():
    big_payload(L, handler("echo"), handler("big"))


def case_a_refused_response_does_not_end_the_runtime():
    outcome = run(L, handler("echo"), [1, 2], statuses={"response": 413})
    assert_equal(len(outcome.answers), 2, outcome)
    assert "413" in outcome.stderr, outcome


def case_errors_have_the_documented_body():
    outcome = run(L, handler("raises"), [1, 2])
    assert_equal(len(outcome.answers), 2, outcome)
    for answer in outcome.answers:
        body = answer.json()
        assert_equal(list(body), ["errorMessage", "errorType", "stackTrace", "cause"])
        assert_equal((body["errorMessage"], body["errorType"]), ("böse 💥", "java.lang.IllegalStateException"))
        assert_equal(len(body["stackTrace"]), 1)
        assert body["stackTrace"][0].startswith("cases.Handlers.raises(Handlers.java:"), body
        assert_equal((body["cause"]["errorMessage"], body["cause"]["errorType"]), ("inner", "java.io.IOException"))
        assert_equal((answer.kind, answer.headers["content-type"]), ("error", "application/json"))
        assert_equal(answer.headers["lambda-runtime-function-error-type"], "Runtime.UserException")
        assert_equal(json.loads(answer.headers["lambda-runtime-function-xray-error-cause"])["exceptions"][1]["message"], "inner")
    assert "java.lang.IllegalStateException: böse 💥" in outcome.stdout, outcome
    for name, event in ((handler("sum"), b"{oops"), (handler("sum"), {"a": 1}), (handler("colours"), ["BLUE"]), (handler("cycle"), 1), (handler("twice"), "x")):
        outcome = run(L, name, [event])
        assert_equal((outcome.only.kind, outcome.only.json()["errorType"]), ("error", "pellicle.runtime.JsonException"), outcome)


def case_a_missing_class_is_told_at_the_first_invoke():
    outcome = run(L, "cases.Absent::handle", [1, 2])
    for answer in outcome.answers:
        assert_equal((answer.kind, answer.json()), ("error", {"errorMessage": "Class not found: cases.Absent", "errorType": "java.lang.ClassNotFoundException", "stackTrace": []}), outcome)
    assert_equal(len(outcome.answers), 2, outcome)


def case_init_errors():
    for name, error_type, message in (
        (handler("absent"), "pellicle.runtime.BadHandlerException", "No public method named absent with appropriate method signature found on class cases.Handlers"),
        ("cases.Handlers$Plain", "pellicle.runtime.BadHandlerException", None),
        ("cases.Handlers$Broken", "java.lang.IllegalStateException", "constructor"),
    ):
        outcome = run(L, name, [1])
        body = report(outcome, "/init/error", error_type, 1)
        assert message is None or body["errorMessage"] == message, outcome
        assert_equal(outcome.only.headers["lambda-runtime-function-error-type"], "Runtime.BadFunctionCode")


def case_exit_in_the_handler_ends_the_process():
    outcome = run(L, handler("exits"), [1])
    assert_equal((outcome.answers, outcome.code), ([], 7), outcome)


def case_context():
    outcome = run(L, handler("showContext"), [(1, context_headers()), 2])
    first, second = (r.json() for r in outcome.answers)
    assert 20000 < first.pop("remaining") <= 30000
    assert first.pop("trace").endswith("Parent=0000000000000001;Sampled=0")
    assert_equal(
        first,
        {
            "id": outcome.api.ids[0], "arn": ARN, "name": "case", "version": "$LATEST", "memory": 256,
            "group": "/aws/lambda/case", "stream": "2026/11/22/[$LATEST]0", "tenant": "tenant-1",
            "identity": ["us-east-1:id", "us-east-1:pool"], "client": [{"k": "ü"}, {"e": "1"}, "app"],
        },
    )
    assert_equal((second["identity"], second["client"], second["tenant"]), (None, None, None))


def case_logging():
    assert_equal(run(L, handler("log"), [1]).stdout, "printed\nlogged\n")


def case_start_without_noise():
    assert_equal(run(L, handler("echo"), [1]).stderr, "")


def case_wrapper():
    jars = "/var/runtime/lib/aws-lambda-java-core-compatible.jar:/var/runtime/lib/pellicle-runtime.jar"
    argv = [
        "/var/lang/bin/java", "-XX:MaxHeapSize=209715k", "-XX:+UseSerialGC", "-Xshare:auto", "-XX:SharedArchiveFile=/var/runtime/lib/runtime.jsa",
        "-Xlog:cds=off", "-Xlog:cds+dynamic=off", "-Dfile.encoding=UTF-8", "-XX:+TieredCompilation", "-XX:TieredStopAtLevel=1", "-classpath", jars, "pellicle.runtime.Main", "a.B::c",
    ]
    check_wrapper(L, argv, {"_HANDLER": "a.B::c", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256"})
