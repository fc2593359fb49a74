#!/usr/bin/env python3
"""Deliberately vulnerable applications that others wrote, with their exploits, on the local Lambda: bench/apps/run.py DIR (see README.md).

Prints one line for each exploit and exits with 1 when one does not behave: unprotected it must work, monitor must report it, protect must stop it, and the ordinary request
beside it must get the same answer everywhere. Needs root (sandboxes), git, npm, python3-boto3.
"""
import base64
import io
import json
import os
import pathlib
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

import boto3
import botocore.config

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PELLICLE = os.environ.get("PELLICLE", str(ROOT / "pellicle"))
ACCOUNT = "arn:aws:lambda:us-east-1:123456789012:function:"


class Runs:
    """`subprocess.check_output` on unpickling: what the published exploit for pickle does."""

    def __reduce__(self):
        return subprocess.check_output, (["id"],)


def gateway(path="/", query=None, body=None, headers=None, method="GET"):
    return {
        "resource": path, "path": path, "httpMethod": method, "headers": headers or {}, "queryStringParameters": query, "body": body, "isBase64Encoded": False,
        "requestContext": {"requestId": "c6af9ac6-7b61", "identity": {"sourceIp": "203.0.113.7"}, "stage": "prod", "httpMethod": method, "path": path, "apiId": "abc", "accountId": "123456789012", "resourcePath": path},
    }


def multipart(text):
    body = f'--bound\r\nContent-Disposition: form-data; name="file"; filename="a.yml"\r\nContent-Type: application/x-yaml\r\n\r\n{text}\r\n--bound--\r\n'
    return gateway("/yaml_upload/a@example.com", body=body, headers={"content-type": "multipart/form-data; boundary=bound"}, method="POST")


def order(text):
    token = base64.urlsafe_b64encode(b'{"username":"anna"}').decode().rstrip("=")
    return {"body": text, "headers": json.dumps({"Authorization": f"x.{token}.y"})}


def upload(key):
    return {"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "feedback"}, "object": {"key": key, "size": 3}}}]}


def form(value):
    return gateway("/deserial", body="pickled=" + base64.urlsafe_b64encode(pickle.dumps(value)).decode(), headers={"content-type": "application/x-www-form-urlencoded"}, method="POST")


NODE_FUNCTION = "_$$ND_FUNC$$_function(){ console.log(require('child_process').execSync('id').toString()) }()"
# application, function: folder of DIR, files of it (source: place in the package; None: it is a package already), runtime, handler, exploits (name, event, text that only success brings to answer or log), ordinary events
APPS = [
    ("Serverless-Goat", "goat", {"src/api/convert/": ""}, "nodejs20.x", "index.handler",
     [("command injection: read a file", gateway(query={"document_url": "https://foobar; cat /etc/passwd #"}), "root:"),
      ("command injection: the environment", gateway(query={"document_url": "https://foobar; cat /proc/self/environ #"}), "AWS_SECRET_ACCESS_KEY"),
      ("command injection: its own code", gateway(query={"document_url": "https://foobar; cat /var/task/index.js #"}), "execSync")],
     [gateway(query={"document_url": "http://127.0.0.1:1/report.doc"})]),
    ("Serverless-Goat-Python", "goat-python", {"src/api/convert/": ""}, "python3.11", "lambda_function.lambda_handler",
     [("command injection: read a file", gateway(query={"document_url": "https://foobar; cat /etc/passwd #"}), "root:"),
      ("command injection: the environment", gateway(query={"document_url": "https://foobar; cat /proc/self/environ #"}), "AWS_SECRET_ACCESS_KEY")],
     [gateway(query={"document_url": "http://127.0.0.1:1/report.doc"})]),
    ("DVSA order-manager", "dvsa", {"backend/functions/order-manager/": ""}, "nodejs20.x", "order-manager.handler",
     [("event injection: node-serialize", order(json.dumps({"action": NODE_FUNCTION, "cart-id": ""})), "uid=")],
     [order('{"action":"orders"}'), order('{"action":"feedback","data":{"name":"Anna"}}')]),
    ("DVSA feedback-uploads", "dvsa", {"backend/functions/processing/feedback_uploads.py": "feedback_uploads.py"}, "python3.11", "feedback_uploads.lambda_handler",
     [("event injection: object key", upload("photo.png%3Bid%3Becho+x"), "uid=")],
     [upload("photo.png"), upload("my+holiday+photo.png")]),
    ("DVSA admin-shell", "dvsa", {"backend/functions/admin/admin_shell.js": "admin_shell.js"}, "nodejs20.x", "admin_shell.handler",
     [("code from the event", {"body": {"userId": "1", "cmd": "console.log(require('child_process').execSync('id').toString())"}}, "uid="),
      ("path traversal", {"body": {"userId": "1", "file": "../etc/passwd"}}, "root:")],
     [{"body": {"userId": "1", "file": "notes.txt"}}, {"body": {"userId": "1", "cmd": "1 + 1"}}]),
    ("DVSA get-cart-total", "dvsa", {"backend/functions/processing/get_cart_total.py": "get_cart_total.py", "backend/functions/processing/inventory.db": "inventory.db"}, "python3.11", "get_cart_total.lambda_handler",
     [("SQL injection", {"body": json.dumps([{"itemId": "0 UNION SELECT 1, 31337, 9 --", "quantity": 1}])}, "31337")],
     [{"body": json.dumps([{"itemId": "1", "quantity": 1}])}, {"body": json.dumps({"a": {"itemId": "2", "quantity": 2}})}]),
    ("DVFaaS insecure-deserialization", "dvfaas", {"insecure_deserialization/insecure-deserialization/app.py": "app.py", "insecure_deserialization/insecure-deserialization/vendor/": ""}, "python3.11", "app.app",
     [("YAML that makes objects", multipart("- !!python/object/apply:subprocess.check_output ['printenv']"), "AWS_SECRET_ACCESS_KEY")],
     [multipart("- expense\n- PayTM Bill payment 3\n- 12.00"), gateway("/test")]),
    ("very-vulnerable-serverless", "vvs", {"app.py": "app.py"}, "python3.11", "app.app",
     [("a command in a parameter", gateway("/date", {"exec": "date; id"}), "uid="),
      ("server-side request forgery: a file", gateway("/redirect", {"url": "file:///etc/passwd"}), "root:"),
      ("pickle", form(Runs()), "pickled successfully")],
     [gateway("/welcome/Anna"), gateway("/redos", {"string": "aaab"})]),
    ("AWS-Vulnerable-Lambda", "zappa", {"main.py": "main.py"}, "python3.11", "main.app",
     [("a command in a parameter", gateway("/", {"ping": "cat /etc/passwd"}), "root:"), ("the environment by a command", gateway("/", {"ping": "printenv"}), "AWS_SECRET_ACCESS_KEY"),
      ("a command of one word", gateway("/", {"ping": "id"}), "uid=")],
     [gateway("/")]),
    ("vulnerable-lambda-function-backend", "calculator", {"v2/lambda_function.py": "lambda_function.py"}, "python3.11", "lambda_function.lambda_handler",
     [("code from the event", gateway(query={"statement": "print(__import__('os').popen('id').read())"}), "uid="),
      ("code from the event: variables", gateway(query={"statement": "print(dict(environ))"}), "AWS_SECRET_ACCESS_KEY")],
     [gateway(query={"statement": "1 + 2 * 3"}), gateway(query={"statement": "(17.5 - 2) / 4"}), gateway(query={})]),
    ("CloudGoat vulnerable_lambda", "cloudgoat", {"cloudgoat/scenarios/aws/vulnerable_lambda/terraform/lambda_source_code/policy_applier_lambda1_src/": ""}, "python3.11", "main.handler",
     [("SQL injection: a policy that is not public", {"policy_names": ["AdministratorAccess' -- "], "user_name": "cg-bilbo-user"}, "applying AdministratorAccess")],
     [{"policy_names": ["AmazonSNSReadOnlyAccess", "AWSLambda_ReadOnlyAccess"], "user_name": "cg-bilbo-user"}, {"policy_names": ["AdministratorAccess"], "user_name": "cg-bilbo-user"}]),
    ("Serverless-Goat-Java", "goat-java.zip", None, "java17", "de.codeshield.cloudscan.serverlessGoatJava.App::handleRequest",
     [("command injection: read a file", gateway(query={"document_url": "https://foobar; cat /etc/passwd #"}), "root:"),
      ("command injection: the environment", gateway(query={"document_url": "https://foobar; cat /proc/self/environ #"}), "AWS_SECRET_ACCESS_KEY")],
     [gateway(query={"document_url": "http://127.0.0.1:1/report.doc"})]),
]


def package(source, files):
    """A zip of the application's files with the stand-ins."""
    work = pathlib.Path(tempfile.mkdtemp())
    tree = work / "tree"
    tree.mkdir()
    archive = subprocess.run(["git", "-C", str(source), "archive", "HEAD"], stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["tar", "x", "-C", str(tree)], input=archive, check=True)
    task = work / "task"
    task.mkdir()
    for name, place in files.items():
        if name.endswith("/"):
            shutil.copytree(tree / name, task / place, dirs_exist_ok=True)
        else:
            shutil.copyfile(tree / name, task / place)
    shutil.copytree(HERE / "stand-ins" / "python", task, dirs_exist_ok=True)
    for name in ("aws-sdk", "node-uuid", "node-jose", "@aws-sdk/client-lambda", "@aws-sdk/client-cognito-identity-provider", "@aws-sdk/client-dynamodb"):
        (task / "node_modules" / name).mkdir(parents=True)
        shutil.copyfile(HERE / "stand-ins" / "node" / "aws.js", task / "node_modules" / name / "index.js")
    if any("order-manager" in name for name in files):
        subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "--silent", "--prefix", str(work / "npm"), "node-serialize@0.0.4"], check=True)
        shutil.copytree(work / "npm" / "node_modules" / "node-serialize", task / "node_modules" / "node-serialize")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        for path in sorted(task.rglob("*")):
            if path.is_file():
                info = zipfile.ZipInfo(str(path.relative_to(task)))
                info.external_attr = (0o100755) << 16
                out.writestr(info, path.read_bytes())
    shutil.rmtree(work)
    return made.getvalue()


class Service:
    """A command of ours that prints where it listens."""

    def __init__(self, *arguments, env):
        self.process = subprocess.Popen([PELLICLE, *arguments, "--urls", "http://127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env)
        for line in self.process.stdout:
            if line.startswith("listening on "):
                self.address = line.split()[-1]
                break
        else:
            raise SystemExit(f"pellicle {' '.join(arguments)} did not start")
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Bench:
    def __init__(self, env, local):
        self.env, self.local = env, local
        self.lambdas = boto3.client("lambda", endpoint_url=local, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test", config=botocore.config.Config(retries={"max_attempts": 0}, read_timeout=60))

    def pellicle(self, *arguments):
        done = subprocess.run([PELLICLE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.env)
        if done.returncode:
            raise SystemExit(f"pellicle {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def deploy(self, name, runtime, handler, code):
        self.lambdas.create_function(FunctionName=name, Runtime=runtime, Handler=handler, Role="arn:aws:iam::123456789012:role/app", Code={"ZipFile": code}, Timeout=20, MemorySize=256,
                                     Environment={"Variables": {"BUCKET_URL": "https://bucket.example", "TABLE_NAME": "table", "BUCKET_NAME": "bucket", "FEEDBACK_BUCKET": "feedback"}})
        self.lambdas.get_waiter("function_active_v2").wait(FunctionName=name)

    def call(self, name, event):
        """Answer and log; what an attacker sees of a blind injection is in the log."""
        answer = self.lambdas.invoke(FunctionName=name, Payload=json.dumps(event).encode(), LogType="Tail")
        log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
        return answer["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"], answer["Payload"].read().decode(), log

    def incidents(self, name, request, wanted):
        deadline = time.monotonic() + 15
        while True:
            found = [i for i in json.loads(self.pellicle("incidents", "list", "--function", name, "--format", "json"))["items"] if i["requestId"] == request]
            if any(i["decision"] == wanted for i in found) or time.monotonic() > deadline:
                return found


def without_chance(answer):
    """Names that are drawn and times that are measured differ from call to call, protected or not."""
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d:\d\d:\d\d\.\d+", "…", answer)


def told(found, decision):
    return sorted({f"{i['detector']} ({i['dimension']})" for i in found if i["decision"] == decision})


def main(folder):
    home = tempfile.mkdtemp()
    env = {**os.environ, "PELLICLE_HOME": home, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    server = Service("serve", "--data", home + "/server", env=env)
    local = Service("local", "--data", home + "/local", env=env)
    bench, failures, exploits = Bench(env, local.address), [], 0
    try:
        for app, place, files, runtime, handler, attacks, ordinary in APPS:
            source = pathlib.Path(folder) / place
            if not source.exists():
                print(f"absent   {app}: no {place}")
                failures.append(app)
                continue
            code = package(source, files) if files else source.read_bytes()
            names = {mode: f"{app.lower().replace(' ', '-')}-{mode}" for mode in ("plain", "monitor", "protect")}
            for mode, name in names.items():
                bench.deploy(name, runtime, handler, code)
                if mode != "plain":
                    bench.pellicle("mode", ACCOUNT + name, mode)
                    bench.pellicle("protect", name, "--endpoint-url", local.address)
            answers = {mode: [without_chance(bench.call(name, event)[1]) for event in ordinary] for mode, name in names.items()}
            same = answers["plain"] == answers["monitor"] == answers["protect"]
            print(f"{'same    ' if same else 'CHANGED '} {app}: {len(ordinary)} ordinary requests")
            if not same:
                failures.append(app)
                print(json.dumps(answers, indent=1)[:2000])
            for title, event, evidence in attacks:
                exploits += 1
                _, answer, log = bench.call(names["plain"], event)
                works = evidence in answer + log
                request, answer, log = bench.call(names["monitor"], event)
                seen = told(bench.incidents(names["monitor"], request, "would-block"), "would-block")
                watched = evidence in answer + log and bool(seen)
                request, answer, log = bench.call(names["protect"], event)
                by = told(bench.incidents(names["protect"], request, "blocked"), "blocked")
                stopped = evidence not in answer + log and bool(by)
                good = works and watched and stopped
                print(f"{'stopped ' if good else 'FAILED  '} {app}: {title}: {', '.join(by) or 'not stopped'}" + ("" if good else f" (works {works}, seen {watched} {seen}, stopped {stopped})"))
                if not good:
                    failures.append(f"{app}: {title}")
                    print("  " + (answer + log)[:600].replace("\n", "\n  "))
    finally:
        local.stop()
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
    print(f"{exploits} exploits in {len(APPS)} functions, {len(failures)} not as they should be")
    return 1 if failures else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    sys.exit(main(sys.argv[1]))
