"""The Python runtime against the documented handler contract and error format."""
import json

from harness import run, shell, write_task
from fake_api import ARN
from shared import assert_equal, big_payload, check_wrapper, context_headers, report

L = "python"


def case_plain_unicode_and_null():
    events = [{"a": "grüße 💥", "n": 1.5, "l": [None, True]}, None, "text", 0, [], {"\u2028": "\u0000"}]
    outcome = run(L, "cases.echo", events)
    assert_equal([r.json() for r in outcome.answers], events, outcome)
    assert_equal({r.kind for r in outcome.answers}, {"response"}, outcome)
    assert_equal({r.headers["content-type"] for r in outcome.answers}, {"application/json"}, outcome)
    assert outcome.api.connections == 1, f"{outcome.api.connections} connections"


def case_a_closed_connection_is_opened_again():
    outcome = run(L, "cases.echo", [1, 2, 3], close=True)
    assert_equal([r.json() for r in outcome.answers], [1, 2, 3], outcome)


def case_non_ascii_is_escaped_before_3_12():
    import harness

    body = run(L, "cases.echo", ["ü"]).only.body
    minor = int(harness.EXECUTION_ENV[L].rsplit(".", 1)[1])
    assert_equal(body, '"ü"'.encode() if minor >= 12 else b'"\\u00fc"')


def case_big_payloads():
    big_payload(L, "cases.echo", "cases.big")


def case_a_refused_response_does_not_end_the_runtime():
    outcome = run(L, "cases.echo", [1, 2], statuses={"response": 413})
    assert_equal(len(outcome.answers), 2, outcome)
    assert "413" in outcome.stderr, outcome


def case_a_failing_runtime_api_ends_the_runtime():
    outcome = run(L, "cases.echo", [1, 2], statuses={"response": 500})
    assert_equal((len(outcome.answers), outcome.code), (1, 1), outcome)


def case_bytes_pass_as_they_are():
    answer = run(L, "cases.fixed_bytes", [1]).only
    assert_equal((answer.body, answer.headers["content-type"]), (b"\x00\xffraw", "application/unknown"))


def case_decimals_keep_their_digits():
    assert_equal(run(L, "cases.decimals", [1]).only.body, b'{"a": 1.10, "b": [12345678901234567890.5]}')


def case_lone_surrogates_are_escaped():
    assert_equal(run(L, "cases.surrogate", [1]).only.body, b'"\\ud83d"')


def case_dotted_and_slashed_modules():
    for handler in ("pkg.deep.handler", "pkg/deep.handler"):
        assert_equal(run(L, handler, [1]).only.json(), "pkg")


def case_error_has_the_documented_body():
    outcome = run(L, "cases.raises", [1, 2])
    for answer, request_id in zip(outcome.answers, outcome.api.ids, strict=True):
        body = answer.json()
        assert_equal(list(body), ["errorMessage", "errorType", "requestId", "stackTrace"])
        assert_equal((body["errorMessage"], body["errorType"], body["requestId"]), ("böse 💥", "ValueError", request_id))
        assert_equal(len(body["stackTrace"]), 1)
        assert body["stackTrace"][0].startswith('  File "/var/task/cases.py", line '), body
        assert body["stackTrace"][0].endswith(', in raises\n    raise ValueError("böse \\U0001f4a5")\n'), body
        assert_equal((answer.kind, answer.headers["content-type"]), ("error", "application/json"))
        assert "lambda-runtime-function-error-type" not in answer.headers, answer.headers
        cause = json.loads(answer.headers["lambda-runtime-function-xray-error-cause"])
        assert_equal(cause["exceptions"][0]["type"], "ValueError")
        assert_equal(cause["exceptions"][0]["stack"][0]["path"], "/var/task/cases.py")
    assert "[ERROR] ValueError: böse 💥\nTraceback (most recent call last):\n" in outcome.stdout, outcome


def case_unserialisable_results_and_bad_events():
    answer = run(L, "cases.not_json", [1]).only.json()
    assert_equal(answer["errorType"], "Runtime.MarshalError")
    assert_equal(answer["errorMessage"], "Unable to marshal response: Object of type set is not JSON serializable")
    answer = run(L, "cases.echo", [b"{oops"]).only.json()
    assert_equal(answer["errorType"], "Runtime.UnmarshalError")


def case_init_errors():
    table = [
        ("cases", "Runtime.MalformedHandlerName", "Bad handler 'cases': not enough values to unpack (expected 2, got 1)"),
        ("cases.absent", "Runtime.HandlerNotFound", "Handler 'absent' missing on module 'cases'"),
        ("absent.handler", "Runtime.ImportModuleError", "Unable to import module 'absent': No module named 'absent'"),
        ("missing.handler", "Runtime.ImportModuleError", "Unable to import module 'missing': No module named 'no_such_module'"),
        ("sys.exit", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module"),
        ("broken.handler", "Runtime.UserCodeSyntaxError", None),
        ("fails.handler", "RuntimeError", "at import"),
    ]
    for handler, error_type, message in table:
        outcome = run(L, handler, [1])
        body = report(outcome, "init/error", error_type, 1)
        assert message is None or body["errorMessage"] == message, outcome
        assert_equal(outcome.only.headers["lambda-runtime-function-error-type"], error_type)


def case_processes_of_multiprocessing():
    outcome = run(L, "cases.spawns", [3, 4])
    assert_equal([r.json() for r in outcome.answers], [[9, 0] * 3, [16, 0] * 3], outcome)
    assert outcome.api.connections == 1, f"{outcome.api.connections} connections"


def case_exit_in_the_handler_ends_the_process():
    outcome = run(L, "cases.leaves", [1])
    assert_equal((outcome.answers, outcome.code), ([], 7), outcome)


def case_context():
    outcome = run(L, "cases.show_context", [(1, context_headers()), 2])
    first, second = (r.json() for r in outcome.answers)
    assert 20000 < first.pop("remaining") <= 30000
    assert first.pop("trace").endswith("Parent=0000000000000001;Sampled=0")
    assert second["trace"].endswith("Parent=0000000000000002;Sampled=0")
    assert_equal(
        first,
        {
            "id": outcome.api.ids[0], "arn": ARN, "name": "case", "version": "$LATEST", "memory": "256",
            "group": "/aws/lambda/case", "stream": "2026/11/22/[$LATEST]0", "tenant": "tenant-1",
            "identity": ["us-east-1:id", "us-east-1:pool"], "client": [{"k": "ü"}, {"e": "1"}, "app"],
        },
    )
    assert_equal((second["identity"], second["client"], second["tenant"]), ([None, None], None, None))


def case_logging():
    outcome = run(L, "cases.log", [1])
    lines = outcome.stdout.splitlines()
    assert_equal(lines[0], "printed")
    level, time, request_id, text = lines[1].split("\t")
    assert_equal((level, request_id, text), ("[WARNING]", outcome.api.ids[0], "logged"))
    assert time.endswith("Z") and "T" in time
    line = json.loads(run(L, "cases.log", [1], env={"AWS_LAMBDA_LOG_FORMAT": "JSON"}).stdout.splitlines()[1])
    assert_equal((line["level"], line["message"], line["logger"]), ("WARNING", "logged", "root"))


LAYER = {
    "python/layered.py": "WHERE = 'python'\n",
    "python/sitecustomize.py": "raise RuntimeError('not from a layer')\n",
    "python/hook.pth": "import os; os.environ['_HANDLER'] = 'cases.environment'\n",
    "python/json.py": "raise RuntimeError('shadowed')\n",
}


def case_search_path_and_layer_pth():
    outcome = run(L, "cases.echo", [1], opt=LAYER)
    body = outcome.only.json()
    version = body["env"]["AWS_EXECUTION_ENV"].removeprefix("AWS_Lambda_")
    front = ["/var/task", f"/opt/python/lib/{version}/site-packages", "/opt/python", f"/var/lang/lib/{version}/site-packages", "/var/runtime"]
    assert_equal(body["path"][:5], front, outcome)
    assert_equal(body["env"]["PYTHONPATH"], "/var/runtime")


def case_python_path_of_the_customer_replaces_the_layers():
    for value in ("", "/var/task/pkg"):
        outcome = run(L, "cases.environment", [1], opt=LAYER, env={"PYTHONPATH": value})
        body = outcome.only.json()
        assert_equal(body["path"][0], "/var/task")
        assert "/opt/python" not in body["path"], body["path"]
        assert_equal(body["env"]["PYTHONPATH"], value)


def case_function_beats_layer():
    task = write_task({"main.py": "import shared_name\ndef handler(event, context):\n    return shared_name.WHERE\n", "shared_name.py": "WHERE = 'task'\n"})
    assert_equal(run(L, "main.handler", [1], task=task, opt={"python/shared_name.py": "WHERE = 'layer'\n"}).only.json(), "task")


def case_wrapper():
    import harness

    version = harness.EXECUTION_ENV[L].removeprefix("AWS_Lambda_")
    check_wrapper(L, [f"/var/lang/bin/{version}", "/var/runtime/bootstrap.py"])


def case_interpreter_without_execution_env():
    outcome = run(L, "cases.echo", [1], env={"AWS_EXECUTION_ENV": None})
    assert_equal(outcome.only.json(), 1, outcome)


def case_snapstart_waits_in_restore_next():
    outcome = run(L, "cases.echo", [1], env={"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"})
    assert_equal([r.path.rsplit("/runtime/")[1] for r in outcome.api.requests[:2]], ["restore/next", "invocation/next"], outcome)
