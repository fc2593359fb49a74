"""Our Node.js runtime beside npm's aws-lambda-ric: the same functions and events must give the same answers."""
import json

import harness
from harness import HERE, WORK
from shared import assert_equal

FUNCTIONS = HERE / "handlers" / "node"
EVENT = {"a": [1, "grüße 💥", None], "size": 10, "count": 3}


def official():
    """A runtime directory with the client npm serves, or the reason why there is none."""
    place = harness.ROOT / "artifacts" / "clients" / "node"
    if not (place / "node_modules/aws-lambda-ric/bin/index.mjs").is_file():
        return None, "needs aws-lambda-ric: run tests/clients/install.sh"
    directory = WORK / "ric"
    if not directory.exists():
        directory.mkdir()
        (directory / "node_modules").symlink_to(place / "node_modules")
        start = directory / "bootstrap"
        start.write_text('#!/bin/sh\nexec $AWS_LAMBDA_EXEC_WRAPPER /var/lang/bin/node /var/runtime/node_modules/aws-lambda-ric/bin/index.mjs "$_HANDLER"\n')
        start.chmod(0o755)
    return directory, None


def told(outcome):
    """Answers without what names the runtime's own files. Known differences to version 3.3.0 of the client, left out here:

    - it calls the handler as a method `handler`, so that a trace says `exports.f [as handler]`;
    - it says "Unable to stringify response body" without "as json";
    - in reports of a failed start the list of requiring modules and the trace, of which ours keeps the original error's;
    - a streaming function that throws before its first byte: the client sends an empty stream with error trailers, ours an error (not compared).
    """
    found = []
    for answer in outcome.answers:
        body = answer.body
        if answer.kind != "response" and body:
            report = json.loads(body)
            message = report["errorMessage"].split("\n")[0].removesuffix(" as json")
            trace = [line.replace(" [as handler]", "") for line in report.get("trace", []) if line.startswith("    at ") and "/var/task/" in line]
            body = (list(report), report["errorType"], message, trace if answer.kind == "error" else None)
        found.append((answer.kind, answer.headers.get("content-type"), answer.headers.get("lambda-runtime-function-error-type"),
                      answer.headers.get("lambda-runtime-function-response-mode"), answer.headers.get("transfer-encoding"), body,
                      {k: v for k, v in answer.trailers.items() if k.endswith("type")}))
    return found


def compare(handlers, events):
    runtime, reason = official()
    if reason:
        return reason
    different = []
    for handler in handlers:
        theirs = harness.run("node", handler, events, task=FUNCTIONS, runtime=runtime)
        assert theirs.answers or theirs.code, theirs
        ours = harness.run("node", handler, events, task=FUNCTIONS)
        if told(ours) != told(theirs):
            different.append(f"{handler}\n  theirs {told(theirs)}\n  ours   {told(ours)}")
    assert not different, "\n".join(different)
    return None


def case_answers():
    return compare([f"cases.{n}" for n in ("echo", "big", "callback", "waits", "forgets", "nothing", "thenable", "succeed", "done", "deep.er.handler")]
                   + ["common.handler", "module.handler", "toplevel.handler"], [EVENT, EVENT])


def case_errors():
    return compare([f"cases.{n}" for n in ("raises", "throwsNow", "throwsText", "callbackError", "fail", "circular")], [EVENT, EVENT])


def case_failures_of_start():
    return compare(["cases.notFunction", "cases.nothere", "nothere.handler", "broken.handler", "fails.handler", "missing.handler", "withoutdot"], [EVENT])


def case_streams():
    return compare([f"cases.{n}" for n in ("stream", "streamHttp", "streamBig", "streamFailsLate")], [EVENT])
