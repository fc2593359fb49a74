"""Checks that are the same for every language."""
import os

import harness
from harness import run, shell


def assert_equal(actual, expected, context=""):
    assert actual == expected, f"\n  expected {expected!r}\n  got      {actual!r}\n{context}"


def report(outcome, kind, error_type, code):
    """The one report of a runtime that gave up; its JSON."""
    assert_equal(outcome.code, code, outcome)
    answer = outcome.only
    assert answer.path.endswith(kind), outcome
    body = answer.json()
    assert_equal(body["errorType"], error_type, outcome)
    return body


def big_payload(language, echo, produce):
    """Six megabytes in and out, and the size in bytes of what came back."""
    text = "y" * (6 * 1024 * 1024 - 2)
    outcome = run(language, echo, [text, 1])
    assert len(outcome.answers) == 2 and outcome.answers[0].json() == text, str(outcome)[:500]
    outcome = run(language, produce, [{"size": 6_000_000}])
    assert_equal(len(outcome.only.body), 6_000_002)


def context_headers():
    return {
        "Lambda-Runtime-Client-Context": '{"client":{"installation_id":"i","app_title":"app"},"custom":{"k":"ü"},"env":{"e":"1"}}',
        "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId":"us-east-1:id","cognitoIdentityPoolId":"us-east-1:pool"}',
        "Lambda-Runtime-Aws-Tenant-Id": "tenant-1",
    }


def check_wrapper(language, argv, env=None):
    """The wrapper gets the original command; a missing or plain file ends with Lambda's own message and code."""
    wrapper = harness.WORK / "wrapper"
    wrapper.write_text('#!/bin/sh\nfor a; do echo "$a"; done\n')
    wrapper.chmod(0o755)
    result = shell(language, {**(env or {}), "AWS_LAMBDA_EXEC_WRAPPER": str(wrapper)})
    assert_equal((result.stdout.splitlines(), result.returncode), (argv, 0), result.stderr)
    wrapper.chmod(0o644)
    result = shell(language, {**(env or {}), "AWS_LAMBDA_EXEC_WRAPPER": str(wrapper)})
    assert_equal((result.stdout, result.returncode), (f"{wrapper}: is not an executable\n", 126))
    os.remove(wrapper)
    result = shell(language, {**(env or {}), "AWS_LAMBDA_EXEC_WRAPPER": str(wrapper)})
    assert_equal((result.stdout, result.returncode), (f"{wrapper}: does not exist\n", 127))
