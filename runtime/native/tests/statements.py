"""Statements for databases: in SQLite's calls, and on connections by PostgreSQL's and MySQL's protocols."""
import getpass, os, shutil, socket, ssl, struct, subprocess, threading

from driver import Area, PYTHON, Skip, WORK, deny, environment, equal, run, test
from guard import Guard

REFUSED = b"refused_by_pellicle"


def evil(query):
    return 0 if query.dimension == "statement" and b"evil" in query.fields[1] else None


def statements(guard):
    return [(q.item, q.fields[1].decode()) for q in guard.asked("statement")]


def under(guard, text, *arguments):
    with Area() as area:
        done = run(guard, PYTHON, "-S", area.file("s.py", text), *arguments)
    equal((guard.errors, guard.counter("unanswered")), ([], 0), done.stderr)
    return done


# --- SQLite -----------------------------------------------------------------------------------------------------------

@test
def statements_for_sqlite_are_judged():
    guard = Guard(decide=evil)
    done = under(guard, """if True:
        import sqlite3
        db = sqlite3.connect(":memory:")
        db.executescript("create table t(x); insert into t values (1)")
        for text in ("select x from t", "select x from t where 'evil' = 'evil'", "select x + 1 from t"):
            try:
                print(db.execute(text).fetchall())
            except sqlite3.Error as e:
                print(type(e).__name__, e)
        db.execute("insert into t values (?)", ("evil",))
        print(db.execute("select count(*) from t").fetchone())
    """)
    equal(done.lines, ["[(1,)]", 'OperationalError near "refused_by_pellicle": syntax error', "[(2,)]", "(2,)"], done.stderr)
    assert ("sqlite", "insert into t values (?)") in statements(guard) and not any("values (evil" in s for _, s in statements(guard))


@test
def statements_by_handle_are_judged():
    guard = Guard(decide=evil)
    done = under(guard, """if True:
        from ctypes import *
        lite = CDLL("libsqlite3.so.0")
        db, statement = c_void_p(), c_void_p()
        lite.sqlite3_open(b":memory:", byref(db))
        for call in (lambda t: lite.sqlite3_exec(db, t, None, None, None), lambda t: lite.sqlite3_prepare_v2(db, t, -1, byref(statement), None),
                     lambda t: lite.sqlite3_prepare_v2(db, t, len(t or b""), byref(statement), None), lambda t: lite.sqlite3_prepare_v3(db, t, -1, 0, byref(statement), None),
                     lambda t: lite.sqlite3_prepare(db, t, -1, byref(statement), None)):
            print(call(b"select 'good'"), call(b"select 'evil'"), call(None))
    """)
    if "libsqlite3.so.0: cannot open" in done.stderr:
        raise Skip("no libsqlite3")
    equal([line[:3] for line in done.lines], ["0 1"] * 5, done.stderr)


@test
def a_statement_is_asked_about_once_in_an_invocation():
    text = """if True:
        import sqlite3, sys
        db = sqlite3.connect(":memory:", cached_statements=0)
        for turn in range(2):
            for _ in range(50):
                db.execute("select 1")
            print("turn", flush=True)
            sys.stdin.readline()
    """
    guard = Guard()
    with Area() as area:
        process = subprocess.Popen([PYTHON, "-S", area.file("s.py", text)], env=environment(guard), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        equal(process.stdout.readline(), "turn\n")
        equal(statements(guard), [("sqlite", "select 1")])
        guard.set_invocation(2)
        process.communicate("\n\n")
    equal(statements(guard), [("sqlite", "select 1")] * 2)


# --- connections ------------------------------------------------------------------------------------------------------

class Database:
    """Takes one connection and keeps what it got."""

    def __init__(self, greeting=b"", tls=None):
        self.listener, self.got, self.tls = socket.create_server(("127.0.0.1", 0)), b"", tls
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, args=(greeting,), daemon=True)
        self.thread.start()

    def serve(self, greeting):
        connection, _ = self.listener.accept()
        if self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True)
        with connection:
            connection.sendall(greeting)
            while True:
                try:
                    more = connection.recv(65536)
                except (ConnectionError, ssl.SSLError):
                    return
                if not more:
                    return
                self.got += more

    def received(self):
        self.thread.join(30)
        self.listener.close()
        return self.got


CLIENT = """if True:
    import os, socket, sys
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    def send(*pieces, how="send"):
        try:
            if how == "write": os.write(s.fileno(), pieces[0])
            elif how == "writev": os.writev(s.fileno(), pieces)
            elif how == "all":
                while pieces:
                    sent = os.writev(s.fileno(), pieces)
                    while sent: sent, pieces = sent - len(pieces[0]), pieces[1:]
            elif how == "sendmsg": s.sendmsg(pieces)
            else: s.sendall(pieces[0])
            print("sent")
        except OSError as e:
            print(type(e).__name__, e.errno)
"""


def postgres(kind, text):
    body = text + b"\0" if kind == b"Q" else b"name\0" + text + b"\0" + b"\0\0"
    return kind + struct.pack(">I", len(body) + 4) + body


def startup():
    body = struct.pack(">I", 196608) + b"user\0x\0\0"
    return struct.pack(">I", len(body) + 4) + body


def mysql(command, text, sequence=0):
    body = command + text
    return struct.pack("<I", len(body))[:3] + bytes([sequence]) + body


def handshake(flags=0x200):
    return mysql(struct.pack("<IIB", flags, 1 << 24, 33), b"\0" * 23 + b"root\0\0", 1)


def refused(text):
    return REFUSED + b" " * (len(text) - len(REFUSED))


def talk(guard, *sends, greeting=b""):
    """Each send: (how, piece...). What the client printed, and what the server got."""
    database = Database(greeting)
    lines = [f"    send({', '.join(repr(p) for p in pieces)}, how={how!r})\n" for how, *pieces in sends]
    done = under(guard, CLIENT + "".join(lines), str(database.port))
    return done.lines, database.received()


GOOD, BAD = b"select name from users where id = 1", b"select name from users where id = 'evil'"


@test
def statements_on_postgresql_connections_are_judged():
    for how in ("send", "write", "sendmsg", "writev"):
        for kind in (b"Q", b"P"):
            guard = Guard(decide=evil)
            lines, got = talk(guard, (how, startup()), (how, postgres(kind, GOOD)), (how, postgres(kind, BAD)), (how, postgres(kind, GOOD)))
            equal(lines, ["sent"] * 4, (how, kind))
            equal(got, startup() + postgres(kind, GOOD) + postgres(kind, refused(BAD)) + postgres(kind, GOOD), (how, kind))
            equal(statements(guard)[:2], [("postgresql", GOOD.decode()), ("postgresql", BAD.decode())], (how, kind))


@test
def monitor_sends_every_statement_as_it_is():
    guard = Guard(mode=1, decide=evil)
    _, got = talk(guard, ("send", startup()), ("send", postgres(b"Q", BAD)))
    equal(got, startup() + postgres(b"Q", BAD))
    equal(statements(guard), [("postgresql", BAD.decode())])


@test
def several_statements_in_one_call_are_told_apart():
    guard = Guard(decide=evil)
    data = b"B\0\0\0\x08evil"  # a value, in a message of its own
    lines, got = talk(guard, ("send", startup()), ("writev", postgres(b"Q", GOOD) + postgres(b"Q", BAD) + data, postgres(b"P", BAD), postgres(b"Q", GOOD)))
    equal(got, startup() + postgres(b"Q", GOOD) + postgres(b"Q", refused(BAD)) + data + postgres(b"P", refused(BAD)) + postgres(b"Q", GOOD), lines)
    equal(sum(b"evil" in q.fields[1] for q in guard.asked("statement")), 2)


@test
def a_statement_in_pieces_is_judged_as_a_whole():
    guard = Guard(decide=lambda q: 0 if q.dimension == "statement" and b"users where id = 'evil'" in q.fields[1] else None)
    whole = postgres(b"Q", BAD)
    lines, got = talk(guard, ("send", startup()), ("send", whole[:3]), ("send", whole[3:20]), ("send", whole[20:]), ("send", b"after"))
    # Its first half has gone: the rest is not sent, and the server never has the statement.
    equal(lines[:4], ["sent", "sent", "sent", "PermissionError 13"])
    assert got.startswith(startup() + whole[:20]) and b"evil" not in got, got
    guard = Guard(decide=lambda q: 0 if q.dimension == "statement" and b"users where id = 'evil'" in q.fields[1] else None)
    lines, got = talk(guard, ("send", startup()), ("writev", whole[:3], whole[3:20], whole[20:]))
    equal((lines, got), (["sent", "sent"], startup() + postgres(b"Q", refused(BAD))))


@test
def statements_behind_many_pieces_are_judged():
    guard = Guard(decide=evil)
    good, bad = postgres(b"Q", GOOD), postgres(b"Q", BAD)
    pieces = [good] * 150
    pieces[100] = bad
    lines, got = talk(guard, ("send", startup()), ("all", *pieces), ("send", bad))
    denied = postgres(b"Q", refused(BAD))
    equal((lines, got), (["sent"] * 3, startup() + good * 100 + denied + good * 49 + denied))


@test
def long_statements_are_judged_across_packets():
    text = b"select '" + b"a" * 30000 + b"' or 'evil'"
    guard = Guard(decide=evil)
    lines, got = talk(guard, ("send", startup()), *[("send", postgres(b"Q", text)[at:at + 8192]) for at in range(0, len(text), 8192)])
    assert "PermissionError 13" in lines and b"evil" not in got, lines
    guard = Guard(decide=evil)
    lines, got = talk(guard, ("send", startup()), ("send", postgres(b"Q", text)))
    equal(got, startup() + postgres(b"Q", refused(text)), lines)


@test
def statements_after_a_refused_encryption_are_judged():
    guard = Guard(decide=evil)
    ask = struct.pack(">II", 8, 80877103)
    _, got = talk(guard, ("send", ask), ("send", startup()), ("send", postgres(b"Q", BAD)))
    equal(got, ask + startup() + postgres(b"Q", refused(BAD)))
    guard = Guard(decide=evil)
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"r" * 500
    _, got = talk(guard, ("send", ask), ("send", hello), ("send", postgres(b"Q", BAD)))
    equal((got, statements(guard)), (ask + hello + postgres(b"Q", BAD), []))


@test
def statements_on_mysql_connections_are_judged():
    for command in (b"\x03", b"\x16", b"\x03\x00\x01"):
        guard = Guard(decide=evil)
        _, got = talk(guard, ("send", handshake()), ("write", mysql(command, GOOD)), ("send", mysql(b"\x0e", b"")), ("sendmsg", mysql(command, BAD)), ("send", mysql(command, GOOD)))
        equal(got, handshake() + mysql(command, GOOD) + mysql(b"\x0e", b"") + mysql(command, refused(BAD)) + mysql(command, GOOD))
        equal(statements(guard)[:2], [("mysql", GOOD.decode()), ("mysql", BAD.decode())])


@test
def other_connections_are_left_alone():
    for first in (b"GET /evil HTTP/1.1\r\n\r\n", b"\0", handshake(0x200 | 0x800), handshake(0x200 | 0x20), b"Q" * 100):
        guard = Guard(decide=evil)
        _, got = talk(guard, ("send", first), ("send", postgres(b"Q", BAD)), ("send", mysql(b"\x03", BAD)))
        equal((got, statements(guard)), (first + postgres(b"Q", BAD) + mysql(b"\x03", BAD), []))


@test
def a_number_that_is_used_again_is_looked_at_anew():
    guard = Guard(decide=evil)
    database = Database()
    with Area() as area:
        done = under(guard, CLIENT + f"""
    send({startup()!r})
    s.close()
    fd = os.open({area.path + "/f"!r}, os.O_CREAT | os.O_WRONLY)
    os.write(fd, {postgres(b"Q", BAD)!r})
    print(os.stat(fd).st_size)
""", str(database.port))
        equal(done.lines, ["sent", str(len(postgres(b"Q", BAD)))], done.stderr)
    equal(statements(guard), [])


@test
def garbage_in_a_protocol_ends_the_reading_and_nothing_else():
    for rest in (b"Q\0\0\0\0", b"P\0\0\0\x05\0", b"\0" * 1000, b"Q\xff\xff\xff\xff" + b"x" * 1000, b"Q\0\0\0\x04"):
        guard = Guard()
        lines, got = talk(guard, ("send", startup()), ("send", rest), ("write", rest), ("writev", rest[:3], b"", rest[3:]))
        equal((lines, got), (["sent"] * 4, startup() + rest * 3), rest[:8])


@test
def every_connection_is_judged_whichever_thread_sends():
    guard = Guard(decide=evil)
    databases = [Database() for _ in range(8)]
    done = under(guard, f"""if True:
    import socket, sys, threading
    def work(port):
        s = socket.create_connection(("127.0.0.1", int(port)))
        s.sendall({startup()!r})
        for n in range(40):
            s.sendall({postgres(b"Q", GOOD)!r})
            s.sendall({postgres(b"Q", BAD)!r})
        s.close()
    threads = [threading.Thread(target=work, args=(port,)) for port in sys.argv[1:]]
    for t in threads: t.start()
    for t in threads: t.join()
""", *(str(d.port) for d in databases))
    for database in databases:
        equal(database.received(), startup() + (postgres(b"Q", GOOD) + postgres(b"Q", refused(BAD))) * 40, done.stderr)
    equal(guard.counter("faults"), 0)


# --- encrypted connections --------------------------------------------------------------------------------------------

SEALED = """if True:
    import socket, ssl, sys
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    def connected(port=sys.argv[1]):
        return context.wrap_socket(socket.create_connection(("127.0.0.1", int(port))))
    s = connected()
    def send(data):
        try:
            s.sendall(data)
            print("sent")
        except OSError as e:
            print(type(e).__name__, e.errno)
"""


def certified():
    """A server's context with a certificate made for this run."""
    area = os.path.join(WORK, "certificate")
    if not os.path.exists(area):
        os.mkdir(area)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", area + "/key", "-out", area + "/cert"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(area + "/cert", area + "/key")
    return context


def talk_sealed(guard, *sends):
    database = Database(tls=certified())
    done = under(guard, SEALED + "".join(f"    send({data!r})\n" for data in sends) + "    s.unwrap()\n", str(database.port))
    return done.lines, database.received()


def sealed_handshake(flags=0xA00):
    return mysql(struct.pack("<IIB", flags, 1 << 24, 33), b"\0" * 23 + b"root\0\0", 2)


@test
def statements_on_encrypted_connections_are_judged():
    for first, make, kinds in ((startup(), postgres, (b"Q", b"P")), (sealed_handshake(), mysql, (b"\x03", b"\x16"))):
        for kind in kinds:
            guard = Guard(decide=evil)
            lines, got = talk_sealed(guard, first, make(kind, GOOD), make(kind, BAD), make(kind, GOOD) + make(kind, BAD))
            equal(lines, ["sent"] * 4, kind)
            equal(got, first + make(kind, GOOD) + make(kind, refused(BAD)) + make(kind, GOOD) + make(kind, refused(BAD)), kind)
            equal([text for _, text in statements(guard) if not text.startswith("refused")], [GOOD.decode(), BAD.decode(), BAD.decode()], kind)


@test
def monitor_encrypts_every_statement_as_it_is():
    guard = Guard(mode=1, decide=evil)
    _, got = talk_sealed(guard, startup(), postgres(b"Q", BAD))
    equal((got, statements(guard)), (startup() + postgres(b"Q", BAD), [("postgresql", BAD.decode())]))


@test
def an_encrypted_statement_in_pieces_is_judged_as_a_whole():
    guard = Guard(decide=lambda q: 0 if q.dimension == "statement" and b"users where id = 'evil'" in q.fields[1] else None)
    whole = postgres(b"Q", BAD)
    lines, got = talk_sealed(guard, startup(), whole[:20], whole[20:])
    equal((lines[:2], lines[2] != "sent", got), (["sent", "sent"], True, startup() + whole[:20]), lines)


@test
def other_encrypted_connections_are_left_alone():
    for first in (b"GET /evil HTTP/1.1\r\n\r\n", b"\0", startup()[:-1], sealed_handshake(0xA20), handshake(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 60, struct.pack(">II", 8, 80877103)):
        guard = Guard(decide=evil)
        lines, got = talk_sealed(guard, first, postgres(b"Q", BAD), mysql(b"\x03", BAD))
        equal((lines, got, statements(guard)), (["sent"] * 3, first + postgres(b"Q", BAD) + mysql(b"\x03", BAD), []), first)


@test
def more_encrypted_connections_than_there_is_room_for_one_after_another():
    guard = Guard(decide=evil)
    databases = [Database(tls=certified()) for _ in range(40)]
    done = under(guard, SEALED + f"""
    s.unwrap()
    for port in sys.argv[2:]:
        s = connected(port)
        send({startup()!r})
        send({postgres(b"Q", BAD)!r})
        s.unwrap()
""", *(str(d.port) for d in databases))
    for database in databases[1:]:
        equal(database.received(), startup() + postgres(b"Q", refused(BAD)), done.stderr)
    equal(guard.counter("faults"), 0)


@test
def libssl_by_handle_is_watched():
    text = """if True:
        import ctypes, sys
        lib = ctypes.CDLL("libssl.so.3")
        for name, kind in ("SSL_CTX_new", ctypes.c_void_p), ("TLS_client_method", ctypes.c_void_p), ("SSL_new", ctypes.c_void_p):
            getattr(lib, name).restype = kind
        import socket
        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        connection = ctypes.c_void_p(lib.SSL_new(ctypes.c_void_p(lib.SSL_CTX_new(ctypes.c_void_p(lib.TLS_client_method())))))
        lib.SSL_set_fd(connection, s.fileno())
        assert lib.SSL_connect(connection) == 1
        for data in DATA:
            print(lib.SSL_write(connection, data, len(data)))
        lib.SSL_shutdown(connection)
        lib.SSL_free(connection)
    """.replace("DATA", repr((startup(), postgres(b"Q", BAD))))
    guard, database = Guard(decide=evil), Database(tls=certified())
    done = under(guard, text, str(database.port))
    equal((done.lines, database.received()), ([str(len(startup())), str(len(postgres(b"Q", BAD)))], startup() + postgres(b"Q", refused(BAD))), done.stderr)


@test
def what_a_language_shows_before_it_encrypts_is_judged():
    bit = 1 << 30
    text = f"""if True:
        import ctypes, os, socket, sys
        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        write = ctypes.CDLL(None, use_errno=True).write
        def show(data, fd=s.fileno() | {bit}):
            copy = ctypes.create_string_buffer(data, len(data))
            print(write(fd, copy, len(data)), copy.raw == data, ctypes.get_errno())
        show({b"GET / HTTP/1.1" * 3!r})
        show({startup()!r})
        show({postgres(b"Q", GOOD)!r})
        show({postgres(b"Q", BAD)!r})
        show({postgres(b"Q", BAD)!r}, fd={bit} | 4000)
        show({postgres(b"Q", BAD)[:20]!r})
        show({postgres(b"Q", BAD)[20:]!r})
    """
    guard, database = Guard(decide=evil), Database()
    done = under(guard, text, str(database.port))
    size = len(postgres(b"Q", BAD))
    equal(done.lines, ["0 True 0", f"{len(startup())} True 0", f"{len(postgres(b'Q', GOOD))} True 0", f"{size} False 0", "0 True 0", "20 True 0", "-1 True 13"], done.stderr)
    equal(database.received(), b"")
    with Area() as area:
        equal(run(None, PYTHON, "-S", area.file("s.py", text), str(Database().port)).lines, ["-1 True 9"] * 7)


# --- a server ---------------------------------------------------------------------------------------------------------

MARIADB = "/usr/sbin/mariadbd"


@test
def mariadb_gets_no_denied_statement_from_its_clients():
    if not os.path.exists(MARIADB):
        raise Skip("no mariadb-server-core")
    certified()
    text = """if True:
        import pymysql, sys, warnings
        for options in ({}, {"ssl": {"ca": None}}):
            db = pymysql.connect(host="127.0.0.1", port=int(sys.argv[1]), user="root", **options)
            with db.cursor() as cursor:
                for statement in ("select 'good' as found", "select 'evil' as found", "show status like 'ssl_cipher'"):
                    try:
                        cursor.execute(statement)
                        print(cursor.fetchone()[-1] != "")
                    except pymysql.err.ProgrammingError as e:
                        print(e.args[0], "refused_by_pellicle" in e.args[1])
    """
    with Area() as area:
        shutil.copy(os.path.join(WORK, "certificate", "key"), area.path)
        shutil.copy(os.path.join(WORK, "certificate", "cert"), area.path)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        os.mkdir(area.path + "/data")
        server = subprocess.Popen([MARIADB, "--no-defaults", "--skip-grant-tables", f"--user={getpass.getuser()}", "--skip-innodb", "--default-storage-engine=Aria", f"--datadir={area.path}/data", f"--port={port}", "--bind-address=127.0.0.1", f"--socket={area.path}/socket",
                                   f"--pid-file={area.path}/pid", f"--ssl-cert={area.path}/cert", f"--ssl-key={area.path}/key"], stderr=subprocess.PIPE, text=True)
        try:
            said = []
            for line in server.stderr:
                said.append(line)
                if "ready for connections" in line:
                    break
            else:
                raise AssertionError("".join(said))
            threading.Thread(target=server.stderr.read, daemon=True).start()
            for mode, evil_line in ((1, "True"), (2, "1064 True")):
                guard = Guard(mode=mode, decide=evil)
                done = run(guard, PYTHON, area.file("s.py", text), str(port))
                equal(done.lines, ["True", evil_line, "False", "True", evil_line, "True"], done.stderr)
                equal([text for _, text in statements(guard) if "found" in text], ["select 'good' as found"] + ["select 'evil' as found"] * mode, done.stderr)
        finally:
            server.terminate()
            server.wait()
