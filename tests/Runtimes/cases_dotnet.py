"""The .NET runtime against the documented handler contract and error format."""
import json
import os

from harness import run, shell, write_task
from fake_api import ARN
from shared import assert_equal, big_payload, check_wrapper, context_headers

L = "dotnet"


def handler(method, type_name="Handlers"):
    return f"Cases::Cases.{type_name}::{method}"


def case_plain_unicode_and_null():
    events = [{"a": "grüße 💥", "n": 1.5, "l": [None, True]}, None, "text", 0, [], {"\u2028": "\u0000"}]
    outcome = run(L, handler("Echo"), events)
    assert_equal([r.json() for r in outcome.answers], events, outcome)
    assert_equal({(r.kind, r.headers["content-type"]) for r in outcome.answers}, {("response", "application/json")}, outcome)
    assert outcome.api.connections == 1, f"{outcome.api.connections} connections"


def case_a_closed_connection_is_opened_again():
    outcome = run(L, handler("Echo"), [1, 2, 3], close=True)
    assert_equal([r.json() for r in outcome.answers], [1, 2, 3], outcome)


def case_handler_shapes():
    person = {"name": "Zoë", "age": 3, "tags": ["a"]}
    table = [
        ("Static", "x", b'"x!"'), ("Typed", person, {"Name": "Zoë", "Age": 4, "Tags": ["a"]}), ("Async", person, {"Name": "Zoë", "Age": 3, "Tags": ["a"]}),
        ("Value", 21, b"42"), ("Nothing", 1, b"null"), ("NothingValue", 1, b"null"), ("Void", 1, b"null"), ("Streams", {"a": 1}, b'{"a": 1}'),
    ]
    for name, event, expected in table:
        outcome = run(L, handler(name), [event, event])
        for answer in outcome.answers:
            assert_equal(answer.body if isinstance(expected, bytes) else answer.json(), expected, outcome)
        assert_equal([r.kind for r in outcome.answers], ["response"] * 2, outcome)
    assert_equal(run(L, handler("Handle", "Custom"), ["abc"]).only.body, b'<String:"ABC">')


def case_big_payloads():
    big_payload(L, handler("Streams"), handler("Big"))


def case_a_refused_response_does_not_end_the_runtime():
    outcome = run(L, handler("Echo"), [1, 2], statuses={"response": 413})
    assert_equal(len(outcome.answers), 2, outcome)
    assert "413" in outcome.stderr, outcome


def case_errors_have_the_documented_body():
    outcome = run(L, handler("Raises"), [1, 2])
    assert_equal(len(outcome.answers), 2, outcome)
    for answer in outcome.answers:
        body = answer.json()
        assert_equal(list(body), ["errorType", "errorMessage", "stackTrace", "cause"])
        assert_equal((body["errorType"], body["errorMessage"]), ("InvalidOperationException", "böse 💥"))
        assert_equal(len(body["stackTrace"]), 1)
        assert body["stackTrace"][0].startswith("at Cases.Handlers.Raises("), body
        assert_equal(body["cause"], {"errorType": "ArgumentException", "errorMessage": "inner", "stackTrace": []})
        headers = answer.headers
        assert_equal((answer.kind, headers["content-type"]), ("error", "application/vnd.aws.lambda.error+json"))
        assert_equal(headers["lambda-runtime-function-error-type"], "InvalidOperationException")
        assert_equal(json.loads(headers["lambda-runtime-function-xray-error-cause"])["exceptions"][1]["message"], "inner")
    body = run(L, handler("RaisesAsync"), [1]).only.json()
    assert_equal((body["errorType"], body["errorMessage"]), ("KeyNotFoundException", "späte"))
    assert body["stackTrace"][-1].startswith("at Cases.Handlers.RaisesAsync("), body
    assert_equal(run(L, handler("Typed"), [b"{oops"]).only.json()["errorType"], "JsonException")


def case_init_errors():
    table = [
        ("Cases::Cases.Handlers", "LambdaValidationException"), ("Absent::Cases.Handlers::Echo", "LambdaValidationException"),
        (handler("Echo", "Absent"), "LambdaValidationException"), (handler("Absent"), "LambdaValidationException"),
        (handler("Overloaded"), "LambdaValidationException"), (handler("Handle", "Broken"), "InvalidOperationException"),
    ]
    for name, error_type in table:
        outcome = run(L, name, [1])
        assert_equal(outcome.code, -6, outcome)
        answer = outcome.only
        assert answer.path.endswith("/init/error"), outcome
        assert_equal(answer.json()["errorType"], error_type, outcome)
        assert "lambda-runtime-function-error-type" not in answer.headers


def case_exit_in_the_handler_ends_the_process():
    outcome = run(L, handler("Exits"), [1])
    assert_equal((outcome.answers, outcome.code), ([], 7), outcome)


def case_context_of_the_customers_own_library():
    outcome = run(L, handler("ShowContext"), [(1, context_headers()), 2])
    first, second = (r.json() for r in outcome.answers)
    assert 20000 < first.pop("remaining") <= 30000
    assert first.pop("trace").endswith("Parent=0000000000000001;Sampled=0")
    assert_equal(
        first,
        {
            "id": outcome.api.ids[0], "arn": ARN, "name": "case", "version": "$LATEST", "memory": 256,
            "group": "/aws/lambda/case", "stream": "2026/11/22/[$LATEST]0",
            "identity": ["us-east-1:id", "us-east-1:pool"], "custom": {"k": "ü"}, "app": "app",
        },
    )
    assert_equal((second["identity"], second["custom"]), ([None, None], None))


def case_logging():
    outcome = run(L, handler("Log"), [1])
    lines = outcome.stdout.splitlines()
    assert_equal(lines[0], "printed", outcome)
    assert lines[1].endswith(f"\t{outcome.api.ids[0]}\tinfo\tline"), lines
    assert lines[2].endswith(f"\t{outcome.api.ids[0]}\twarn\twarned"), lines


def case_start_script_codes():
    empty = write_task({})
    some = write_task({"x.txt": ""})
    table = [
        ({"LAMBDA_TASK_ROOT": None}, 101), ({"LAMBDA_TASK_ROOT": str(empty)}, 102), ({"LAMBDA_TASK_ROOT": "/nowhere"}, 102), ({}, 103),
        ({"_HANDLER": "Absent"}, 104), ({"_HANDLER": "A::B::C", "LAMBDA_TASK_ROOT": str(some)}, 105),
        ({"_HANDLER": "A::B::C", "LAMBDA_TASK_ROOT": str(write_task({"A.deps.json": "{}"}))}, 106),
        ({"_HANDLER": "A::B::C", "LAMBDA_DOTNET_MAIN_ASSEMBLY": "Other.dll"}, 105),
    ]
    for env, code in table:
        result = shell(L, env)
        assert_equal(result.returncode, code, (env, result))
        assert result.stderr.startswith("Error: "), result


def case_wrapper():
    argv = ["/var/lang/bin/dotnet", "exec", "--depsfile", "/var/task/Cases.deps.json", "--runtimeconfig", "/var/task/Cases.runtimeconfig.json", "/var/runtime/Pellicle.Runtime.dll", handler("Echo")]
    check_wrapper(L, argv, {"_HANDLER": handler("Echo")})


def case_executable_handlers():
    task = write_task({"native": '#!/bin/sh\necho "native in $PWD"\nexit 3\n', "App.dll": ""})
    os.chmod(task / "native", 0o755)
    result = shell(L, {"_HANDLER": "native", "LAMBDA_TASK_ROOT": str(task)})
    assert_equal((result.returncode, result.stdout), (3, "native in /\n"))
    check_wrapper(L, ["/var/lang/bin/dotnet", "exec", f"{task}/App.dll"], {"_HANDLER": "App", "LAMBDA_TASK_ROOT": str(task)})
