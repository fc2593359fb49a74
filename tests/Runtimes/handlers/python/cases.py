"""Handlers of the table in run.py."""
import decimal
import logging
import multiprocessing
import os
import sys
import time


def echo(event, context):
    return event


def fixed_bytes(event, context):
    return b"\x00\xffraw"


def big(event, context):
    return "x" * event["size"]


def raises(event, context):
    raise ValueError("böse \U0001f4a5")


def not_json(event, context):
    return {1, 2}


def decimals(event, context):
    return {"a": decimal.Decimal("1.10"), "b": [decimal.Decimal("12345678901234567890.5")]}


def surrogate(event, context):
    return "\ud83d"


def leaves(event, context):
    sys.exit(7)


def log(event, context):
    print("printed")
    logging.getLogger().warning("logged")
    return None


def show_context(event, context):
    identity, client = context.identity, context.client_context
    return {
        "id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "name": context.function_name,
        "version": context.function_version,
        "memory": context.memory_limit_in_mb,
        "group": context.log_group_name,
        "stream": context.log_stream_name,
        "remaining": context.get_remaining_time_in_millis(),
        "tenant": context.tenant_id,
        "identity": [identity.cognito_identity_id, identity.cognito_identity_pool_id],
        "client": None if client is None else [client.custom, client.env, client.client and client.client.app_title],
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
    }


def meets(event, context):
    """Answers when all others are here too: they must be under way at the same time."""
    open(os.path.join(event["place"], context.aws_request_id), "x").close()
    end = time.monotonic() + 20
    while len(os.listdir(event["place"])) < event["count"] and time.monotonic() < end:
        time.sleep(0.005)
    return {"mine": event["mine"], "met": min(len(os.listdir(event["place"])), event["count"])}


def never(event, context):
    print("began")
    time.sleep(60)


def environment(event, context):
    return {"path": sys.path, "env": dict(os.environ)}


def _square(number, told):
    told.send(number * number)
    told.close()


def spawns(event, context):
    """As multiprocessing starts a process that shares nothing with this one."""
    answers = []
    for way in ("spawn", "forkserver", "fork"):
        context = multiprocessing.get_context(way)
        mine, its = context.Pipe()
        process = context.Process(target=_square, args=(event, its))
        process.start()
        its.close()
        answers.append(mine.recv())
        process.join()
        answers.append(process.exitcode)
    return answers
