"""What telling a call to AWS adds to it: processor time of the process that calls, with and without the probe, in turns that change places.
The service is a stand-in on this machine that answers at once, without TLS: a call to a real one costs more, and what is added is the same.
`known`: the operation is asked about once (JSON protocol). `asked`: each request is (REST protocol). Needs boto3, and tests/clients/install.sh for Node.js.
usage: run.py [TURNS]"""
import os, socket, subprocess, sys, tempfile, threading

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(root, "runtime", "native", "tests"))
from guard import Guard  # noqa: E402

CALLS = 400
library = os.path.join(root, "artifacts", "native", os.uname().machine, "libpellicle.so")
clients = os.path.join(root, "artifacts", "clients", "node", "node_modules")

PYTHON = f"""
import boto3, sys, time
names = dict(region_name="us-east-1", endpoint_url=sys.argv[1], aws_access_key_id="a", aws_secret_access_key="b")
dynamodb, functions = boto3.client("dynamodb", **names), boto3.client("lambda", **names)
for name, call in (("known", lambda: dynamodb.get_item(TableName="table", Key={{"id": {{"S": "1"}}}})), ("asked", lambda: functions.get_function_configuration(FunctionName="other"))):
    for _ in range(50): call()
    before = time.process_time()
    for _ in range({CALLS}): call()
    print(name, (time.process_time() - before) / {CALLS} * 1e6)
"""
NODE = f"""
const {{ DynamoDB }} = require('@aws-sdk/client-dynamodb'), {{ Lambda }} = require('@aws-sdk/client-lambda');
const names = {{ region: 'us-east-1', endpoint: process.argv[1], credentials: {{ accessKeyId: 'a', secretAccessKey: 'b' }} }};
const dynamodb = new DynamoDB(names), functions = new Lambda(names);
(async () => {{
  for (const [name, call] of [['known', () => dynamodb.getItem({{ TableName: 'table', Key: {{ id: {{ S: '1' }} }} }})], ['asked', () => functions.getFunctionConfiguration({{ FunctionName: 'other' }})]]) {{
    for (let i = 0; i < 200; i++) await call();
    const before = process.cpuUsage();
    for (let i = 0; i < {CALLS}; i++) await call();
    const {{ user, system }} = process.cpuUsage(before);
    console.log(name, (user + system) / {CALLS});
  }}
  process.exit();
}})();
"""


def serve(connection):
    with connection, connection.makefile("rb") as stream:
        while stream.readline():
            length = 0
            while (header := stream.readline()).strip():
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            stream.read(length)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")


def accept(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


turns = int(sys.argv[1]) if len(sys.argv) > 1 else 5
listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=accept, args=(listener,), daemon=True).start()
address = f"http://127.0.0.1:{listener.getsockname()[1]}"
guard = Guard(mode=2, decide=lambda q: (0 if q.dimension == "aws" and " " in q.item else 2, None))
plain = {k: v for k, v in os.environ.items() if k not in ("LD_PRELOAD", "NODE_OPTIONS")}
covered = {**plain, "LD_PRELOAD": library, "PELLICLE_CHANNEL": guard.name, "PELLICLE_SECCOMP": "0"}
probe = os.path.join(root, "artifacts", "probes", "node", "probe.js")
programs = {"python": (["/usr/bin/python3", "-c", PYTHON], {}), "node": (["node", "-e", NODE], {"NODE_PATH": clients})}
for language, (command, more) in programs.items():
    figures = {}
    kinds = [("without", plain), ("with", {**covered, "NODE_OPTIONS": f"--require {probe}"} if language == "node" else covered)]
    for turn in range(turns):
        for kind, env in kinds[turn % 2:] + kinds[:turn % 2]:
            done = subprocess.run([*command, address], env={**env, **more}, cwd=tempfile.gettempdir(), capture_output=True, text=True)
            if done.returncode:
                sys.exit(done.stderr)
            for line in done.stdout.splitlines():
                name, value = line.split()
                figures.setdefault(name, {}).setdefault(kind, []).append(float(value))
    for name, by in figures.items():
        without, with_ = min(by["without"]), min(by["with"])
        print(f"{language:7} {name:6} {without:7.0f} us {with_:7.0f} us   ratio {with_ / without:.2f}")
