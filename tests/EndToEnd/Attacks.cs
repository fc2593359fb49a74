using System.Text;
using Pellicle.Protection;

namespace Pellicle.EndToEnd.Tests;

/// <summary>The rows.</summary>
internal static class Attacks
{
    private static readonly string[] Foreign = ["python", "dotnet"];

    /// <summary>An object that a caller may read, by an address signed with a role's credentials.</summary>
    private const string SignedAddress =
        "http://s3.us-east-1.amazonaws.com:{aws}/bucket/report.pdf?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAEXAMPLE000000000%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=900"
        + "&X-Amz-Security-Token=IQoJb3JpZ2luX2VjEXAMPLE%2F%2F%2F%2F%2F%2F&X-Amz-SignedHeaders=host&X-Amz-Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024";

    /// <summary>Done in Ruby too, which has lines 1 and 2 only. The others need what it does not bring (zip, SQLite), a probe of the language, or its runtime packed into a layer.</summary>
    private static readonly HashSet<string> InRuby =
    [
        "shell", "shell-substitution", "shell-variable", "shell-short", "shell-name", "shell-cookie", "shell-parts", "awk", "environ-list", "library", "page", "page-handler", "variable", "shell-line", "shell-source", "shell-padded", "argument", "argument-split", "sed", "traversal-base64", "traversal", "absolute", "traversal-code", "traversal-write", "traversal-delete",
        "ssrf", "ssrf-localhost", "ssrf-number", "ssrf-zero", "eval", "template", "environ", "environ-link", "environ-child", "environ-cleared", "memory", "leak", "dropped", "script-file", "memfd", "stop-runtime", "signal-guard",
        "ptrace", "poll", "poll-upstream", "answer", "answer-current", "switch", "poison", "unknown-process", "preload", "first", "hooked", "stays", "stays-known", "persists", "mining", "unknown-host", "unknown-name",
        "unknown-datagram", "tar-slip", "loader-program", "shell-twice", "shell-reversed", "launch", "library-upload", "library-form", "module", "page-link", "resolver", "round", "runaway", "dump", "unknown-write",
    ];

    public static IReadOnlyList<Attack> All(string? gifts) => [.. Rows(gifts).Select(a => InRuby.Contains(a.Name) ? a with { Languages = [.. a.Languages, "ruby"] } : a)];

    private static IReadOnlyList<Attack> Rows(string? gifts) =>
    [
        new() { Name = "shell", Rows = "1, 2", Title = "command injection: `; id` in a value that becomes part of a shell command", Op = "shell", Value = "x; id", Evidence = "uid=", BenignOp = "shell", Benign = ["Anna Maria", "R+D", "50 percent", "O-Brien"], FromEvent = true, EverySource = true },
        new() { Name = "shell-substitution", Rows = "1", Title = "command injection by `$(…)`", Op = "shell", Value = "$(cat /etc/passwd)", Evidence = "root:", BenignOp = "shell", Benign = ["price 5 dollars"], FromEvent = true },
        new() { Name = "shell-variable", Rows = "1, 7", Title = "a variable of the environment in a value that becomes part of a shell command", Op = "shell", Value = "x $LAMBDA_TASK_ROOT", Evidence = "/var/task", BenignOp = "shell", Benign = ["5 $ each", "US$ 20"], FromEvent = true },
        new() { Name = "shell-short", Rows = "1", Title = "command injection by three characters", Op = "shell", Value = ";ls", Evidence = "data", BenignOp = "shell", Benign = ["Q-A", ":-)x"], FromEvent = true },
        new() { Name = "shell-line", Rows = "1", Title = "command injection by a new line", Op = "shell", Value = "x\nid", Evidence = "uid=", BenignOp = "shell", Benign = ["two words"], FromEvent = true },
        new() { Name = "shell-source", Rows = "6", Title = "theft of the function's own code by an injected command", Op = "shell", Value = "x; cat /var/task/script.sh", Evidence = "scripted", BenignOp = "script", FromEvent = true },
        new() { Name = "shell-padded", Rows = "1", Title = "command injection behind 80 KB of padding", Op = "shell", Value = new string('x', 80_000) + "; id", Evidence = "uid=", BenignOp = "shell", Benign = [new string('x', 80_000)], FromEvent = true },
        new() { Name = "shell-name", Rows = "1, 2", Title = "command injection by the name of a parameter (a key of a JSON object)", Op = "names", Value = "x; id", Evidence = "uid=", BenignOp = "names", Benign = ["Anna Maria"], FromEvent = true },
        new() { Name = "shell-cookie", Rows = "1, 2", Title = "command injection by a cookie, in percent signs", Op = "cookie", Value = "x; id", Evidence = "uid=", BenignOp = "cookie", Benign = ["Anna Maria"], FromEvent = true },
        new() { Name = "shell-parts", Rows = "1", Title = "command injection by values that are harmless alone and are joined: `x;` and `id`", Op = "parts", Value = "x;|id", Evidence = "uid=", BenignOp = "parts", Benign = ["Anna|Maria", "5 $|each"], FromEvent = true },
        new() { Name = "shell-twice", Rows = "1", Title = "command injection in base64 twice over, which the function decodes", Op = "shell-twice", Value = Base64(Base64("x; id")), Evidence = "uid=", BenignOp = "shell-twice", Benign = [Base64(Base64("Anna Maria"))], FromEvent = true },
        new() { Name = "shell-base32", Rows = "1", Title = "the same in base32", Op = "shell-base32", Value = "PA5SA2LE", Evidence = "uid=", BenignOp = "shell-base32", Benign = ["IFXG4YJAJVQXE2LB"], FromEvent = true },
        new() { Name = "shell-reversed", Rows = "1", Title = "a value that the function turns round, and that becomes part of a shell command", Op = "shell-reversed", Value = "di ;x", Evidence = "uid=", BenignOp = "shell-reversed", Benign = ["airaM annA", "di :x"], FromEvent = true },
        new() { Name = "launch", Rows = "1", Title = "a value that becomes what a launcher starts, behind a variable (`env X=1 id`)", Op = "launch", Value = "X=1 id", Evidence = "uid=", BenignOp = "launch-own", Benign = ["Anna Maria", "id"], FromEvent = true },
        new() { Name = "open", Rows = "1", Title = "a value that is opened, and begins with a bar (Ruby's `open`)", Op = "open", Value = "| id", Evidence = "uid=", BenignOp = "open", Benign = ["data/words.txt"], FromEvent = true, Languages = ["ruby"], NotIn = "a way of Ruby's own" },
        new() { Name = "argument", Rows = "1", Title = "argument injection: a value that becomes an option which runs a program", Op = "tar", Value = "--use-compress-program=id", Evidence = "uid=", BenignOp = "tar", Benign = ["words.txt", "sub"], FromEvent = true },
        new() { Name = "argument-split", Rows = "1, 6", Title = "argument injection: a blank makes two arguments of a value, the second names a file", Op = "cat", Value = "words.txt /etc/passwd", Evidence = "root:", BenignOp = "cat", Benign = ["words.txt", "words.txt sub/deep.txt"], FromEvent = true },
        new() { Name = "sed", Rows = "1", Title = "a value that becomes part of a program of `sed`, and starts a command", Op = "sed", Value = "x/;1e id\n#", Evidence = "uid=", BenignOp = "sed", Benign = ["Anna Maria"], FromEvent = true },
        new() { Name = "awk", Rows = "1", Title = "a value that becomes part of a program of `awk`, and starts a command", Op = "awk", Value = "x\"; system(\"id\"); x=\"", Evidence = "uid=", BenignOp = "awk", Benign = ["Anna Maria", "system (new)"], FromEvent = true },
        new() { Name = "traversal-base64", Rows = "2, 6", Title = "path traversal in base64", Op = "read-base64", Value = Base64("../../../etc/passwd"), Evidence = "root:", BenignOp = "read-base64", Benign = [Base64("words.txt"), Base64("sub/deep.txt")], FromEvent = true },
        new() { Name = "traversal", Rows = "2, 6", Title = "path traversal: `../` leaves the folder", Op = "read", Value = "../../../etc/passwd", Evidence = "root:", BenignOp = "read", Benign = ["words.txt", "sub/deep.txt", "terms & conditions..txt"], FromEvent = true, EverySource = true },
        new() { Name = "absolute", Rows = "6", Title = "path traversal: an absolute path wins over the folder", Op = "read", Value = "/etc/passwd", Evidence = "root:", BenignOp = "read", Benign = ["words.txt", "/var/task/data/words.txt", "./sub/../words.txt"], FromEvent = true },
        new() { Name = "traversal-code", Rows = "6", Title = "theft of the function's own code by path traversal", Op = "read", Value = "../script.sh", Evidence = "scripted", BenignOp = "read", Benign = ["sub/deep.txt"], FromEvent = true },
        new() { Name = "traversal-write", Rows = "6", Title = "writing outside the folder", Op = "write", Value = "../escaped.txt", Evidence = "written", BenignOp = "write", Benign = ["note.txt"], FromEvent = true },
        new() { Name = "traversal-delete", Rows = "6", Title = "deleting outside the folder", Op = "delete", Value = "../precious.txt", Evidence = "deleted", BenignOp = "delete", Benign = ["old.txt"], FromEvent = true },
        new() { Name = "ssrf", Rows = "5, 11", Title = "server-side request forgery: an inner address in a value that becomes an address", Op = "fetch", Value = "http://{other}/admin", Evidence = "the-inner-secret", BenignOp = "fetch", Benign = ["articles", SignedAddress], FromEvent = true },
        new() { Name = "ssrf-localhost", Rows = "5, 11", Title = "the same by a name", Op = "fetch", Value = "http://localhost:{otherport}/admin", Evidence = "the-inner-secret", BenignOp = "fetch", Benign = ["articles"], FromEvent = true },
        new() { Name = "ssrf-number", Rows = "5, 11", Title = "the same by an address written as a number", Op = "fetch", Value = "http://2130706433:{otherport}/admin", Evidence = "the-inner-secret", BenignOp = "fetch", Benign = ["articles"], FromEvent = true },
        new() { Name = "ssrf-zero", Rows = "5, 11", Title = "the same by the address `0`", Op = "fetch", Value = "http://0:{otherport}/admin", Evidence = "the-inner-secret", BenignOp = "fetch", Benign = ["articles"], FromEvent = true, Languages = ["python", "node"], NotIn = "the HTTP clients of Java and .NET reach nothing by it" },
        new() { Name = "file-url", Rows = "5, 6", Title = "a `file:` address where a web address was meant", Op = "fetch", Value = "file:///etc/passwd", Evidence = "root:", BenignOp = "fetch", Benign = ["articles"], FromEvent = true, Languages = ["python", "java"], NotIn = "the HTTP clients of Node.js and .NET open no files" },
        new() { Name = "xxe", Rows = "5", Title = "an XML entity that reads a file", Op = "xml", Value = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>", Evidence = "root:", BenignOp = "xml", Benign = ["<a>plain</a>"], FromEvent = true, Languages = ["java", "dotnet"], NotIn = "Python's and Node.js's own parsers read no entities from files" },
        new() { Name = "eval", Rows = "3, 5", Title = "a value that is evaluated as code", Op = "eval", Evidence = "uid=", Values = new Dictionary<string, string> { ["python"] = "__import__('os').popen('id').read()", ["node"] = "require('child_process').execSync('id').toString()", ["ruby"] = "IO.popen('id').read" }, BenignOp = "eval", Benign = ["2*(3+4)"], FromEvent = true, Languages = ["python", "node"], NotIn = "Java and .NET evaluate no text by themselves" },
        new() { Name = "template", Rows = "5", Title = "a template that evaluates what it is given", Op = "template", Evidence = "uid=", Values = new Dictionary<string, string> { ["python"] = "Dear {{ __import__('os').popen('id').read() }}", ["node"] = "Dear {{ require('child_process').execSync('id').toString() }}", ["ruby"] = "Dear <%= IO.popen('id').read %>" }, BenignOp = "template", Benign = ["Dear customer, {{ 6 * 7 }} items"], FromEvent = true, Languages = ["python", "node"], NotIn = "Java and .NET evaluate no text by themselves" },
        new() { Name = "format", Rows = "5", Title = "a value that is a format, and goes through an object to its module (Python's `format`)", Op = "format", Value = "{0.__init__.__globals__[DATA]}", Evidence = "/var/task/data", BenignOp = "format", Benign = ["Dear {0.name}, {0.__class__.__name__}"], FromEvent = true, Languages = ["python"], NotIn = "a way of Python", SinksMiss = "a format is read in the language, where nothing looks" },
        new()
        {
            Name = "deserialize", Rows = "3", Title = "unsafe deserialisation (pickle, node-serialize, ObjectInputStream, assembly from bytes)", Op = "deserialize", Evidence = "uid=", FromEvent = true,
            Values = new Dictionary<string, string>
            {
                ["python"] = "gASVJQAAAAAAAACMCnN1YnByb2Nlc3OUjAlnZXRvdXRwdXSUk5SMAmlklIWUUpQu", ["node"] = "{\"x\":\"_$$ND_FUNC$$_function(){return require('child_process').execSync('id').toString()}()\"}",
                ["java"] = Gift(gifts, "object"), ["dotnet"] = Gift(gifts, "assembly"),
            },
            BenignOp = "deserialize", BenignValues = new Dictionary<string, string> { ["python"] = Base64("(dp0\nVname\np1\nVanna\np2\ns."), ["node"] = "{\"name\":\"anna\"}", ["java"] = "rO0ABXQABGFubmE=", ["dotnet"] = "" },
        },
        new() { Name = "yaml", Rows = "3", Title = "unsafe deserialisation: `!!python/object`", Op = "yaml", Value = "!!python/object/apply:os.popen [\"cat /etc/passwd; id\"]", Evidence = "root:", BenignOp = "yaml", Benign = ["name: anna"], FromEvent = true, Languages = ["python"], NotIn = "a format of Python" },
        new() { Name = "marshal", Rows = "3", Title = "unsafe deserialisation: compiled code (`marshal`)", Op = "marshal", Value = Gift(gifts, "marshal"), Evidence = "uid=", BenignOp = "marshal-data", Benign = [Base64("[\u0001\0\0\0z\u0004anna")], FromEvent = true, Languages = ["python"], NotIn = "a format of Python" },
        new() { Name = "import", Rows = "3", Title = "a value that becomes a module (`import()` of a `data:` address)", Op = "import", Value = "(await import('node:child_process')).execSync('id').toString()", Evidence = "uid=", BenignOp = "import", Benign = ["2*(3+4)"], FromEvent = true, Languages = ["node"], NotIn = "a way of Node.js" },
        new() { Name = "compile", Rows = "3", Title = "a value that is compiled as a module (`module._compile`)", Op = "compile", Value = "require('child_process').execSync('id').toString()", Evidence = "uid=", BenignOp = "compile", Benign = ["2*(3+4)"], FromEvent = true, Languages = ["node"], NotIn = "a way of Node.js" },
        new() { Name = "define-class", Rows = "3", Title = "a class from the event is defined and used", Op = "define", Value = Gift(gifts, "class"), Evidence = "uid=", BenignOp = "define-own", FromEvent = true, Languages = ["java"], NotIn = "a way of Java" },
        new() { Name = "define-lookup", Rows = "3", Title = "the same by `Lookup.defineClass`", Op = "define-lookup", Value = Gift(gifts, "hidden"), Evidence = "uid=", BenignOp = "define-hidden-own", FromEvent = true, Languages = ["java"], NotIn = "a way of Java" },
        new() { Name = "define-hidden", Rows = "3", Title = "the same by `Lookup.defineHiddenClass`", Op = "define-hidden", Value = Gift(gifts, "hidden"), Evidence = "uid=", BenignOp = "define-hidden-own", FromEvent = true, Languages = ["java"], NotIn = "a way of Java" },
        new() { Name = "sql", Rows = "4", Title = "SQL injection into SQLite", Op = "sql", Value = "x' OR '1'='1", Evidence = "b-secret", BenignOp = "sql", Benign = ["anna", "anna, or 1=1 --", "O'Brien", "it's, isn't it"], FromEvent = true, Languages = ["python", "dotnet"], NotIn = "Node.js 20 and Java bring no SQLite; libraries that pack one of their own are not seen" },
        new() { Name = "sql-number", Rows = "4", Title = "the same in the place of a number", Op = "sql-number", Value = "0 OR 1=1", Evidence = "b-secret", BenignOp = "sql-quoted", Benign = ["anna", "O'Brien", "it's", "Rock 'n' Roll -- live", "O'Brien; or O'Neill"], FromEvent = true, Languages = ["python", "dotnet"], NotIn = "Node.js 20 and Java bring no SQLite" },
        new() { Name = "sql-column", Rows = "4", Title = "the same by the name of the column that the value is compared with", Op = "sql-number", Value = "rowid", Evidence = "b-secret", BenignOp = "sql-number", Benign = ["1", "name"], FromEvent = true, Languages = ["python", "dotnet"], NotIn = "Node.js 20 and Java bring no SQLite" },
        new() { Name = "postgresql", Rows = "4", Title = "SQL injection into PostgreSQL (psycopg2, pg, JDBC, Npgsql)", Op = "postgresql", Value = "x' OR '1'='1", Evidence = "b-secret", BenignOp = "postgresql", Benign = ["anna", "anna, or 1=1 --", "O'Brien", "it's, isn't it"], FromEvent = true },
        new() { Name = "postgresql-tls", Rows = "4", Title = "the same on an encrypted connection (pg8000, pg, JDBC, Npgsql)", Op = "postgresql-tls", Value = "x' OR '1'='1", Evidence = "b-secret", BenignOp = "postgresql-tls", Benign = ["anna", "anna, or 1=1 --", "O'Brien", "it's, isn't it"], FromEvent = true },
        new() { Name = "environ", Rows = "7", Title = "credentials from `/proc/self/environ`", Op = "environ", Evidence = "AWS_SECRET", BenignOp = "link" },
        new() { Name = "environ-link", Rows = "7", Title = "the same through a symbolic link in `/tmp`", Op = "environ-link", Evidence = "AWS_SECRET", BenignOp = "link" },
        new() { Name = "environ-child", Rows = "7", Title = "the same by a child process", Op = "environ-child", Evidence = "AWS_SECRET", BenignOp = "script" },
        new() { Name = "environ-cleared", Rows = "7, 16, 22", Title = "the same by a child that was started with a cleared environment", Op = "environ-cleared", Evidence = "AWS_SECRET", BenignOp = "script" },
        new() { Name = "environ-list", Rows = "7", Title = "the same by `ps`, told to show environments", Op = "environ-list", Evidence = "AWS_SECRET", BenignOp = "processes" },
        new() { Name = "unhook", Rows = "22", Title = "the same after exchanging the code of every function that looks like a hook", Op = "unhook", Evidence = "AWS_SECRET", BenignOp = "link", Languages = ["python"], NotIn = "a way of Python" },
        new() { Name = "memory", Rows = "7, 13", Title = "reading process memory by `/proc/self/mem`", Op = "memory", Evidence = "bytes of memory", BenignOp = "link" },
        new() { Name = "leak", Rows = "7, 8, 20", Title = "credentials in the response", Op = "leak", Evidence = "leaked:", BenignOp = "key-id" },
        new() { Name = "dropped", Rows = "15", Title = "a program dropped into `/tmp` is started", Op = "dropped", Evidence = "it-ran", BenignOp = "script" },
        new() { Name = "script-file", Rows = "1, 15", Title = "a script that came with the event is written to `/tmp` and given to a shell", Op = "job", Value = "#!/bin/sh\nid\n", Evidence = "uid=", BenignOp = "job-own", Benign = ["Anna Maria"], FromEvent = true },
        new() { Name = "library", Rows = "15", Title = "a library that came with the event is written to `/tmp` and loaded", Op = "library", Value = Gift(gifts, "library"), Evidence = "it-was-loaded", BenignOp = "library-own", FromEvent = true },
        new() { Name = "library-upload", Rows = "15", Title = "the same as bytes, in the body of a request", Op = "upload:library", Value = Gift(gifts, "library"), Evidence = "it-was-loaded", BenignOp = "upload:keep", Benign = [Gift(gifts, "library")], FromEvent = true },
        new() { Name = "library-form", Rows = "15", Title = "the same as a file in a form", Op = "form:library", Value = Gift(gifts, "library"), Evidence = "it-was-loaded", BenignOp = "form:keep", Benign = [Gift(gifts, "library")], FromEvent = true },
        new()
        {
            Name = "module", Rows = "3, 15", Title = "a module that came with the event is written to `/tmp` and loaded (`import`, `require`, Ruby's `load`)", Op = "module", Evidence = "AWS_SECRET", BenignOp = "module-own",
            Values = new Dictionary<string, string> { ["python"] = "import os\nx = str(sorted(os.environ))\n", ["node"] = "exports.x = Object.keys(process.env).join();\n", ["ruby"] = "$x = ENV.keys.join(',')\n" },
            Benign = ["Anna Maria"], FromEvent = true, Languages = ["python", "node"], NotIn = "Java and .NET load classes and assemblies, which have rows of their own",
        },
        new()
        {
            Name = "class-file", Rows = "3, 15", Title = "a class or an assembly that came with the event is written to `/tmp` and loaded", Op = "class-file", Evidence = "uid=", BenignOp = "class-file-own", Benign = ["Anna Maria"], FromEvent = true,
            Values = new Dictionary<string, string> { ["java"] = Gift(gifts, "class"), ["dotnet"] = Gift(gifts, "assembly") }, Languages = ["java", "dotnet"], NotIn = "the others load modules, which have a row of their own",
        },
        new() { Name = "import-file", Rows = "3, 15", Title = "a module that came with the event is written to `/tmp` and loaded by `import()`", Op = "import-file", Value = "export const x = Object.keys(process.env).join();\n", Evidence = "AWS_SECRET", BenignOp = "import-own", Benign = ["Anna Maria"], FromEvent = true, Languages = ["node"], NotIn = "a way of Node.js" },
        new() { Name = "worker", Rows = "3, 15", Title = "the same as a worker thread", Op = "worker", Value = "require('worker_threads').parentPort.postMessage(Object.keys(process.env).join());\n", Evidence = "AWS_SECRET", BenignOp = "worker-own", Benign = ["Anna Maria"], FromEvent = true, Languages = ["node"], NotIn = "a way of Node.js" },
        new() { Name = "memfd", Rows = "12, 16", Title = "a program that exists in memory only is started", Op = "memfd", Evidence = "from-memory", BenignOp = "script", Languages = Foreign, NotIn = "Node.js and Java make no memory file without native code" },
        new() { Name = "stop-runtime", Rows = "12", Title = "a child stops the runtime to take its place", Op = "stop-runtime", Evidence = "stopped-it", BenignOp = "stop-own" },
        new() { Name = "signal-guard", Rows = "22", Title = "a signal to the guard", Op = "signal-guard", Evidence = "signalled the guard", BenignOp = "stop-own", NeedsGuard = true },
        new() { Name = "ptrace", Rows = "12, 13", Title = "`ptrace` of another process", Op = "ptrace", Evidence = "traced", BenignOp = "child", Languages = Foreign, NotIn = "Node.js and Java cannot call it without native code" },
        new() { Name = "process-vm", Rows = "13", Title = "writing into another process by `process_vm_writev`", Op = "process-vm", Evidence = "changed its memory", BenignOp = "child", Languages = Foreign, NotIn = "Node.js and Java cannot call it without native code" },
        new() { Name = "raw-read", Rows = "7, 22", Title = "credentials read by a statically linked program, whose system calls are its own (with `PELLICLE_SECCOMP=strict`, as the four below)", Op = "raw", Value = "environ", StoppedBy = "credential-files", Evidence = "AWS_SECRET", BenignOp = "raw", Benign = ["words"], Strict = true },
        new() { Name = "raw-connect", Rows = "14, 22", Title = "such a program connects to the platform's own port, past the guard", Op = "raw", Value = "platform", StoppedBy = "upstream-connection", Evidence = "connected", BenignOp = "raw", Benign = ["backend"], Strict = true },
        new() { Name = "raw-start", Rows = "15, 22", Title = "such a program starts one that it dropped into `/tmp`", Op = "raw", Value = "dropped", StoppedBy = "exec-temp", Evidence = "it-ran", BenignOp = "raw", Benign = ["script"], Strict = true },
        new() { Name = "machine-read", Rows = "7, 22", Title = "credentials read by machine code in memory, without libc", Op = "machine", Value = "environ", StoppedBy = "credential-files", Evidence = "AWS_SECRET", BenignOp = "machine", Benign = ["words"], Strict = true, Languages = Foreign, NotIn = "Node.js and Java run no machine code of their own without native code" },
        new() { Name = "machine-connect", Rows = "14, 22", Title = "a connection past the guard by machine code in memory", Op = "machine", Value = "platform", StoppedBy = "upstream-connection", Evidence = "connected", BenignOp = "machine", Benign = ["backend"], Strict = true, Languages = Foreign, NotIn = "Node.js and Java run no machine code of their own without native code" },
        new() { Name = "poll", Rows = "12", Title = "a second process asks the Runtime API for events", Op = "poll", Evidence = "accepted", BenignOp = "script" },
        new() { Name = "poll-upstream", Rows = "14", Title = "the same past the guard, at the platform's own port", Op = "poll-upstream", Evidence = "accepted", BenignOp = "script" },
        // The platform refuses it in the same words.
        new() { Name = "answer", Rows = "12", Title = "a response to a request that was never handed out", Op = "answer", Evidence = "400 Bad Request", BenignOp = "script", AnsweredAlike = ["ruby", "python", "node", "java", "dotnet"] },
        new() { Name = "answer-current", Rows = "12", Title = "another process answers the request in the runtime's place", Op = "answer-current", Evidence = "stolen", BenignOp = "script", },
        new() { Name = "switch", Rows = "12", Title = "a child stops the runtime, answers its request, and serves every later one itself", Op = "shell", Value = "Anna", Before = ("switch-runtime", "none", 1), StoppedBy = "kill", Evidence = "served by the intruder", BenignOp = "shell", Benign = ["Anna Maria"], Alone = true },
        new() { Name = "spy", Rows = "13", Title = "the runtime is told another address for the platform, and a spy sees every event and answer (LambdaSpy)", Op = "shell", Value = "Anna Maria", StoppedBy = "tamper", Evidence = "seen-by-vendor", BenignOp = "shell", Benign = ["Anna Maria"], Alone = true, Spied = true },
        new() { Name = "poison", Rows = "22", Title = "overwriting the policy the guard keeps in `/tmp`", Op = "poison", Evidence = "written", BenignOp = "note" },
        new() { Name = "binding", Rows = "1", Title = "starting a program past the public modules", Op = "binding", Evidence = "Linux", BenignOp = "none", Languages = ["node"], NotIn = "a way of Node.js", NeedsProfile = true },
        new() { Name = "unknown-process", Rows = "1, 15", Title = "a program the profile does not know", Op = "uname", Evidence = "Linux", BenignOp = "shell", Benign = ["Anna Maria"], NeedsProfile = true },
        new() { Name = "preload", Rows = "16", Title = "a library in `/tmp` that a child is told to load before all others", Op = "preload", Evidence = "preloaded-it", BenignOp = "script" },
        new() { Name = "first", Rows = "16", Title = "a file in `/tmp` that a child's interpreter is told to run before its program (`BASH_ENV`)", Op = "first", Evidence = "loaded-it", BenignOp = "script" },
        new() { Name = "hooked", Rows = "16", Title = "the same by the language's own variable: `PYTHONPATH` with a `sitecustomize`, `NODE_OPTIONS`, `JAVA_TOOL_OPTIONS`, `DOTNET_STARTUP_HOOKS`, `RUBYOPT`", Op = "hooked", Value = "dropped", Evidence = "loaded-it", BenignOp = "hooked", Benign = ["deployed"] },
        new() { Name = "variable", Rows = "1, 16", Title = "a value that becomes a variable of a child's environment, by which programs are told what to run (a function of bash)", Op = "variable", Value = "BASH_FUNC_cat%%=() { i''d; }", Evidence = "uid=", BenignOp = "variable", Benign = ["CUSTOMER=Anna Maria", "ENV=production", "NODE_OPTIONS=--max-old-space-size=64"], FromEvent = true },
        // Node.js says later that it could not start it.
        new() { Name = "stays", Rows = "17", Title = "a program that stays behind after the answer", Op = "background", Evidence = "left behind", AnsweredAlike = ["node"], BenignOp = "shell", Benign = ["Anna Maria"], NeedsProfile = true },
        new() { Name = "stays-known", Rows = "17", Title = "a program the profile knows stays behind, which it never did", Op = "survivor", Value = "shell", Before = ("stay-shell", "none", 1), Evidence = "alive", BenignOp = "shell", Benign = ["Anna Maria"], NeedsProfile = true },
        new() { Name = "persists", Rows = "17", Title = "an attack leaves a process behind (a helper without an attack stays)", Op = "survivor", Value = "tail", Before = ("persist", "none", 1), StoppedBy = "lingering-process", Evidence = "alive", BenignOp = "background" },
        new() { Name = "unknown-service", Rows = "10", Title = "a service of AWS the profile does not know, though its hosts are (an over-privileged role)", Op = "aws", Value = "sts", Evidence = "the-inner-secret", BenignOp = "aws", Benign = ["dynamodb"], NeedsProfile = true },
        new() { Name = "unknown-operation", Rows = "10", Title = "an operation the profile does not know, of a service it does (`dynamodb:Scan`; by AWS's own client, in Java by a stand-in with its class names)", Op = "call", Value = "dynamodb:Scan", Evidence = "the-inner-secret", BenignOp = "call", Benign = ["dynamodb:GetItem"], NeedsProfile = true },
        new() { Name = "unknown-change", Rows = "10, 21", Title = "the same by a path: another function's code is replaced (`lambda:UpdateFunctionCode`)", Op = "call", Value = "lambda:UpdateFunctionCode", Evidence = "the-inner-secret", BenignOp = "call", Benign = ["lambda:Invoke"], NeedsProfile = true },
        new() { Name = "mining", Rows = "18", Title = "a connection to a mining pool", Op = "mine", Evidence = "connected", BenignOp = "aws", Benign = ["dynamodb"] },
        // Java takes the refusal of a datagram for an answer of the other side, and goes on.
        new() { Name = "resolver", Rows = "11", Title = "a datagram to a name server that is neither the system's nor a well-known one", Op = "resolver", Evidence = "sent", AnsweredAlike = ["java"], BenignOp = "resolver-own", StoppedBy = "foreign-resolver" },
        new() { Name = "unknown-host", Rows = "11, 18", Title = "a host the profile does not know", Op = "connect-other", Evidence = "connected", BenignOp = "connect-backend", NeedsProfile = true },
        // Java answers for `localhost` itself when the look-up is refused.
        new() { Name = "unknown-name", Rows = "11, 18", Title = "a look-up of a name the profile does not know (exfiltration by DNS)", Op = "lookup", Value = "localhost", Evidence = "found", AnsweredAlike = ["java"], BenignOp = "connect-backend", NeedsProfile = true },
        // Java takes the refusal of a datagram for an answer of the other side, and goes on.
        new() { Name = "unknown-datagram", Rows = "11", Title = "exfiltration by a datagram to a host the profile does not know", Op = "datagram", Evidence = "sent", AnsweredAlike = ["java"], BenignOp = "connect-backend", NeedsProfile = true },
        new() { Name = "zip-slip", Rows = "6", Title = "an archive whose names leave the folder it is unpacked to", Op = "unzip", Value = Archive("../escaped-zip.txt"), Evidence = "unpacked /tmp/escaped", BenignOp = "unzip", Benign = [Archive("inside.txt")] },
        new() { Name = "zip-upload", Rows = "6", Title = "the same as bytes, in the body of a request", Op = "upload:unzip", Value = Archive("../escaped-upload.txt"), Evidence = "unpacked /tmp/escaped", BenignOp = "upload:unzip", Benign = [Archive("uploaded.txt")], FromEvent = true },
        new() { Name = "zip-form", Rows = "6", Title = "the same as a file in a form", Op = "form:unzip", Value = Archive("../escaped-form.txt"), Evidence = "unpacked /tmp/escaped", BenignOp = "form:unzip", Benign = [Archive("in-form.txt")], FromEvent = true },
        new() { Name = "page", Rows = "5", Title = "script in a value that becomes part of a page", Op = "page", Value = "<script>alert(1)</script>", Evidence = "alert(1)", BenignOp = "page", Benign = ["Anna Maria", "a < b and b > c", "the <b>best</b> offer"], FromEvent = true },
        new() { Name = "page-handler", Rows = "5", Title = "the same by a handler in a tag", Op = "page", Value = "<img src=x onerror=alert(1)>", Evidence = "alert(1)", BenignOp = "page", Benign = ["<img src=x alt='on time'>"], FromEvent = true },
        new() { Name = "page-link", Rows = "5", Title = "the same by a `javascript:` address in a link", Op = "page-link", Value = "javascript:alert(1)", Evidence = "alert(1)", BenignOp = "page-link", Benign = ["https://example.com/a?b=c", "mailto:anna@example.com"], FromEvent = true },
        new() { Name = "tar-slip", Rows = "6", Title = "a tar whose names leave the folder it is unpacked to", Op = "untar", Value = Tar("../escaped-tar.txt"), Evidence = "unpacked unpacked", BenignOp = "untar", Benign = [Tar("inside-tar.txt")] },
        new() { Name = "loader-program", Rows = "15", Title = "a program in `/tmp` that the dynamic loader is told to start", Op = "ld-so", Evidence = "it-read plain", BenignOp = "script" },
        new() { Name = "prototype", Rows = "3", Title = "prototype pollution by a nested `__proto__`", Op = "merge", Value = "{\"settings\":{\"__proto__\":{\"admin\":true}}}", Evidence = "admin of all", BenignOp = "merge", Benign = ["{\"settings\":{\"theme\":{\"admin\":true}}}"], FromEvent = true, Languages = ["node"], NotIn = "a way of Node.js", SinksMiss = "an object's members are set in the language, where nothing reads" },
        new() { Name = "round", Rows = "19", Title = "an invocation of a chain that goes round and round (the platform's count in the tracing header)", Op = "none", Value = "Lineage=a87bd80c:1|68fd508a:16", Evidence = "nothing", BenignOp = "none", Benign = ["Lineage=a87bd80c:1|68fd508a:3"] },
        new() { Name = "runaway", Rows = "19", Title = "a caller whose requests take many times as long as others, again and again", Op = "none", Value = "from 198.51.100.9", Before = ("pause", "from 198.51.100.9", 3), Evidence = "nothing", BenignOp = "none", Benign = ["from 192.0.2.17"] },
        new() { Name = "dump", Rows = "20", Title = "an answer of another kind or size than the profile knows", Op = "dump", Evidence = "row,password", BenignOp = "none", NeedsProfile = true },
        new() { Name = "unknown-write", Rows = "6, 15", Title = "a file written where the profile knows none", Op = "note", Evidence = "written", BenignOp = "write", Benign = ["note.txt"], NeedsProfile = true },
    ];

    /// <summary>Empty where only names are wanted, before anything is built.</summary>
    private static string Gift(string? gifts, string name) => gifts is null ? "" : File.ReadAllText(Path.Combine(gifts, name));

    private static string Archive(string name) => Convert.ToBase64String(LayerPackage.Zip([new ZipFileEntry(name, "unpacked"u8.ToArray(), 0b110_100_100)]));

    private static string Tar(string name)
    {
        using var archive = new MemoryStream();
        using (var tar = new System.Formats.Tar.TarWriter(archive, leaveOpen: true))
        {
            tar.WriteEntry(new System.Formats.Tar.UstarTarEntry(System.Formats.Tar.TarEntryType.RegularFile, name) { DataStream = new MemoryStream("unpacked"u8.ToArray()), ModificationTime = DateTimeOffset.UnixEpoch });
        }

        return Convert.ToBase64String(archive.ToArray());
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));
}
