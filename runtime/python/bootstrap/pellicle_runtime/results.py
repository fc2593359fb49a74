"""Results as JSON, as the platform's own Python runtime writes them."""
import json
import os
import sys


def encode(result):
    """UTF-8 JSON. Decimals are written as numbers without loss; the platform writes non-ASCII text as it is since 3.12."""
    decimals = []
    nonce = os.urandom(8).hex()

    def default(value):
        # Only a result that holds a Decimal has imported the module.
        decimal = sys.modules.get("decimal")
        if decimal is not None and isinstance(value, decimal.Decimal):
            if value.is_nan():
                return float("nan")
            decimals.append(str(value))
            return f"{nonce}:{len(decimals) - 1}:"
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")

    try:
        body = json.dumps(result, default=default, ensure_ascii=sys.version_info < (3, 12)).encode()
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8; its escape is valid JSON
        decimals.clear()
        body = json.dumps(result, default=default).encode()
    if decimals:
        import re

        token = re.compile(b'"' + nonce.encode() + b':(\\d+):"')
        body = token.sub(lambda match: decimals[int(match[1])].encode(), body)
    return body
