"""Helpers that the sample functions share."""
import json

__version__ = "1.0.0"


def reply(status, body):
    """Makes an API Gateway answer."""
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
