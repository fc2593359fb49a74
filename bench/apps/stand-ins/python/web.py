"""Stands in for two web frameworks, as far as the applications use them: hands an API Gateway event to the function whose route fits."""
import base64
import json
import re
import urllib.parse


class Request:
    event = {}

    @property
    def raw_body(self):
        body = self.event.get("body") or ""
        return base64.b64decode(body) if self.event.get("isBase64Encoded") else body.encode()

    @property
    def headers(self):
        return {name.lower(): value for name, value in (self.event.get("headers") or {}).items()}

    @property
    def args(self):
        return self.event.get("queryStringParameters") or {}

    @property
    def form(self):
        return dict(urllib.parse.parse_qsl(self.raw_body.decode()))

    @property
    def method(self):
        return self.event["httpMethod"]


request = Request()


class App:
    secret_key = ""

    def __init__(self, *positional, **named):
        self.routes = []

    @property
    def current_request(self):
        return request

    def route(self, path, **named):
        pattern = re.compile("^" + re.sub(r"[<{](\w+)[>}]", r"(?P<\1>[^/]+)", path) + "$")

        def register(function):
            self.routes.append((pattern, function))
            return function
        return register

    def __call__(self, event, context):
        request.event = event
        for pattern, function in self.routes:
            found = pattern.match(event["path"])
            if found:
                made = function(**found.groupdict())
                body, status = made if isinstance(made, tuple) else (made, 200)
                return {"statusCode": status, "body": body if isinstance(body, str) else json.dumps(body)}
        return {"statusCode": 404, "body": "no such route"}


def jsonify(value):
    return value


Flask = Chalice = App
redirect = url_for = lambda *positional, **named: "elsewhere"


def render_template(name, **named):
    """What a template would show."""
    return " ".join(value.decode() if isinstance(value, bytes) else str(value) for value in named.values())


BadRequestError = Exception
