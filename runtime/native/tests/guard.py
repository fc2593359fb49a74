"""A guard for the tests: speaks docs/decisions/0001-guard-channel.md, answers by a function, records what it was asked."""
import array, fcntl, mmap, os, select, socket, struct, threading

MAGIC = 0x4C434C50
REGION = 1 << 20
DIMENSIONS = ["", "process", "host", "read", "write", "library", "aws", "event", "response", "code", "deserialize", "tamper", "statement"]
NUMBER = {name: i for i, name in enumerate(DIMENSIONS) if name}
TABLE, SLOTS, PREFIXES = 4096, 8192, 131072


def welcome(connection, reply, descriptors):
    connection.sendmsg([reply], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else [])


class Query:
    def __init__(self, dimension, flags, pid, invocation, fields):
        self.dimension, self.flags, self.pid, self.invocation = DIMENSIONS[dimension], flags, pid, invocation
        self.fields = fields
        self.item = fields[0].decode("utf-8", "surrogateescape")

    def __repr__(self):
        return f"{self.dimension} {self.item} {self.fields[1:]} flags={self.flags} pid={self.pid}"


def fnv(seed, dimension, item):
    h = 14695981039346656037 ^ seed
    for byte in bytes([NUMBER[dimension]]) + item.encode("utf-8", "surrogateescape"):
        h = ((h ^ byte) * 1099511628211) & 0xFFFFFFFFFFFFFFFF
    return h or 1


class Call:
    """A system call that the kernel asks about."""
    def __init__(self, pid, number, address, arguments):
        self.pid, self.number, self.address, self.arguments = pid, number, address, arguments

    def text(self, argument):
        with open(f"/proc/{self.pid}/mem", "rb") as memory:
            memory.seek(self.arguments[argument])
            return memory.read(256).split(b"\0")[0].decode("utf-8", "replace")


PROXY_PORT = 4242  # nobody listens there


class Guard:
    """decide(query) -> None to allow, or an errno (0: the interposer's choice) to deny; may return ("cache", n, error).
    spoil(connection, kind, reply, descriptors) -> true when it answered in its own way (kind 2: welcome, 4: verdict)."""

    made = []  # all that are open

    def __init__(self, mode=2, decide=None, answer=True, seed=0x1234567890ABCDEF, tamper=True, spoil=None):
        self.spoil = spoil or (lambda *answer: False)
        self.decide = decide or (lambda query: None)
        self.answer = answer
        self.cache = 0
        self.queries, self.notes, self.errors, self.hellos = [], [], [], []
        self.answers = None  # of calls that the kernel asks about: call -> None to let it go on, or an errno
        self.calls = []
        self.lock = threading.Lock()
        self.seed = seed
        self.name = f"pellicle/127.0.0.1:{os.getpid()}-{id(self)}"
        self.state_fd = os.memfd_create("state")
        self.ring_fd = os.memfd_create("ring")
        for fd in (self.state_fd, self.ring_fd):
            os.ftruncate(fd, REGION)
        self.state = mmap.mmap(self.state_fd, REGION)
        self.ring = mmap.mmap(self.ring_fd, REGION)
        self.table, self.prefixes = [], []
        self.state[0:8] = struct.pack("<II", MAGIC, 1)
        self.ring[0:16] = struct.pack("<IIII", MAGIC, 1, (REGION - 4096) // 512, 512)
        self.put(8, "<Q", 2)
        self.put(16, "<II", mode, 1 if tamper else 0)
        self.put(24, "<Q", 1)
        self.put(40, "<Q", seed)
        self.put(48, "<IIII", TABLE, SLOTS, PREFIXES, 0)
        self.put(64, "<I", os.getpid())
        self.read_only = os.open(f"/proc/self/fd/{self.state_fd}", os.O_RDONLY)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind("\0" + self.name)
        self.listener.listen(512)
        self.open = set()
        Guard.made.append(self)
        threading.Thread(target=self.accept, daemon=True).start()

    def put(self, offset, layout, *values):
        data = struct.pack(layout, *values)
        self.state[offset:offset + len(data)] = data

    def get(self, offset, layout="<Q"):
        return struct.unpack_from(layout, self.state, offset)[0]

    def counter(self, name):
        return struct.unpack_from("<Q", self.ring, {"dropped": 192, "unanswered": 200, "faults": 208, "denied": 216}[name])[0]

    def set_mode(self, mode):
        self.put(16, "<I", mode)

    def set_invocation(self, number):
        self.put(24, "<Q", number)

    def know(self, dimension, *items):
        """Writes under an odd generation, as the contract says."""
        generation = self.get(8)
        self.put(8, "<Q", generation + 1)
        for item in items:
            h = fnv(self.seed, dimension, item)
            at = h & (SLOTS - 1)
            while struct.unpack_from("<Q", self.state, TABLE + at * 8)[0]:
                at = (at + 1) & (SLOTS - 1)
            self.put(TABLE + at * 8, "<Q", h)
        self.put(8, "<Q", generation + 2)

    def rules(self, *rules):
        generation = self.get(8)
        self.put(8, "<Q", generation + 1)
        at = PREFIXES
        for dimension, action, prefix in rules:
            text = prefix.encode()
            entry = struct.pack("<BBH", NUMBER[dimension], action, len(text)) + text
            entry += b"\0" * (-len(entry) % 4)
            self.state[at:at + len(entry)] = entry
            at += len(entry)
        self.put(60, "<I", len(rules))
        self.put(8, "<Q", generation + 2)

    def bump(self):
        self.put(8, "<Q", self.get(8) + 2)

    def ring_entries(self):
        head = struct.unpack_from("<Q", self.ring, 64)[0]
        tail = struct.unpack_from("<Q", self.ring, 128)[0]
        slots = (REGION - 4096) // 512
        found = []
        for index in range(tail, head):
            at = 4096 + (index % slots) * 512
            seq, invocation, pid, dimension, flags, length = struct.unpack_from("<QQIBBH", self.ring, at)
            if seq != index + 1:
                self.errors.append(f"ring slot {index} incomplete")
            found.append((DIMENSIONS[dimension], bytes(self.ring[at + 24:at + 24 + length]).decode("utf-8", "replace")))
        return found

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.open.add(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            while True:
                packet, descriptors, _, _ = socket.recv_fds(connection, 200000, 1)
                if not packet:
                    break
                self.packet(connection, packet, descriptors)
        except (ConnectionError, OSError):
            pass  # the client went away in the middle, as processes do
        finally:
            with self.lock:
                self.open.discard(connection)
            connection.close()

    def supervise(self, listener):
        """Until nobody is left who could ask."""
        waiting = select.poll()
        waiting.register(listener, select.POLLIN)
        while not waiting.poll()[0][1] & select.POLLHUP:
            question = bytearray(80)
            try:
                fcntl.ioctl(listener, 0xC0502100, question)
            except FileNotFoundError:
                continue  # it was killed meanwhile
            identity, pid, _, number, _, address, *arguments = struct.unpack("<QIIiIQ6Q", question)
            call = Call(pid, number, address, arguments)
            trial = number == 257 and call.text(1) == "/.pellicle/trial"
            error = 130 if trial else self.answers(call)
            if not trial:
                with self.lock:
                    self.calls.append(call)
            try:
                fcntl.ioctl(listener, 0xC0182101, struct.pack("<QqiI", identity, 0, -(error or 0), 0 if error else 1))
            except FileNotFoundError:
                pass  # killed meanwhile
        os.close(listener)

    def packet(self, connection, packet, descriptors=()):
        magic, version, kind, length, sequence = struct.unpack_from("<IHHII", packet)
        body = packet[16:]
        if magic != MAGIC or version != 1 or length != len(body):
            self.errors.append(f"bad header {packet[:16]!r} with {len(body)} bytes")
            return
        if kind == 1:
            with self.lock:
                self.hellos.append(struct.unpack("<II", body))
            if not self.answer:
                return
            reply = struct.pack("<IHHIIII", MAGIC, 1, 2, 8, sequence, PROXY_PORT, self.get(16, "<I"))
            if not self.spoil(connection, 2, reply, [self.read_only, self.ring_fd]):
                welcome(connection, reply, [self.read_only, self.ring_fd])
            return
        if kind == 6:
            taken = self.answers is not None and len(descriptors) == 1
            if taken:
                threading.Thread(target=self.supervise, args=descriptors, daemon=True).start()
            connection.send(struct.pack("<IHHIIBBHI", MAGIC, 1, 4, 8, sequence, 0 if taken else 1, 0, 1, 0))
            return
        dimension, flags, count, pid, invocation = struct.unpack_from("<BBHIQ", body)
        at, fields = 16, []
        for _ in range(count):
            size = struct.unpack_from("<I", body, at)[0]
            fields.append(body[at + 4:at + 4 + size])
            if len(fields[-1]) != size:
                self.errors.append(f"short field in {body!r}")
            at += 4 + size
        if at != len(body):
            self.errors.append(f"{len(body) - at} bytes left over")
        query = Query(dimension, flags, pid, invocation, fields)
        with self.lock:
            (self.queries if kind == 3 else self.notes).append(query)
        if kind != 3 or not self.answer:
            return
        decision, cache = self.decide(query), self.cache
        if isinstance(decision, tuple):
            cache, decision = decision
        reply = struct.pack("<IHHIIBBHI", MAGIC, 1, 4, 8, sequence, 0 if decision is None else 1, cache, decision or 0, 0)
        if not self.spoil(connection, 4, reply, []):
            connection.send(reply)

    def drop_connections(self):
        with self.lock:
            for connection in self.open:
                connection.shutdown(socket.SHUT_RDWR)

    def asked(self, dimension=None):
        with self.lock:
            return [q for q in self.queries if dimension is None or q.dimension == dimension]

    def items(self, dimension):
        return [q.item for q in self.asked(dimension)]

    def close(self):
        Guard.made.remove(self)
        self.listener.shutdown(socket.SHUT_RDWR)  # ends the thread that waits in accept
        self.listener.close()
        self.drop_connections()
        for fd in (self.state_fd, self.ring_fd, self.read_only):
            os.close(fd)
