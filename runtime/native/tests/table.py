"""The table of intercepted calls. Each row is run directly, from a child with a cleared environment, from a vfork child and from a second thread:
without the interposer, allowed (the output must be the same, errno included), and denied (nothing may have happened, and the guard was asked)."""
import os, re

from driver import Area, Skip, calls, equal, test
from guard import Guard

WAYS = ([], ["cleared"], ["vforked"], ["threaded"])
FAILED = "failed 13"
REFUSED = "failed 1"
ABSENT = "127.0.0.1"  # nobody listens at the ports used here


def at(name, *rest, make="file", denied=FAILED, dimension="read", item="secret", keeps=True):
    """A row about a path: `name PATH`; what it does to the path must not have happened when denied."""
    return {"name": name, "arguments": lambda area: [name, os.path.join(area, "secret"), *(os.path.join(area, r) for r in rest)],
            "make": make, "denied": denied, "dimension": dimension, "item": item, "keeps": keeps}


def writing(name, *rest, make="file", denied=FAILED, item="secret", **more):
    return at(name, *rest, make=make, denied=denied, dimension="write", item=item, **more)


def plain(name, *arguments, denied, dimension, item, shown=None):
    return {"name": shown or " ".join([name, *arguments[:1]]), "arguments": lambda area: [name, *arguments], "make": None, "denied": denied, "dimension": dimension, "item": item, "keeps": False}


READS = [at(n) for n in ("open", "open64", "openat64", "__open", "__open64", "__open_2", "__open64_2", "__openat_2", "__openat64_2", "fopen64", "freopen", "freopen64",
                         "syscall-open", "syscall-openat2", "syscall-old-open", "again-by-descriptor", "by-handle")]
READS += [at(n, make="folder") for n in ("opendir", "scandir", "scandir64", "scandirat", "ftw", "nftw", "fts")]
READS += [at("glob", make="folder", denied="glob 2")]
READS += [{**at("private-open"), "name": f"private-open {n}", "arguments": lambda area, n=n: ["private-open", n, area + "/secret"]} for n in ("__open_nocancel", "__open64_nocancel")]

WRITES = [writing(n) for n in ("open-write", "open-create", "creat", "creat64", "truncate", "truncate64", "unlink", "unlinkat", "remove", "chmod", "fchmodat", "fchmod", "reopen-for-writing",
                               "syscall-creat", "syscall-unlink", "syscall-unlinkat", "syscall-chmod")]
WRITES += [writing(n, make=None) for n in ("open-excl", "mknod", "mkfifo")]
WRITES += [writing(n, make="folder") for n in ("rmdir", "syscall-rmdir")]
WRITES += [writing(n, "other") for n in ("rename", "renameat", "renameat2", "syscall-rename", "syscall-renameat")]
WRITES += [writing(n, "new-secret", item="new-secret") for n in ("link", "linkat", "symlink", "symlinkat")]
WRITES += [writing("mkstemp", make=None, denied="failed 13\n-1 kept"), writing("mkostemps", make=None, denied="failed 13\n-1 kept")]
WRITES += [plain("shm_open", f"/pellicle-test-{os.getpid()}", denied=FAILED, dimension="write", item=f"/dev/shm/pellicle-test-{os.getpid()}")]

TRUE = "/usr/bin/true"
PROCESSES = [plain(n, "/bin/true", denied="child 13", dimension="process", item=TRUE) for n in (
    "execve", "execv", "execvp", "execvpe", "execl", "execlp", "execle", "execle-cleared", "execve-null-env", "execve-many-env", "execve-foreign-preload", "vfork", "execveat-fd", "fexecve",
    "syscall-execve")]
PROCESSES += [plain(n, "/bin/true", denied="spawn 13 child 0", dimension="process", item=TRUE) for n in ("posix_spawn", "posix_spawnp", "spawn-cleared")]
PROCESSES += [plain("spawn-in-folder", "/usr/bin", "true", denied="spawn 13 child 0", dimension="process", item=TRUE),
              plain("execveat", "/usr/bin", "true", denied="child 13", dimension="process", item=TRUE),
              plain("system", "exit 0", denied="system -1 13", dimension="process", item="/usr/bin/dash"),
              plain("popen", "echo out", denied="popen 0 13 ", dimension="process", item="/usr/bin/dash"),
              plain("wordexp", "$(echo a)", denied="wordexp 4", dimension="process", item="/usr/bin/dash"),
              plain("wordexp", "${A:-`echo a`}", denied="wordexp 4", dimension="process", item="/usr/bin/dash")]

HOSTS = [plain(n, ABSENT, "9", denied="failed 111", dimension="host", item=ABSENT + ":9") for n in ("connect", "connect-udp", "__connect", "syscall-connect")]
HOSTS += [plain(n, ABSENT, "9", denied=REFUSED, dimension="host", item=ABSENT + ":9") for n in ("sendto", "sendmsg", "syscall-sendto")]
HOSTS += [plain("sendmmsg", ABSENT, "10", denied="sent 1", dimension="host", item=ABSENT + ":10")]
HOSTS += [plain(n, "evil.example", ABSENT, denied=d, dimension="host", item="evil.example:0")
          for n, d in (("dns-sendto", REFUSED), ("dns-sendmsg", REFUSED), ("dns-send", "failed 111\nagain 1"))]
# Nobody answers here: what libc says then is compared by the rows with addresses; these are denied only.
NAMES = [plain(n, "evil.example", denied=d, dimension="host", item="evil.example:0") for n, d in (
    ("getaddrinfo", "lookup -4"), ("gethostbyname", "lookup 0 3"), ("gethostbyname_r", "lookup 13 0 3"), ("res_query", "lookup 3"), ("res_search", "lookup 3"), ("res_nquery", "lookup 3"),
    ("res_send", "failed 111"), ("getaddrinfo_a", "lookup -11"))] + [plain("res_querydomain", "evil", denied="lookup 3", dimension="host", item="evil.example:0")]

OTHERS = [plain(n, denied=REFUSED, dimension="tamper", item=i) for n, i in (
    ("memfd", "memfd"), ("ptrace", "ptrace"), ("vm-read-parent", "process_vm"), ("vm-write-parent", "process_vm"), ("kill-parent", "kill"), ("killpg-parent", "kill"), ("tgkill-parent", "kill"),
    ("tkill-parent", "kill"), ("sigqueue-parent", "kill"), ("pidfd-parent", "kill"), ("getfd-parent", "process_vm"), ("limit-parent", "kill"), ("ring", "io_uring"))]
OTHERS += [plain("dlmopen", "libm.so.6", denied="failed", dimension="tamper", item="unhook"), plain("dlopen", "libm.so.6", denied="failed told", dimension="library", item="libm.so.6")]


def prepare(area, row):
    path = area + "/secret"
    if row["make"] == "file":
        with open(path, "w", encoding="ascii") as file:
            file.write("content\n")
    elif row["make"] == "folder":
        os.mkdir(path)


def state(area):
    chosen = lambda name: re.sub(r"^secret.{6}(\.so)?$", r"secretXXXXXX\1", name)  # noqa: E731  names that libc chose
    return sorted((chosen(name), info.st_mode, info.st_size, info.st_nlink) for name in os.listdir(area) for info in [os.lstat(os.path.join(area, name))])


def attempt(row, way, guard):
    with Area() as area:
        prepare(area.path, row)
        before = state(area.path)
        done = calls(guard, *way, *row["arguments"](area.path), environment_of_its_own=True)
        return "\n".join(done), before, state(area.path)


def check(row, allowed_too=True):
    for way in WAYS:
        if way == ["vforked"] and row["name"].startswith(("wordexp", "popen", "vfork")):
            continue  # they may not be called in a vfork child at all
        what = (row["name"], way)
        if allowed_too and way in WAYS[:2]:
            bare, _, after_bare = attempt(row, way, None)
            guard = Guard()
            allowed, _, after = attempt(row, way, guard)
            guard.close()
            equal((allowed, after), (bare, after_bare), f"{what}: allowed, it must be as without")
            if bare in ("no name", "no handle") or "failed 38" in bare:
                raise Skip(f"{bare}: this system has not got it")
        guard = Guard(decide=lambda q: 0 if q.dimension == row["dimension"] and row["item"] in q.item else None)
        denied, before, after = attempt(row, way, guard)
        equal(denied, row["denied"], f"{what}: denied; asked {guard.queries}")
        if row["keeps"]:
            equal(after, before, f"{what}: denied, nothing may have happened")
        assert guard.errors == [] and guard.counter("faults") == 0, (what, guard.errors)
        guard.close()


def register(row, allowed_too=True):
    function = lambda: check(row, allowed_too)  # noqa: E731
    function.__name__ = f"table: {row['name']}"
    test(function)


for row in READS + WRITES + PROCESSES + HOSTS + OTHERS:
    register(row)
for row in NAMES:
    register(row, allowed_too=False)


@test
def pids_of_own_children_need_no_leave():
    guard = Guard(decide=lambda q: 0 if q.dimension == "tamper" else None)
    equal(calls(guard, "pidfd-child", "limit-asked"), ["ok 77", "ok 77"])
    equal(guard.items("tamper"), [])


@test
def libraries_for_children_are_judged():
    with Area() as area:
        other = area.file("other.so", "no library")
        for name, denied in (("execve-with", "child 13"), ("spawn-with", "spawn 13 child 0"), ("system-with", "system -1 13")):
            for variable in (f"LD_PRELOAD={other}", f"LD_PRELOAD=/no/such.so:{other}", f"LD_PRELOAD=libpellicle.so {other}"):
                guard = Guard(decide=lambda q: 0 if q.dimension == "library" and q.item == other else None)
                equal(calls(guard, name, variable, "/bin/true"), [denied], (name, variable))
                equal(guard.items("library"), [other])
            os.makedirs(area.path + "/lib", exist_ok=True)
            guard = Guard(decide=lambda q: 0 if q.dimension == "library" and q.item == area.path + "/lib" else None)
            equal(calls(guard, name, f"LD_LIBRARY_PATH=/usr/lib:{area.path}/lib", "/bin/true"), [denied], name)
            guard = Guard(decide=lambda q: 0 if q.dimension == "tamper" and q.item == "unhook" else None)
            equal(calls(guard, name, f"LD_AUDIT={other}", "/bin/true"), [denied.replace("13", "1")], name)


@test
def ours_is_the_first_of_a_childs_libraries():
    from driver import LIBRARY, PYTHON, run
    show = "import os; os.execve('/usr/bin/env', ['env'], {'LD_PRELOAD': %r, 'A': '1'})"
    for given, expected in ((f"/nowhere/a.so:{LIBRARY}", f"{LIBRARY}:/nowhere/a.so:{LIBRARY}"), (LIBRARY, LIBRARY), (f"{LIBRARY} /nowhere/a.so", f"{LIBRARY} /nowhere/a.so"), ("", LIBRARY)):
        lines = run(Guard(), PYTHON, "-S", "-c", show % given).lines
        equal([x for x in lines if x.startswith("LD_PRELOAD=")], ["LD_PRELOAD=" + expected], given)


@test
def a_variable_given_twice_does_not_lead_away():
    guard = Guard(decide=lambda q: 0 if q.item == "/etc/hostname" else None)
    equal(calls(guard, "execve-twice", "/bin/cat"), ["child 1"])
    assert "/etc/hostname" in guard.items("read"), guard.queries
