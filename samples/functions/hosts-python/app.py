"""Looks a host up. Vulnerable on purpose: the name goes into a shell command."""
import json
import os

from sample_helpers import reply


def handler(event, context):
    host = (event.get("queryStringParameters") or {}).get("host", "localhost")
    with os.popen("getent hosts " + host) as answer:
        lines = answer.read().split("\n")
    return reply(200, {"host": host, "answer": [line for line in lines if line]})
