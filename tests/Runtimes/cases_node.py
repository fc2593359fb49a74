"""The Node.js runtime against the documented handler contract and error format."""
import base64
import json

import harness
from harness import run, write_task
from fake_api import ARN
from shared import assert_equal, big_payload, check_wrapper, context_headers, report

L = "node"


def case_plain_unicode_and_null():
    events = [{"a": "grüße 💥", "n": 1.5, "l": [None, True]}, None, "text", 0, [], {"\u2028": "\u0000"}]
    outcome = run(L, "cases.echo", events)
    assert_equal([r.json() for r in outcome.answers], events, outcome)
    assert_equal({(r.kind, r.headers["content-type"]) for r in outcome.answers}, {("response", "application/json")}, outcome)
    assert outcome.api.connections == 1, f"{outcome.api.connections} connections"


def case_a_closed_connection_is_opened_again():
    outcome = run(L, "cases.echo", [1, 2, 3], close=True)
    assert_equal([r.json() for r in outcome.answers], [1, 2, 3], outcome)


def case_big_payloads():
    big_payload(L, "cases.echo", "cases.big")


def case_a_refused_response_does_not_end_the_runtime():
    outcome = run(L, "cases.echo", [1, 2], statuses={"response": 413})
    assert_equal(len(outcome.answers), 2, outcome)
    assert "413" in outcome.stderr, outcome


def case_a_failing_runtime_api_ends_the_runtime():
    outcome = run(L, "cases.echo", [1, 2], statuses={"response": 500})
    assert_equal((len(outcome.answers), outcome.code), (1, 1), outcome)


def case_ways_to_answer():
    table = {
        "callback": {"called": 1}, "noWait": "left a timer", "waits": ["called", "timer"], "forgets": None, "nothing": None,
        "thenable": "thenable", "succeed": "ok", "done": "done", "deep.er.handler": "deep",
    }
    for name, expected in table.items():
        outcome = run(L, f"cases.{name}", [1, 1])
        assert_equal([(r.kind, r.json()) for r in outcome.answers], [("response", expected)] * 2, f"{name}: {outcome}")


def case_module_kinds():
    table = {
        "module.handler": "mjs", "module.inner": "default", "dir/inside.handler": "dir", "moduled/main.handler": "type module",
        "common.handler": "cjs", "toplevel.handler": "function", "/var/task/dir/inside.handler": "dir",
    }
    for handler, expected in table.items():
        outcome = run(L, handler, [1])
        assert_equal(outcome.only.json(), expected, f"{handler}: {outcome}")


def case_errors_have_the_documented_body():
    table = [
        ("raises", "TypeError", "böse 💥"), ("throwsNow", "RangeError", "now"), ("callbackError", "Error", "told"), ("fail", "Error", "failed"),
        ("circular", "Error", "Unable to stringify response body as json"),
    ]
    for name, error_type, message in table:
        outcome = run(L, f"cases.{name}", [1, 1])
        assert_equal(len(outcome.answers), 2, outcome)
        for answer in outcome.answers:
            body = answer.json()
            assert_equal(list(body), ["errorType", "errorMessage", "trace"])
            assert_equal((body["errorType"], body["errorMessage"]), (error_type, message), outcome)
            assert_equal(body["trace"][0], f"{error_type}: {message}")
            assert_equal((answer.kind, answer.headers["content-type"]), ("error", "application/json"))
            assert "lambda-runtime-function-error-type" not in answer.headers
            cause = json.loads(answer.headers["lambda-runtime-function-xray-error-cause"])
            assert_equal(cause["exceptions"][0]["message"], message)
        assert f"{outcome.api.ids[0]}\tERROR\tInvoke Error \t" in outcome.stdout, outcome
    assert_equal(run(L, "cases.throwsText", [1]).only.json(), {"errorType": "string", "errorMessage": "just text", "trace": []})


def case_a_promise_that_never_settles():
    outcome = run(L, "cases.never", [1, 2])
    assert_equal([r.json()["errorType"] for r in outcome.answers], ["Runtime.NodeJsExit"] * 2, outcome)


def case_errors_nobody_catches():
    body = report(run(L, "cases.rejectsAside", [1]), "/error", "Runtime.UnhandledPromiseRejection", 128)
    assert_equal(body["errorMessage"], "Error: aside")
    body = report(run(L, "cases.throwsAside", [1]), "/error", "Error", 129)
    assert_equal(body["errorMessage"], "later")
    outcome = run(L, "cases.exits", [1])
    assert_equal((outcome.answers, outcome.code), ([], 7), outcome)


def case_init_errors():
    table = [
        ("cases", "Runtime.MalformedHandlerName", "Bad handler", 129),
        ("../cases.echo", "Runtime.MalformedHandlerName", "'../cases.echo' is not a valid handler name. Use absolute paths when specifying root directories in handler names.", 129),
        ("cases.absent", "Runtime.HandlerNotFound", "cases.absent is undefined or not exported", 129),
        ("cases.notFunction", "Runtime.HandlerNotFound", "cases.notFunction is not a function", 129),
        ("absent.handler", "Runtime.ImportModuleError", None, 129),
        ("missing.handler", "Runtime.ImportModuleError", None, 129),
        ("broken.handler", "Runtime.UserCodeSyntaxError", None, 129),
        ("fails.handler", "Error", "at import", 129),
    ]
    for handler, error_type, message, code in table:
        outcome = run(L, handler, [1])
        body = report(outcome, "init/error", error_type, code)
        assert message is None or body["errorMessage"] == message, outcome
        assert_equal(outcome.only.headers["lambda-runtime-function-error-type"], error_type)


def case_streaming():
    outcome = run(L, "cases.stream", [1, 2])
    assert_equal([r.body for r in outcome.answers], [b"eins zwei"] * 2, outcome)
    headers = outcome.answers[0].headers
    assert_equal(headers["lambda-runtime-function-response-mode"], "streaming")
    assert_equal(headers["transfer-encoding"], "chunked")
    assert_equal(headers["trailer"], "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body")
    assert_equal((headers["content-type"], outcome.answers[0].trailers), ("text/plain", {}))


def case_streaming_many_megabytes():
    body = run(L, "cases.streamBig", [{"count": 160}]).only.body
    assert body == b"".join(bytes([i & 255]) * 65536 for i in range(160)), len(body)


def case_streaming_http():
    answer = run(L, "cases.streamHttp", [1]).only
    prelude, body = answer.body.split(b"\0" * 8)
    assert_equal(json.loads(prelude), {"statusCode": 201, "headers": {"a": "b"}, "cookies": ["c=d"]})
    assert_equal((body, answer.headers["content-type"]), (b"body", "application/vnd.awslambda.http-integration-response"))


def case_streaming_errors():
    outcome = run(L, "cases.streamFailsEarly", [1, 2])
    assert_equal([(r.kind, r.json()["errorMessage"]) for r in outcome.answers], [("error", "early")] * 2, outcome)
    for handler, message in (("streamFailsLate", "late"), ("streamDestroyed", "torn")):
        outcome = run(L, f"cases.{handler}", [1, 2])
        assert_equal(len(outcome.answers), 2, outcome)
        for answer in outcome.answers:
            assert_equal((answer.kind, answer.body), ("response", b"part"), outcome)
            assert_equal(answer.trailers["lambda-runtime-function-error-type"], "Error")
            body = json.loads(base64.b64decode(answer.trailers["lambda-runtime-function-error-body"]))
            assert_equal((body["errorType"], body["errorMessage"]), ("Error", message))


def case_context():
    outcome = run(L, "cases.showContext", [(1, context_headers()), 2])
    first, second = (r.json() for r in outcome.answers)
    assert 20000 < first.pop("remaining") <= 30000
    assert first.pop("trace").endswith("Parent=0000000000000001;Sampled=0")
    assert_equal(
        first,
        {
            "id": outcome.api.ids[0], "arn": ARN, "name": "case", "version": "$LATEST", "memory": "256",
            "group": "/aws/lambda/case", "stream": "2026/11/22/[$LATEST]0", "tenant": "tenant-1",
            "identity": {"cognitoIdentityId": "us-east-1:id", "cognitoIdentityPoolId": "us-east-1:pool"},
            "client": {"client": {"installation_id": "i", "app_title": "app"}, "custom": {"k": "ü"}, "env": {"e": "1"}},
        },
    )
    assert not {"identity", "client", "tenant"} & set(second), second


def case_logging():
    outcome = run(L, "cases.log", [1])
    lines = outcome.stdout.split("\n")
    time, request_id, level, text = lines[0].split("\t")
    assert_equal((request_id, level, text), (outcome.api.ids[0], "INFO", "printed text\rsecond"))
    assert time.endswith("Z") and len(time) == 24
    assert lines[1].endswith("\tERROR\tbad"), lines
    lines = run(L, "cases.log", [1], env={"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "ERROR"}).stdout.splitlines()
    assert_equal([(line["level"], line["message"]) for line in map(json.loads, lines)], [("ERROR", "bad")])


def node_path():
    major = harness.EXECUTION_ENV[L].removeprefix("AWS_Lambda_nodejs").removesuffix(".x")
    return f"/opt/nodejs/node{major}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task"


def case_node_path_and_argv():
    body = run(L, "cases.environment", [1]).only.json()
    assert_equal(body["env"]["NODE_PATH"], node_path())
    assert_equal(body["argv"], ["--expose-gc", "--max-http-header-size", "81920", "--max-semi-space-size=12", "--max-old-space-size=231"])
    body = run(L, "cases.environment", [1], env={"NODE_PATH": "/opt/mine"}).only.json()
    assert_equal(body["env"]["NODE_PATH"], "/opt/mine")


def case_layers_are_found_by_require():
    layer = {"nodejs/node_modules/layered/index.js": "module.exports = 'layer';\n"}
    assert_equal(run(L, "cases.layer", [1], opt=layer).only.json(), "layer")
    custom = run(L, "cases.layer", [1], opt=layer, env={"AWS_EXECUTION_ENV": None})
    assert_equal(custom.only.json(), "layer", custom)
    absolute = run(L, "/opt/nodejs/node_modules/agent/index.handler", [1], opt={"nodejs/node_modules/agent/index.js": "exports.handler = async () => 'agent';\n"})
    assert_equal(absolute.only.json(), "agent", absolute)


def case_function_beats_layer():
    task = write_task({"main.js": "exports.handler = async () => require('same');\n", "node_modules/same/index.js": "module.exports = 'task';\n"})
    assert_equal(run(L, "main.handler", [1], task=task, opt={"nodejs/node_modules/same/index.js": "module.exports = 'layer';\n"}).only.json(), "task")


def case_wrapper():
    argv = ["/var/lang/bin/node", "--expose-gc", "--max-http-header-size", "81920", "--max-semi-space-size=6", "--max-old-space-size=116", "/var/runtime/index.mjs"]
    check_wrapper(L, argv)
