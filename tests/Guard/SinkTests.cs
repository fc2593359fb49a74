using Pellicle.Guard.Sinks;
using Pellicle.Inspection;

namespace Pellicle.Guard.Tests;

/// <summary>Events meet sinks: every attack has a benign twin.</summary>
public class SinkTests
{
    private static EventText[] Texts(string text) => [new("unrelated", "hello"), new("field", text)];

    private static SinkHit? Process(string[] argv, string text) => ProcessSink.Check($"/usr/bin/{argv[0]}", argv[0], argv, Texts(text));

    [Theory]
    [InlineData("ping -c1 {0}", "example.com; cat /etc/passwd")]
    [InlineData("ping -c1 {0}", "example.com|id")]
    [InlineData("ping -c1 {0}", "$(id>&2)")]
    [InlineData("ping -c1 {0}", "`whoami`")]
    [InlineData("ping -c1 \"{0}\"", "$(curl evil.example)")]
    [InlineData("ping -c1 \"{0}\"", "x\"; id; \"")]
    [InlineData("ping -c1 '{0}'", "x'; id; '")]
    [InlineData("ping -c1 {0}", "x && reboot")]
    [InlineData("ping -c1 {0}", "x\nreboot")]
    [InlineData("cat {0} | sort", "a > /var/task/handler.py")]
    [InlineData("ping -c1 {0}", "x;cat${{IFS}}/etc/passwd")]
    [InlineData("{0}", "cat /etc/passwd")]
    [InlineData("echo report {0}", ";ls")]
    [InlineData("echo report {0} | cat", "x&w")]
    [InlineData("ls /tmp/{0}", "$DB_PASSWORD")]
    [InlineData("echo \"Hello {0}\"", "Anna $AWS_SECRET_ACCESS_KEY")]
    [InlineData("echo 'Hello {0}'", "a'$DB_PASSWORD'b")]
    [InlineData("cat <<EOF\nDear {0}\nEOF\n", "$(id)")]
    [InlineData("cat <<EOF\nDear {0}\nEOF\n", "$DB_PASSWORD")]
    [InlineData("cat <<EOF\nDear {0}\nEOF\n", "x\nEOF\nid\n")]
    [InlineData("cat <<'EOF'\nDear {0}\nEOF\n", "x\nEOF\nid;")]
    [InlineData("cat <<EOF | sh\necho {0}\nEOF\n", "x; id")]
    [InlineData("sh <<EOF\necho {0}\nEOF\n", "x; id")]
    [InlineData("cat <<EOF\nEOF\necho {0}", "x; id")]
    [InlineData("cat {0}", "a <<EOF\n; id\nEOF\n")]
    [InlineData("cat <<EOF; echo {0}\ntext\nEOF\n", "x; id")]
    public void Command_injection(string command, string text) => Process("sh", "-c", string.Format(null, command, text.Replace("{{", "{").Replace("}}", "}")), text.Replace("{{", "{").Replace("}}", "}"))
        .ShouldNotBeNull().ShouldSatisfyAllConditions(h => h.Detector.ShouldBe("command-injection"), h => h.Block.ShouldBeTrue(), h => h.Field.ShouldBe("field"));

    [Theory]
    [InlineData("ping -c1 {0} && echo done | tee log", "example.com")]
    [InlineData("ping -c1 '{0}'", "example.com; cat /etc/passwd")]
    [InlineData("grep \"{0}\" notes.txt > out", "fish & chips; salt | pepper")]
    [InlineData("convert '{0}' out.png", "holiday (1) $5 & more.jpg")]
    [InlineData("curl http://x.example/{0}", "?a=1&b=2")]
    [InlineData("ls -l | wc", "please run ls and wc")]
    [InlineData("echo {0}", "hello world")]
    [InlineData("a=$(date); echo $a; cat {0}", "file.txt")]
    [InlineData("echo \"{0}\"", "costs $5, US$ 7 or CA$9")]
    [InlineData("echo \"pa{0}\"", "$$w0rd")]
    [InlineData("echo '{0}'", "$HOME and $PATH")]
    [InlineData("echo \"{0}\"; ls", "Q&A")]
    [InlineData("cd /tmp; ls", "; l")]
    [InlineData("cat <<EOF\nDear {0}\nEOF\n", "Tom & Jerry; who | what > 5")]
    [InlineData("cat <<'EOF'\nDear {0}\nEOF\n", "$(not run) and $HOME")]
    [InlineData("cat <<-EOF | wc -l\n\tDear\n\tEOF\necho {0}", "Anna")]
    [InlineData("sendmail -t <<EOF\nSubject: hello\n\n{0}\nEOF\necho sent", "Smith, John; Doe, Jane\n\nprice: 5 > 4")]
    public void Benign_commands(string command, string text) => Process("sh", "-c", string.Format(null, command, text), text).ShouldBeNull();

    [Theory]
    [InlineData("date")]
    [InlineData("uptime")]
    public void A_command_of_one_word_from_the_event_is_reported_and_not_stopped(string text)
    {
        var hit = Process("sh", "-c", text, text).ShouldNotBeNull();
        (hit.Detector, hit.Block, hit.Field).ShouldBe(("command-injection", false, "field"));
        Process("sh", "-c", text, text + " of the day").ShouldBeNull();
    }

    [Theory]
    [InlineData("'id'.execute().text", "id")]
    [InlineData("['sh','-c','id'].execute().text", "sh|-c|id")]
    [InlineData("cp.execSync(\"ls -l /\")", "sh|-c|ls -l /")]
    [InlineData("new Runner().run('curl http://evil.example')", "curl|http://evil.example")]
    public void A_command_in_quotes_of_program_text(string text, string argv)
    {
        var arguments = argv.Split('|');
        Process(arguments, text).ShouldNotBeNull().ShouldSatisfyAllConditions(h => h.Detector.ShouldBe("command-injection"), h => h.Block.ShouldBeTrue());
        (Process(arguments, text.Replace('(', ' '))?.Block ?? false).ShouldBeFalse();
    }

    [Fact]
    public void A_word_in_quotes_is_no_command() => Process(["date"], "sorted(by \"date\") or call('date')").ShouldBeNull();

    [Theory]
    [InlineData("new java.util.Scanner(new java.io.File('/etc/passwd')).nextLine()", "/etc/passwd", true)]
    [InlineData("<object class='java.io.FileInputStream'><string>/etc/passwd</string></object>", "/etc/passwd", true)]
    [InlineData("!!java.io.FileInputStream [/etc/passwd]", "/etc/passwd", true)]
    [InlineData("load(\"/var/task/app.js\")", "/var/task/app.js", true)]
    [InlineData("${file:UTF-8:/etc/passwd}", "/etc/passwd", true)]
    [InlineData("x;Mode=ReadWriteCreate;Data Source=/var/tmp/y.db", "/var/tmp/y.db", true)]
    [InlineData("PATH=/usr/bin:/etc/passwd", "/etc/passwd", false)]
    [InlineData("a log: /etc/passwd; a note", "/etc/passwd", false)]
    [InlineData("the file /etc/passwd holds users", "/etc/passwd", false)]
    [InlineData("a line of \"/etc/hosts\" and of \"/tmp/x.txt\"", "/etc/hosts", false)]
    [InlineData("a line of \"/etc/hosts\" and of \"/tmp/x.txt\"", "/tmp/x.txt", false)]
    public void A_path_in_quotes_of_a_longer_text(string text, string path, bool stopped) =>
        (PathSink.Check(path, path, Texts(text))?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("{{range.constructor('return process.pid')()}}", "return process.pid", true)]
    [InlineData("f: !!js/function 'function(a){return process.pid+a}'", "a\nreturn process.pid+a", true)]
    [InlineData("<h1><%= process.env.HOME %></h1>", "__p += '<h1>' + ((__t = ( process.env.HOME )) == null ? '' : __t)", true)]
    [InlineData("p= process.pid", "pug_html += (null == (pug_interp = process.pid) ? '' : pug_interp)", true)]
    [InlineData("<h1><%= name %></h1> for the process", "__p += '<h1>' + ((__t = ( name )) == null ? '' : process(__t))", false)]
    [InlineData("how does `return this` work with require?", "return this", false)]
    [InlineData("we process the order", "return process.env.NODE_ENV", false)]
    public void A_piece_of_the_text_that_becomes_code(string text, string code, bool stopped) =>
        (CodeSink.Check("function", code, Texts(text))?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("id")]
    [InlineData("printenv")]
    public void One_that_looks_around_is_stopped(string text)
    {
        Process("sh", "-c", text, text).ShouldNotBeNull().Block.ShouldBeTrue();
        Arguments("/usr/bin/" + text, [text], text).ShouldNotBeNull().Block.ShouldBeTrue();
        Process("sh", "-c", text, text + " of the day").ShouldBeNull();
        Arguments("/usr/bin/" + text, [text, "-x"], text).ShouldBeNull();
    }

    [Theory]
    [InlineData("words.txt /etc/passwd", "cat|words.txt|/etc/passwd", true)]
    [InlineData("words.txt /etc/passwd", "cat|/var/task/data/words.txt|/etc/passwd", true)]
    [InlineData("a b.txt  /etc/passwd", "cat|/var/task/data/a|b.txt|/etc/passwd", false)]
    [InlineData("words.txt is not /etc/passwd", "cat|/var/task/data/words.txt|/etc/passwd", false)]
    [InlineData("words.txt", "cat|/var/task/data/words.txt|/etc/mime.types", false)]
    public void One_value_that_became_two_arguments(string text, string argv, bool stopped) => (Process(argv.Split('|'), text)?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("X=1 id", "env|X=1|id")]
    [InlineData("-i id", "env|-i|id")]
    [InlineData("LD_PRELOAD=/tmp/x.so 'id'", "/usr/bin/env|LD_PRELOAD=/tmp/x.so|id")]
    [InlineData("5 curl example.com", "timeout|5|curl|example.com")]
    [InlineData("X=1 id", "id")]
    [InlineData("cd /tmp; A=b C=d id", "id")]
    public void A_command_behind_variables_and_launchers(string text, string argv) => Process(argv.Split('|'), text).ShouldNotBeNull().Block.ShouldBeTrue();

    [Theory]
    [InlineData("Europe/Berlin", "env|TZ=Europe/Berlin|date")]
    [InlineData("my holiday.jpg", "timeout|5|convert|my holiday.jpg|out.png")]
    [InlineData("10", "nice|-n|10|sort|words.txt")]
    [InlineData("words.txt out.txt", "nice|sort|words.txt|out.txt")]
    [InlineData("x=5 id card", "id")]
    public void Values_of_launchers(string text, string argv) => (Process(argv.Split('|'), text)?.Block ?? false).ShouldBeFalse();

    [Theory]
    [InlineData("echo x;id", "di;x", true)]
    [InlineData("echo x$(id)", ")di($x", true)]
    [InlineData("cd /tmp; ls -l | sort", "a; b | c", false)]
    [InlineData("cd /tmp; ls -l | sort", "reports | all", false)]
    public void A_text_that_was_turned_round(string command, string text, bool stopped) => (Process(["sh", "-c", command], text)?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("#!/bin/sh\nid\n", "#!/bin/sh\nid\n", true)]
    [InlineData("id", "id\n", true)]
    [InlineData("import os\nprint(os.environ)", "# job 17\nimport os\nprint(os.environ)\n", true)]
    [InlineData("Sales of the year", "import report\nreport.title('Sales of the year')\nreport.write('/tmp/out.pdf')\n", false)]
    [InlineData("report", "import report\n", false)]
    public void A_script_that_came_with_the_event(string text, string script, bool stopped)
    {
        var folder = Directory.CreateTempSubdirectory("pellicle-guard-tests").FullName;
        var file = Path.Combine(folder, "job");
        File.WriteAllText(file, script);
        foreach (var argv in new string[][] { ["sh", file], ["python3", "-u", file, "--all"], ["node", file] })
            (Process(argv, text)?.Block ?? false).ShouldBe(stopped);
        Process(["cat", file], text).ShouldBeNull();
        Process(["sh", file + ".absent"], text).ShouldBeNull();
        Process(["sh", folder], text).ShouldBeNull();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("#!/bin/sh\necho job {0} of the night\n", "x; id", true)]
    [InlineData("#!/bin/sh\necho job {0} of the night\n", "$DB_PASSWORD", true)]
    [InlineData("#!/bin/sh\necho 'job {0}' of the night\n", "x; id", false)]
    [InlineData("#!/bin/sh\nset -e\necho job {0} > /tmp/out; wc /tmp/out\n", "nightly build", false)]
    public void A_script_of_the_functions_own_with_a_value_in_it(string frame, string text, bool stopped)
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, frame.Replace("{0}", text));
        (Process(["sh", file], text)?.Block ?? false).ShouldBe(stopped);
        File.Delete(file);
    }

    [Theory]
    [InlineData("NODE_OPTIONS=--require /mnt/x.js", "NODE_OPTIONS=--require /mnt/x.js", true)]
    [InlineData("NODE_OPTIONS=--max-old-space-size=64 --import data:text/javascript,0", "--import data:text/javascript,0", true)]
    [InlineData("NODE_OPTIONS=--require /mnt/plugins/acme.js", "/mnt/plugins/acme.js", true)]
    [InlineData("NODE_OPTIONS=--max-old-space-size=512", "--max-old-space-size=512", false)]
    [InlineData("JAVA_TOOL_OPTIONS=-Duser.timezone=Europe/Berlin", "Europe/Berlin", false)]
    [InlineData("JAVA_TOOL_OPTIONS=-Dname=x -javaagent:/mnt/a.jar", "x -javaagent:/mnt/a.jar", true)]
    [InlineData("PERL5OPT=-Mbase;print(`id`)", "-Mbase;print(`id`)", true)]
    [InlineData("BASH_FUNC_ls%%=() { i''d; }", "BASH_FUNC_ls%%=() { i''d; }", true)]
    [InlineData("BASH_FUNC_greet%%=() { echo \"Dear x\"; id; \"\"; }", "x\"; id; \"", true)]
    [InlineData("BASH_FUNC_greet%%=() { echo \"Dear Anna Maria\"; }", "Anna Maria", false)]
    [InlineData("BASH_ENV=$(id>&2)", "$(id>&2)", true)]
    [InlineData("BASH_ENV=/proc/self/environ", "/proc/self/environ", true)]
    [InlineData("ENV=/mnt/uploads/first.sh", "/mnt/uploads/first.sh", true)]
    [InlineData("ENV=production", "production", false)]
    [InlineData("LD_PRELOAD=/opt/own.so /mnt/x.so", "/mnt/x.so", true)]
    [InlineData("PYTHONPATH=/opt/python:/mnt/uploads/anna", "/mnt/uploads/anna", true)]
    [InlineData("PYTHONPATH=/opt/python:/var/task/plugins/acme", "acme", false)]
    [InlineData("PYTHONPATH=/var/task/plugins", "/var/task/plugins", false)]
    [InlineData("PATH=/var/task/tools/../../../mnt/anna:/usr/bin", "../../../mnt/anna", true)]
    [InlineData("PATH=/var/task/bin:/usr/bin", "/usr/bin", false)]
    [InlineData("GIT_SSH_COMMAND=ssh -i /mnt/key -oProxyCommand=id", "ssh -i /mnt/key -oProxyCommand=id", true)]
    [InlineData("GIT_SSH_COMMAND=ssh -p 2222; id", "2222; id", true)]
    [InlineData("PAGER=less", "less", false)]
    [InlineData("PERL5DB=system('id')", "system('id')", true)]
    [InlineData("PATH=/usr/bin", "unrelated", false)]
    public void Variables_that_tell_programs_what_to_run(string entry, string text, bool stopped) => (VariableSink.Check(entry, Texts(text))?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("ps axeww", true)]
    [InlineData("ps e", true)]
    [InlineData("ps -auxe", true)]
    [InlineData("ps -eo pid,args e", true)]
    [InlineData("ps U root e", true)]
    [InlineData("ps u e", true)]
    [InlineData("ps --sort pid e", true)]
    [InlineData("ps -o pid,environ", true)]
    [InlineData("ps -o environ", true)]
    [InlineData("ps --format environ", true)]
    [InlineData("ps", false)]
    [InlineData("ps aux", false)]
    [InlineData("ps -ef", false)]
    [InlineData("ps -eLf", false)]
    [InlineData("ps -C node", false)]
    [InlineData("ps -o rss= -p 12", false)]
    [InlineData("ps -eo pid,etime --sort=etime", false)]
    [InlineData("ps --no-headers --user mike", false)]
    [InlineData("ps o user,time", false)]
    public void What_ps_shows_environments_of(string command, bool shown) => ProcessList.ShowsEnvironments(command.Split(' ')).ShouldBe(shown);

    [Theory]
    [InlineData("{print $0, \"{0}\"}", "system (new)", false)]
    [InlineData("{print $0, \"a getline: {0}\"}", "a getline: b", false)]
    [InlineData("{print $0, \"{0}\"}", "x\"; system(\"id\"); x=\"", true)]
    [InlineData("{print $0, {0}}", "system(cmd)", true)]
    [InlineData("/\"/ {print {0}}", "system(cmd)", true)]
    [InlineData("{print \"{0}\", {0}}", "system(cmd)", true)]
    public void A_value_in_a_string_of_an_awk_program(string frame, string text, bool stopped) =>
        (Process(["awk", frame.Replace("{0}", text, StringComparison.Ordinal), "a.txt"], text)?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("import os\nx = os.environ\n", "import os\nx = os.environ", true)]
    [InlineData("x = os.environ", "import os\nx = os.environ\n# and more", true)]
    [InlineData("# made\nimport os; x = os.environ\n", "import os; x = os.environ", true)]
    [InlineData("# Settings of this environment, made by the function itself.\nname = 'Anna Maria'\n", "Anna Maria", false)]
    [InlineData("x = 1", "x = 1", false)]
    public void Modules_in_a_writable_place(string module, string text, bool stopped) => (ScriptSink.Module(module, Texts(text))?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("/tmp/up/../x.txt", "/tmp/x.txt", "QlpoOTFBWSZTWZHFNfI", true)]
    [InlineData("/tmp/up/../x.txt", "/tmp/x.txt", "QlpoMTFBWSZTWZHFNfI", true)]
    [InlineData("../x.txt", "/tmp/x.txt", "/Td6WFoAAATm1rRG", true)]
    [InlineData("/tmp/up/../x.txt", "/tmp/x.txt", "SGVsbG8gd29ybGQ=", false)]
    [InlineData("/tmp/up/a/../x.txt", "/tmp/up/x.txt", "SGVsbG8gd29ybGQ=", false)]
    [InlineData("/tmp/up/x.txt", "/tmp/up/x.txt", "QlpoOTFBWSZTWZHFNfI", false)]
    public void What_an_archive_that_is_not_read_leads_to(string raw, string resolved, string text, bool stopped) => (PathSink.Unpacked(resolved, raw, Texts(text))?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("sh -c id", "sh|-c|id", true)]
    [InlineData("bash -lc date", "bash|-lc|date", true)]
    [InlineData("sh -c", "sh|-c|date", false)]
    public void A_shell_with_its_command_is_the_whole_text(string text, string argv, bool stopped) => (Process(argv.Split('|'), text)?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("..", "/var/task/data/..", "/var/task", true)]
    [InlineData("..", "/var/task/data", "/var/task/data", false)]
    [InlineData(".", "/var/task/data/.", "/var/task/data", false)]
    public void The_folder_above(string text, string raw, string path, bool stopped) => (PathSink.Check(path, raw, Texts(text))?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("/etc", "/etc", true)]
    [InlineData("/etc/", "/etc", true)]
    [InlineData("/proc", "/proc", true)]
    [InlineData("/", "/", false)]
    [InlineData("/tmp", "/tmp", false)]
    [InlineData("etc", "/etc", false)]
    public void Folders_of_the_system_that_an_event_names(string text, string path, bool stopped) => (PathSink.Check(path, text, Texts(text))?.Block ?? false).ShouldBe(stopped);

    [Fact]
    public void An_address_that_S3_signed_may_lead_to_an_endpoint_in_the_functions_network()
    {
        const string Signed = "https://bucket.s3.eu-west-1.amazonaws.com/report.pdf?X-Amz-Signature=fe5f80f7";
        HostSink.Check("bucket.s3.eu-west-1.amazonaws.com:443", "10.0.4.17", Texts(Signed)).ShouldNotBeNull().Block.ShouldBeFalse();
        HostSink.Check("ip-10-0-4-17.eu-west-1.compute.internal:443", "10.0.4.17", Texts("https://ip-10-0-4-17.eu-west-1.compute.internal/s3")).ShouldNotBeNull().Block.ShouldBeTrue();
        HostSink.Check("orders.abc.eu-west-1.rds.amazonaws.com:443", "10.0.4.17", Texts("https://orders.abc.eu-west-1.rds.amazonaws.com/s3")).ShouldNotBeNull().Block.ShouldBeTrue();
        HostSink.Check("10.0.4.17:443", "10.0.4.17", Texts("https://10.0.4.17/s3")).ShouldNotBeNull().Block.ShouldBeTrue();
    }

    [Theory]
    [InlineData("BEGIN{print ENVIRON[\"DB_PASSWORD\"]}", true)]
    [InlineData("{print \"environment\", $1}", false)]
    public void What_an_awk_program_reads(string text, bool stopped) => (Process(["awk", text, "a.txt"], text)?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("process['env']['DB_PASSWORD']", true)]
    [InlineData("os.environ['DB_PASSWORD']", true)]
    [InlineData("[System.getenv('HOME')]", true)]
    [InlineData("prices['environment'] * 2", false)]
    [InlineData("process * 2 + prices['net']", false)]
    public void Code_that_reaches_the_process(string text, bool stopped) => (CodeSink.Check("eval", $"f = {text}", Texts(text))?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("/tmp/x/l/escaped.txt", "/tmp/escaped.txt", true)]
    [InlineData("/tmp/x/a/l/escaped.txt", "/tmp/escaped.txt", true)]
    [InlineData("/tmp/x/l/inside.txt", "/tmp/x/a/inside.txt", false)]
    [InlineData("/tmp/x/other/a.txt", "/tmp/y/a.txt", false)]
    public void Writing_through_a_link_of_an_archive(string raw, string resolved, bool stopped) =>
        (PathSink.Check(resolved, raw, [new("field", "l/") { Archived = true }])?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("/var/task/data/report.txt", false)]
    [InlineData("/var/task/app.py", true)]
    [InlineData("/var/task/data/../app.py", true)]
    [InlineData("/var/task/data/prices.json", false)]
    [InlineData("/var/task/config.json", true)]
    public void A_document_of_the_functions_own_may_be_named(string path, bool stopped) =>
        (PathSink.Check(PathSink.Normalize(path), path, Texts(path))?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("http://0.0.0.0:8080/", "172.17.0.2:8080", true)]
    [InlineData("http://0:8080/", "127.0.0.1:8080", true)]
    [InlineData("http://0.0.0.0:8080/", "172.17.0.2:8081", false)]
    [InlineData("listens on 0.0.0.0", "172.17.0.2:8080", false)]
    public void Any_address_is_the_machines_own(string text, string item, bool stopped) => (HostSink.Check(item, item[..item.IndexOf(':', StringComparison.Ordinal)], Texts(text))?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("198.51.100.53:53", true)]
    [InlineData("[2001:db8::53]:53", true)]
    [InlineData("198.51.100.53:443", false)]
    [InlineData("203.0.113.2:53", false)]
    [InlineData("10.0.0.2:53", false)]
    [InlineData("169.254.78.1:53", false)]
    [InlineData("127.0.0.53:53", false)]
    [InlineData("8.8.8.8:53", false)]
    [InlineData("ns1.example.com:53", false)]
    [InlineData("ns1.example.com:0", false)]
    public void A_name_server_that_is_nobodys(string item, bool foreign)
    {
        var configuration = Path.GetTempFileName();
        File.WriteAllText(configuration, "# resolv.conf\nsearch example.com\nnameserver\t203.0.113.2\n");
        NameServers.IsForeign(item, configuration).ShouldBe(foreign);
        File.Delete(configuration);
    }

    private const string Script = "<script>alert(1)</script>";

    [Theory]
    [InlineData("{\"statusCode\":200,\"headers\":{\"Content-Type\":\"text/html; charset=utf-8\"},\"body\":\"<h1><script>alert(1)</script></h1>\"}", true)]
    [InlineData("{\"multiValueHeaders\":{\"x\":[\"y\"],\"content-type\":[\"text/html\"]},\"body\":\"hello \\u003cscript>alert(1)</script>\"}", true)]
    [InlineData("{\"statusCode\":200,\"body\":\" <p><script>alert(1)</script>\"}", true)]
    [InlineData("{\"headers\":{\"content-type\":\"text/html\"},\"isBase64Encoded\":true,\"body\":\"PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==\"}", true)]
    [InlineData("{\"headers\":{\"content-type\":\"text/html\"},\"body\":\"<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1>\"}", false)]
    [InlineData("{\"headers\":{\"content-type\":\"application/json\"},\"body\":\"{\\\"text\\\":\\\"<script>alert(1)</script>\\\"}\"}", false)]
    [InlineData("{\"statusCode\":200,\"body\":\"saved <script>alert(1)</script>\"}", false)]
    [InlineData("{\"headers\":{\"content-type\":\"text/html\"},\"body\":[1]}", false)]
    [InlineData("{\"headers\":{\"content-type\":7,\"a\":{\"b\":[1]}},\"body\":\"<script>alert(1)</script>\"}", true)]
    [InlineData("[\"<script>alert(1)</script>\"]", false)]
    [InlineData("{\"body\":\"<script>alert(1)</script>", false)]
    public void Script_of_an_event_in_a_page(string response, bool stopped)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(response);
        (MarkupSink.Check(bytes, () => Texts(" " + Script))?.Block ?? false).ShouldBe(stopped);
        MarkupSink.Check(bytes, () => Texts("<b>another</b>")).ShouldBeNull();
        MarkupSink.Check(bytes, () => Texts("alert(1)")).ShouldBeNull();
    }

    [Theory]
    [InlineData("<p>Dear {0}</p>", "<img src=x onerror=alert(1)>", true)]
    [InlineData("<p>Dear {0}</p>", "<b style=animation:a onwebkitanimationiteration=f(1)>", true)]
    [InlineData("<p>Dear {0}</p>", "Anna <details open ontoggle = alert(1)> Maria", true)]
    [InlineData("<p>Dear {0}</p>", "<iframe src='javascript:alert(1)'>", true)]
    [InlineData("<p>Dear {0}</p>", "<iframe srcdoc='&lt;script>alert(1)&lt;/script>'>", true)]
    [InlineData("<p>Dear {0}</p>", "<svg/onload=alert(1)>", true)]
    [InlineData("<p>Dear {0}</p>", "<a href=\"jav&#x09;ascript:alert(1)\">x</a>", true)]
    [InlineData("<p>Dear {0}</p>", "<a href=\"/x?a=1&#x26;b\">java&nbsp;script</a>", false)]
    [InlineData("<p>Dear {0}</p>", "<b>bold</b> and <img src=cat.png alt='on=time'>", false)]
    [InlineData("<p>Dear {0}</p>", "2 <3 onclick=\"x\" > 1", false)]
    [InlineData("<p>Dear {0}</p>", "set <b>bold</b> onclick=5 <i>x</i>", false)]
    [InlineData("<p>Dear {0}</p>", "\" onfocus=alert(1) x=\"", false)]
    [InlineData("<input name=q value=\"{0}\">", "\" autofocus onfocus=alert(1) x=\"", true)]
    [InlineData("<input name=q value='{0}'>", "x'onfocus='alert(1)", true)]
    [InlineData("<input name=q value='{0}'>", "\" onfocus=alert(1) x=\"", false)]
    [InlineData("<input name=q value=\"{0}\">", "say \"hello\" = hi", false)]
    [InlineData("<script>var a = 'x', n = \"{0}\";</script>", "\";alert(1);//", true)]
    [InlineData("<script>var n = '{0}';</script>", "x'+alert(1)+'", true)]
    [InlineData("<script>var n = '{0}';</script>", "say \"hello(1)\" to all", false)]
    [InlineData("<script>var n = 'x';</script><p>{0}</p>", "x'+alert(1)+'", false)]
    public void Handlers_and_frames_of_an_event_in_a_page(string page, string text, bool stopped)
    {
        var body = page.Replace("{0}", text, StringComparison.Ordinal);
        var response = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { headers = new Dictionary<string, string> { ["content-type"] = "text/html" }, body });
        (MarkupSink.Check(response, () => Texts(text))?.Block ?? false).ShouldBe(stopped);
        var escaped = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { headers = new Dictionary<string, string> { ["content-type"] = "text/html" }, body = page.Replace("{0}", System.Net.WebUtility.HtmlEncode(text), StringComparison.Ordinal) });
        MarkupSink.Check(escaped, () => Texts(text)).ShouldBeNull();
    }

    /// <summary>No escaping of signs keeps it from being one.</summary>
    [Theory]
    [InlineData("<a class=x href=\"{0}\">x</a>", "javascript:alert(document.title)", true)]
    [InlineData("<form action={0}>", "JavaScript:alert(1)", true)]
    [InlineData("<a href=\"{0}\">x</a>", "java\tscript:alert(1)//", true)]
    [InlineData("<a href=\"{0}\">x</a>", " javascript:alert(1)", true)]
    [InlineData("<a href=\"{0}\">x</a>", "&#106;avascript&colon;alert(1)", true)]
    [InlineData("<a href=\"{0}\">x</a>", "/search?q=java&script=1", false)]
    [InlineData("<script>var n = `{0}`;</script>", "${alert(document.domain)}", true)]
    [InlineData("<script>var n = '{0}';</script>", "${alert(document.domain)}", false)]
    [InlineData("<a href=\"/books\">{0}</a>", "javascript: the good parts", false)]
    [InlineData("<input title=\"{0}\">", "javascript: the good parts", false)]
    public void An_address_of_an_event_in_a_page(string page, string text, bool stopped)
    {
        var response = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { headers = new Dictionary<string, string> { ["content-type"] = "text/html" }, body = page.Replace("{0}", text, StringComparison.Ordinal) });
        (MarkupSink.Check(response, () => Texts(text))?.Block ?? false).ShouldBe(stopped);
    }

    [Fact]
    public void A_pipe_in_the_place_of_a_script_is_not_waited_for()
    {
        var folder = Directory.CreateTempSubdirectory("pellicle-guard-tests").FullName;
        var pipe = Path.Combine(folder, "pipe");
        using (var made = System.Diagnostics.Process.Start("mkfifo", pipe))
            made.WaitForExit();
        Process(["sh", pipe], "id; cat /etc/passwd").ShouldBeNull();
        using (var held = new FileStream(pipe, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0))
            Process(["sh", pipe], "id; cat /etc/passwd").ShouldBeNull("somebody could still write");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Letters_of_the_other_size_are_the_same_command() => Process("sh", "-c", "echo a; cat notes", "A; CAT notes").ShouldNotBeNull().Block.ShouldBeTrue();

    [Fact]
    public void A_shell_and_its_command_from_the_event_are_stopped()
    {
        EventText[] both = [new("program", "/bin/sh"), new("options", "-c id")];
        ProcessSink.Check("/usr/bin/dash", "/bin/sh", ["/bin/sh", "-c", "id"], both).ShouldNotBeNull().ShouldSatisfyAllConditions(h => h.Block.ShouldBeTrue(), h => h.Field.ShouldBe("options"));
        ProcessSink.Check("/usr/bin/dash", "/bin/sh", ["/bin/sh", "-c", "date"], [new("login", "/bin/sh")]).ShouldBeNull("a shell of an account");
    }

    [Fact]
    public void A_trimmed_or_cut_text_is_still_recognised() =>
        Process("bash", "-lc", "ping example.com; cat /etc/passwd", "  host=example.com; cat /etc/passwd&x=1").ShouldNotBeNull();

    [Fact]
    public void A_file_name_as_an_argument_is_no_injection()
    {
        Arguments("/usr/bin/convert", ["convert", "a;b.png", "out.png"], "a;b.png").ShouldBeNull();
        Arguments("/usr/bin/cat", ["cat", "/tmp/report.txt"], "/tmp/report.txt").ShouldBeNull();
    }

    [Fact]
    public void A_program_named_by_the_event_is()
    {
        Arguments("/usr/bin/nc", ["/usr/bin/nc", "x"], "/usr/bin/nc").ShouldNotBeNull().Block.ShouldBeTrue();
    }

    /// <summary>To make an event's texts costs more than its inspection.</summary>
    [Fact]
    public void Script_of_an_event_in_a_compressed_page()
    {
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionMode.Compress))
            gzip.Write(System.Text.Encoding.UTF8.GetBytes($"<p>{Script}</p>"));
        byte[] Answer(byte[] body) => System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { headers = new Dictionary<string, string> { ["content-type"] = "text/html" }, isBase64Encoded = true, body = Convert.ToBase64String(body) });
        MarkupSink.Check(Answer(packed.ToArray()), () => Texts(Script)).ShouldNotBeNull().Block.ShouldBeTrue();
        MarkupSink.Check(Answer(packed.ToArray()[..12]), () => Texts(Script)).ShouldBeNull();
    }

    [Fact]
    public void No_text_is_asked_for_where_the_answer_is_no_page() =>
        MarkupSink.Check("""{"statusCode":200,"headers":{"content-type":"application/json"},"body":"{}"}"""u8, static () => throw new InvalidOperationException("asked")).ShouldBeNull();

    [Fact]
    public void Options_from_the_event_are_reported_and_dangerous_ones_stopped()
    {
        Arguments("/usr/bin/git", ["git", "clone", "--upload-pack=touch x"], "--upload-pack=touch x").ShouldNotBeNull().Block.ShouldBeTrue();
        Arguments("/usr/bin/ls", ["ls", "-laR"], "-laR").ShouldNotBeNull().Block.ShouldBeFalse();
    }

    [Fact]
    public void A_dangerous_option_behind_a_harmless_one_is_stopped() =>
        Arguments("/usr/bin/tar", ["tar", "cf", "/dev/null", "--checkpoint=1", "--checkpoint-action=exec=id"], "--checkpoint=1 --checkpoint-action=exec=id").ShouldNotBeNull().Block.ShouldBeTrue();

    [Theory]
    [InlineData("/usr/bin/tar", "-I /tmp/x", "-I", "/tmp/x")]
    [InlineData("/usr/bin/tar", "-I/tmp/x", "-I/tmp/x", "a.tgz")]
    [InlineData("/usr/bin/tar", "--use-compress-prog=/tmp/x", "--use-compress-prog=/tmp/x", "a")]
    [InlineData("/usr/bin/tar", "--checkpoint=1 --checkpoint-action=exec='sh x'", "--checkpoint=1", "--checkpoint-action=exec=sh x")]
    [InlineData("/usr/bin/ssh", "-o ProxyCommand=x h", "-o", "ProxyCommand=x")]
    [InlineData("/usr/bin/zip", "-T -TT id", "-TT", "id")]
    [InlineData("/usr/bin/zip", "--unzip-command=id", "--unzip-command=id", "a")]
    [InlineData("/usr/bin/git", "-Oid pattern", "grep", "-Oid")]
    [InlineData("/usr/bin/git", "-u id x", "clone", "-u", "id")]
    [InlineData("/usr/bin/git", "-c core.sshCommand=id x", "clone", "-c", "core.sshCommand=id")]
    [InlineData("/usr/bin/find", ". -delete", ".", "-delete")]
    [InlineData("/usr/bin/curl", "-o /tmp/x http://a.example", "-o", "/tmp/x")]
    public void Options_that_run_a_program_or_open_a_file_are_stopped(string program, string text, params string[] argv) =>
        Arguments(program, [Path.GetFileName(program), .. argv, "last"], text).ShouldNotBeNull().ShouldSatisfyAllConditions(h => h.Detector.ShouldBe("argument-injection"), h => h.Block.ShouldBeTrue());

    [Theory]
    [InlineData("/usr/bin/tar", "-z", "-z", "a")]
    [InlineData("/usr/bin/tar", "--exclude=docs", "--exclude=docs")]
    [InlineData("/usr/bin/tar", "--checkpoint=1", "--checkpoint=1")]
    [InlineData("/usr/bin/git", "--oneline -n 3", "log", "--oneline", "-n", "3")]
    [InlineData("/usr/bin/git", "-u origin", "push", "-u", "origin")]
    [InlineData("/usr/bin/git", "-O", "diff", "-O", "order")]
    [InlineData("/usr/bin/ssh", "-o ConnectTimeout=3", "-o", "ConnectTimeout=3")]
    [InlineData("/usr/bin/curl", "-o", "-o", "/tmp/own")]
    [InlineData("/usr/bin/find", "*.txt -maxdepth 2", "-name", "*.txt", "-maxdepth", "2")]
    public void Other_options_are_not(string program, string text, params string[] argv) =>
        (Arguments(program, [Path.GetFileName(program), .. argv], text)?.Block ?? false).ShouldBeFalse();

    [Theory]
    [InlineData("x/;1e id;s/a/b", true)]
    [InlineData("x/e;1e id\n#", true)]
    [InlineData("x/\nr /etc/passwd", true)]
    [InlineData("x/w /tmp/out", true)]
    [InlineData("goodbye", false)]
    [InlineData("a; b", false)]
    [InlineData("Toys; R us", false)]
    [InlineData("http:\\/\\/a.example\\/reports", false)]
    public void Sed_programs_from_an_event(string text, bool stopped) => (Arguments("/usr/bin/sed", ["sed", $"s/hello/{text}/", "a.txt"], text)?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("x/; print `id` if $.==1; /y", true)]
    [InlineData("x/; system(\"id\"); /y", true)]
    [InlineData("second|third", false)]
    [InlineData("system open", false)]
    public void Perl_programs_from_an_event(string text, bool stopped) => (Arguments("/usr/bin/perl", ["perl", "-ne", $"print if /{text}/", "a.txt"], text)?.Block ?? false).ShouldBe(stopped);

    [Fact]
    public void A_value_for_an_awk_program_is_not_its_program()
    {
        Arguments("/usr/bin/gawk", ["awk", "-v", "x=system(a) and getline", "{ print x, $1 }"], "system(a) and getline").ShouldBeNull();
        Arguments("/usr/bin/gawk", ["awk", "-F", ",", "{ print system(\"id\") }"], "{ print system(\"id\") }").ShouldNotBeNull().Block.ShouldBeTrue();
    }

    [Fact]
    public void A_command_of_several_words_from_the_event_is_stopped_without_a_shell_too()
    {
        Arguments("/usr/bin/cat", ["cat", "/etc/passwd"], " cat /etc/passwd").ShouldNotBeNull().ShouldSatisfyAllConditions(h => h.Detector.ShouldBe("command-injection"), h => h.Block.ShouldBeTrue());
        Arguments("/usr/bin/cat", ["cat", "notes.txt"], "notes.txt").ShouldBeNull();
        Arguments("/usr/bin/cat", ["cat", "notes.txt"], "please cat notes.txt").ShouldBeNull();
    }

    [Theory]
    [InlineData("node", "-e", "require('child_process').execSync('id')")]
    [InlineData("node", "-p", "process.env")]
    [InlineData("python3.11", "-c", "__import__('os').system('id')")]
    public void Code_that_came_with_its_option_is_stopped(string program, string option, string code)
    {
        Arguments("/usr/bin/" + program, [program, option, code], $"{option} {code}").ShouldNotBeNull().Block.ShouldBeTrue();
        Arguments("/usr/bin/" + program, [program, option, code], "an unrelated text").ShouldBeNull();
    }

    [Theory]
    [InlineData("/usr/bin/unzip", "-:", "-:", "a.zip")]
    [InlineData("/usr/bin/unzip", "-d/var/task", "-d/var/task", "a.zip")]
    [InlineData("/usr/bin/split", "--filter=id", "--filter=id", "a.txt")]
    [InlineData("/usr/bin/node", "--import=data:text/javascript,1", "--import=data:text/javascript,1", "app.js")]
    [InlineData("/usr/bin/node", "-r /tmp/x.js", "-r", "/tmp/x.js", "app.js")]
    [InlineData("/usr/bin/node", "--eval=process.exit(1)", "--eval=process.exit(1)")]
    [InlineData("/usr/bin/psql", "-c \\! -U x", "-c", "\\!")]
    [InlineData("/usr/bin/git", "ext::sh -c id", "clone", "ext::sh -c id")]
    [InlineData("/usr/bin/git", "ext::sh -c id", "ls-remote", "ext::sh -c id")]
    [InlineData("/usr/bin/cat", "words.txt /etc/passwd", "words.txt", "/etc/passwd")]
    [InlineData("/usr/bin/grep", "root /etc/passwd;", "-i", "root", "/etc/passwd")]
    [InlineData("/usr/bin/cp", "-r /proc/self/environ /tmp/x", "-r", "/proc/self/environ", "/tmp/x")]
    public void More_options_and_arguments(string program, string text, params string[] argv) =>
        Arguments(program, [Path.GetFileName(program), .. argv], text).ShouldNotBeNull().ShouldSatisfyAllConditions(h => h.Detector.ShouldBe("argument-injection"), h => h.Block.ShouldBeTrue());

    /// <summary>Wherever it stands in a text of which the quotes were taken off piece by piece.</summary>
    [Theory]
    [InlineData(0), InlineData(16_350), InlineData(16_384), InlineData(16_400), InlineData(200_000)]
    public void An_option_in_a_long_text_loses_its_quotes(int before)
    {
        var text = new string('x', before) + " --checkpoint-action=exec='sh \"x\"' " + new string('y', 5000);
        Arguments("/usr/bin/tar", ["tar", "cf", "a", "--checkpoint-action=exec=sh x"], text).ShouldNotBeNull().Block.ShouldBeTrue();
        Arguments("/usr/bin/tar", ["tar", "cf", "a", "--checkpoint-action=exec=sh z"], text).ShouldBeNull();
    }

    /// <summary>Functions have little memory, and events up to 6 MB.</summary>
    [Fact]
    public void A_text_of_megabytes_is_not_copied_for_each_question()
    {
        var text = string.Concat(Enumerable.Repeat("some 'words' of ../a/b -la, \"x\"; ", 60_000));
        var texts = Texts(text);
        var before = GC.GetAllocatedBytesForCurrentThread();
        ProcessSink.Check("/usr/bin/tar", "tar", ["tar", "-la", "--exclude=a b", "/tmp/x"], texts);
        ProcessSink.Check("/bin/sh", "sh", ["sh", "-c", "ls -l /tmp"], texts);
        PathSink.Check("/tmp/data/1.txt", "/tmp/data/1.txt", texts);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(text.Length / 8);
    }

    [Theory]
    [InlineData("/usr/bin/cat", "the users stand in /etc/passwd", "/etc/passwd")]
    [InlineData("/usr/bin/cat", "words.txt", "words.txt", "/etc/hosts")]
    [InlineData("/usr/bin/convert", "/tmp/a b.png", "/tmp/a b.png", "/tmp/out.png")]
    [InlineData("/usr/bin/git", "https://git.example/a.git", "clone", "https://git.example/a.git")]
    public void Ordinary_arguments(string program, string text, params string[] argv) =>
        (Arguments(program, [Path.GetFileName(program), .. argv], text)?.Block ?? false).ShouldBeFalse();

    [Theory]
    [InlineData("sqlite3", "select * from t where n = '{0}'", "x' union select readfile('/etc/passwd'), 2 --", true)]
    [InlineData("sqlite3", "select * from t where n = '{0}';", "x'\n.shell id\nselect '", true)]
    [InlineData("sqlite3", "{0}", ".shell id", true)]
    [InlineData("sqlite3", "select * from t where n = '{0}'", "Anna", false)]
    [InlineData("sqlite3", "select * from t where n = '{0}'", "read .output of the report", false)]
    [InlineData("psql", "select '{0}'", "x' \\! id", true)]
    [InlineData("psql", "select * from t where n = '{0}'", "x' or 'a'='a", true)]
    [InlineData("mysql", "select * from t where n = '{0}'", "Anna Maria", false)]
    public void Statements_for_clients_of_databases(string program, string statement, string text, bool stopped)
    {
        string[] argv = [program, program == "sqlite3" ? "/tmp/a.db" : "-c", string.Format(null, statement, text)];
        (Process(argv, text)?.Block ?? false).ShouldBe(stopped);
    }

    [Theory]
    [InlineData(".[] | select(.name == \"{0}\")", "x\"), $ENV.AWS_SECRET_ACCESS_KEY, (\"", true)]
    [InlineData("{0}", "env | keys", true)]
    [InlineData("{0}", "[inputs]", true)]
    [InlineData(".[] | select(.name == \"{0}\")", "an input device", false)]
    [InlineData("{0}", ".items[0].name", false)]
    public void Programs_of_jq(string program, string text, bool stopped) => (Process(["jq", "-r", program.Replace("{0}", text), "a.json"], text)?.Block ?? false).ShouldBe(stopped);

    [Theory]
    [InlineData("task: report\ncmd: cat /etc/passwd\n", "cat /etc/passwd", true)]
    [InlineData("<job><run>ls -la /</run></job>", "ls -la /", true)]
    [InlineData("steps:\n  - ls -la /\n", "ls -la /", true)]
    [InlineData("[job]\nrun = \"ls -la /\"\n", "ls -la /", true)]
    [InlineData("cmd: id", "id", true)]
    [InlineData("the way to do it: ls -la /", "ls -la /", false)]
    [InlineData("sort: date\n", "date", false)]
    [InlineData("cmd: ls -la / and more", "ls -la /", false)]
    [InlineData("please do ls -la / and tell me", "ls -la /", false)]
    public void Commands_that_a_document_holds_as_a_value(string text, string command, bool stopped)
    {
        (Process("sh", "-c", command, text)?.Block ?? false).ShouldBe(stopped);
        (Process(command.Split(' '), text)?.Block ?? false).ShouldBe(stopped);
    }

    /// <summary>A shell that reads its commands from its input starts them one by one.</summary>
    [Theory]
    [InlineData("x=1; id", "id", true)]
    [InlineData("cd /\ncat /etc/passwd\n", "cat /etc/passwd", true)]
    [InlineData("true && (ls -la /)", "ls -la /", true)]
    [InlineData("my id is 5; thanks", "id", false)]
    [InlineData("use ls -la / for it; it helps", "ls -la /", false)]
    public void Commands_among_others(string text, string command, bool stopped) => (Process(command.Split(' '), text)?.Block ?? false).ShouldBe(stopped);

    [Fact]
    public void A_program_that_a_document_names()
    {
        Process(["id"], "<void index='0'><string>/usr/bin/id</string></void>").ShouldBeNull("started by its name");
        ProcessSink.Check("/usr/bin/id", "/usr/bin/id", ["/usr/bin/id"], Texts("<void index='0'><string>/usr/bin/id</string></void>")).ShouldNotBeNull().Block.ShouldBeTrue();
        ProcessSink.Check("/usr/bin/wc", "/usr/bin/wc", ["/usr/bin/wc", "a"], Texts("we count with /usr/bin/wc, mostly")).ShouldBeNull();
    }

    [Fact]
    public void A_program_and_its_arguments_from_several_fields()
    {
        Many("cat", "/etc/passwd").ShouldBe(true);
        Many("rm", "-rf", "data").ShouldBe(true);
        Many("dig", "example.com").ShouldBe(false);
        ProcessSink.Check("/usr/bin/convert", "convert", ["convert", "a.png", "/tmp/own.png"], [new("tool", "convert"), new("file", "a.png")]).ShouldBeNull();

        static bool? Many(params string[] argv) => ProcessSink.Check("/usr/bin/" + argv[0], argv[0], argv, [.. argv.Select((a, i) => new EventText($"f{i}", a))])?.Block;
    }

    [Fact]
    public void Constants_of_deployed_code_are_told_from_what_is_made_at_run_time()
    {
        const string command = "ps aux | grep -c node", marked = "a'b \"c\" | sort -u";
        var root = Directory.CreateTempSubdirectory("pellicle-deployed-");
        try
        {
            var code = new DeployedTexts(root.FullName);
            code.Has(command).ShouldBeFalse();
            File.WriteAllText(Path.Combine(root.FullName, "README.md"), $"\"{command}\"");
            File.WriteAllText(Path.Combine(root.FullName, "app.py"), $"run('{command} && x')\nrun('echo ' + v)\n");
            code.Has(command).ShouldBeFalse("prose, and a piece of a longer one");
            File.WriteAllText(Path.Combine(root.CreateSubdirectory("lib").FullName, "app.js"), $"sh(`{command}`)");
            code.Has(command).ShouldBeTrue();
            code.Has(command + "; id").ShouldBeFalse();
            new DeployedTexts(Path.GetDirectoryName(typeof(SinkTests).Assembly.Location)!).Has("what no code says; so it is " + root.Name).ShouldBeFalse();
            File.WriteAllBytes(Path.Combine(root.FullName, "App.class"), [0xCA, 0xFE, 1, 0, (byte)marked.Length, .. System.Text.Encoding.UTF8.GetBytes(marked), 1]);
            code.Has(marked).ShouldBeTrue();
            code.Has(marked[1..]).ShouldBeFalse();
            byte[] wide = System.Text.Encoding.Unicode.GetBytes("ls | wc -l");
            File.WriteAllBytes(Path.Combine(root.FullName, "App.dll"), [(byte)'M', (byte)'Z', (byte)(wide.Length + 1), .. wide, 0]);
            code.Has("ls | wc -l").ShouldBeTrue();
            code.Has("ls | wc").ShouldBeFalse();
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_command_behind_a_bar() => Process("sh", "-c", "cat /etc/passwd", "|cat /etc/passwd").ShouldNotBeNull().Block.ShouldBeTrue();

    [Fact]
    public void A_script_is_found_by_its_relative_name_too()
    {
        var folder = Directory.CreateTempSubdirectory("pellicle-guard-tests").FullName;
        File.WriteAllText(Path.Combine(folder, "job.py"), "import os\nprint(os.environ)\n");
        Check(folder, "job.py").ShouldNotBeNull().Block.ShouldBeTrue();
        Check(folder, "./job.py").ShouldNotBeNull();
        Check(folder, "absent.py").ShouldBeNull();
        Check("/usr", "job.py").ShouldBeNull();
        Check(null, "job.py").ShouldBeNull();
        Directory.Delete(folder, recursive: true);

        static SinkHit? Check(string? folder, string file) => ProcessSink.Check("/usr/bin/python3.11", "python3", ["python3", "-u", file], Texts("import os\nprint(os.environ)"), () => folder);
    }

    [Theory]
    [InlineData("BEGIN{system(\"cat /etc/passwd\")}", true)]
    [InlineData("BEGIN{while((getline l < \"/etc/passwd\")>0) print l}", true)]
    [InlineData("{print | \"sh\"}", true)]
    [InlineData("{print $1, substr($2, 3)}", false)]
    [InlineData("$3 > 100 {n++} END {print n}", false)]
    public void Awk_programs_from_an_event(string program, bool stopped) =>
        (Arguments("/usr/bin/mawk", ["awk", program, "data.txt"], program)?.Block ?? false).ShouldBe(stopped);

    [Fact]
    public void What_reaches_outside_in_a_program_of_the_functions_own_is_not_the_events() =>
        Arguments("/usr/bin/gawk", ["awk", "-v", "n=ann", "$1 == n {print | \"sort\"}"], "n=ann").ShouldBeNull();

    [Fact]
    public void A_program_as_an_address_is_stopped_whatever_it_does()
    {
        CodeSink.Check("import", "export const a=1", Texts("data:text/javascript,export const a=1")).ShouldNotBeNull().Block.ShouldBeTrue();
        CodeSink.Check("import", "export const a=1", Texts("data:image/png;base64,AAAA")).ShouldBeNull();
    }

    [Fact]
    public void Compiled_python_in_an_event_is_stopped_where_such_code_is_read()
    {
        CodeSink.Restored("marshal:code", Texts("4wAAAAAAAAAAAAAAAAMAAABAAAAA8xoAAACX")).ShouldNotBeNull().Block.ShouldBeTrue();
        CodeSink.Restored("marshal:code", Texts("e300000000000000")).ShouldNotBeNull();
        CodeSink.Restored("marshal:code", Texts("WwMAAADpAQAAAOkCAAAA6QMAAAA=")).ShouldBeNull("a list of numbers");
        CodeSink.Restored("pickle:builtins.list", Texts("4wAAAAAAAAAAAAAAAAMAAABAAAAA8xoAAACX")).ShouldBeNull();
    }

    [Theory]
    [InlineData("http://0:8080/", "0.0.0.0")]
    [InlineData("http://0x0:8080/", "0.0.0.0")]
    [InlineData("http://user@0:8080/", "0.0.0.0")]
    [InlineData("0x7f000001", "127.0.0.1")]
    [InlineData("http://\uff11\uff12\uff17.0.0.1:8080/", "127.0.0.1")]
    [InlineData("http://127\u30020\u30020\uff0e1:8080/", "127.0.0.1")]
    [InlineData("http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:8080/", "127.0.0.1")]
    [InlineData("http:\\\\127.0.0.1:8080\\x", "127.0.0.1")]
    public void Other_spellings_of_an_internal_address(string text, string address) =>
        HostSink.Check($"{address}:8080", address, Texts(text)).ShouldNotBeNull().Block.ShouldBeTrue();

    [Theory]
    [InlineData("0 items at 8080", "0.0.0.0")]
    [InlineData("10/20/30", "10.0.0.20")]
    [InlineData("\uff11\uff12\uff17 Straße", "127.0.0.1")]
    public void Numbers_that_are_no_address(string text, string address) => HostSink.Check($"{address}:8080", address, Texts(text)).ShouldBeNull();

    [Theory]
    [InlineData("__import__('os').system('id')", true)]
    [InlineData("require('child_process').execSync('id')", true)]
    [InlineData("this.constructor.constructor('return process')()", true)]
    [InlineData("1 + 2 * (3 - 4)", false)]
    [InlineData("max(price, 100) * 1.19", false)]
    [InlineData("customer.name", false)]
    public void Code_from_an_event(string text, bool injection) => (CodeSink.Check("eval", text, Texts(text)) is not null).ShouldBe(injection);

    [Fact]
    public void An_assembly_from_memory_while_the_event_holds_an_executable()
    {
        byte[] file = [(byte)'M', (byte)'Z', 0x90, 0, .. new byte[600]];
        CodeSink.Check("assembly", "Gift, Version=1.0.0.0", Texts(Convert.ToBase64String(file))).ShouldNotBeNull().Field.ShouldBe("field");
        file[0] = (byte)'P';
        CodeSink.Check("assembly", "Gift, Version=1.0.0.0", Texts(Convert.ToBase64String(file))).ShouldBeNull();
        CodeSink.Check("assembly", "Gift, Version=1.0.0.0", Texts("TVqQ is how it begins" + new string('!', 600))).ShouldBeNull();
    }

    [Fact]
    public void Executables_of_an_event_are_known_compressed_and_in_digits_too()
    {
        var code = new byte[2000];
        new Random(1).NextBytes(code);
        byte[] assembly = [(byte)'M', (byte)'Z', 0x90, 0, .. code], library = [0x7F, (byte)'E', (byte)'L', (byte)'F', .. assembly];
        CodeSink.Check("assembly", "Gift", Texts(Convert.ToHexString(assembly))).ShouldNotBeNull();
        CodeSink.Check("assembly", "Gift", Texts(Convert.ToBase64String(Packed(assembly)))).ShouldNotBeNull();
        CodeSink.Check("assembly", "Gift", Texts(Convert.ToBase64String(Packed(code)))).ShouldBeNull("compressed, and no executable");
        CodeSink.Dropped("/tmp/x.so", Texts(Convert.ToBase64String(library))).ShouldNotBeNull().Block.ShouldBeTrue();
        CodeSink.Dropped("/tmp/x.so", Texts(Convert.ToBase64String(assembly))).ShouldBeNull();
        CodeSink.Dropped("/var/task/x.so", Texts(Convert.ToBase64String(library))).ShouldBeNull();
    }

    private static byte[] Packed(byte[] content)
    {
        var packed = new MemoryStream();
        using (var stream = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Fastest))
            stream.Write(content);
        return packed.ToArray();
    }

    [Fact]
    public void A_copy_of_a_deployed_file_is_told_from_others()
    {
        var root = Directory.CreateTempSubdirectory("pellicle-deployed-");
        try
        {
            var deployed = root.CreateSubdirectory("task/bin");
            var tool = Path.Combine(deployed.FullName, "tool");
            var copy = Path.Combine(root.FullName, "copy");
            File.WriteAllBytes(tool, [.. Enumerable.Range(0, 100_000).Select(i => (byte)i)]);
            File.Copy(tool, copy);
            var files = new DeployedFiles(Path.Combine(root.FullName, "task"), Path.Combine(root.FullName, "none"));
            files.Has(copy).ShouldBeTrue();
            files.Has(copy).ShouldBeTrue("again");
            var written = File.GetLastWriteTimeUtc(copy);
            using (var stream = File.OpenWrite(copy))
            {
                stream.Position = 99_000;
                stream.WriteByte(7);
            }
            File.SetLastWriteTimeUtc(copy, written);
            files.Has(copy).ShouldBeFalse("changed, and its time set back");
            File.WriteAllText(copy, "#!/bin/sh");
            files.Has(copy).ShouldBeFalse();
            files.Has(Path.Combine(root.FullName, "absent")).ShouldBeFalse();
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("/etc/passwd", "/var/task/files/../../../etc/passwd", "../../../etc/passwd")]
    [InlineData("/etc/passwd", "/etc/passwd", "../../../../etc/passwd")]
    [InlineData("/etc/passwd", "/etc/passwd", "./../.././etc/./passwd")]
    [InlineData("/etc/passwd", "/etc/passwd", "/etc/passwd")]
    [InlineData("/etc/passwd", "/etc/passwd", "file:///etc/passwd")]
    [InlineData("/etc/passwd", "/etc/passwd", "..%2f..%2f..%2fetc%2fpasswd")]
    [InlineData("/etc/passwd", "/var/task/../../etc/passwd", "....//....//etc/passwd")]
    [InlineData("/var/task/handler.py", "/var/task/files/../handler.py", "../handler.py")]
    [InlineData("/etc/passwd", "/etc/passwd", "../../../etc/passwd\0.png")]
    [InlineData("/etc/passwd", "/etc/passwd", "@/etc/passwd")]
    [InlineData("/etc", "/var/task/files/../../../etc", "../../../etc/pass*")]
    [InlineData("/etc/passwd", "/etc/passwd", "concat:/etc/passwd")]
    [InlineData("/etc/passwd", "/etc/passwd", "text:@/etc/passwd")]
    [InlineData("/var/task/app.jar", "/var/task/app.jar", "jar:file:/var/task/app.jar!/settings.properties")]
    [InlineData("/etc/passwd", "/etc/passwd", "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><r>&x;</r>")]
    public void Traversal(string resolved, string raw, string text) =>
        PathSink.Check(resolved, raw, Texts(text)).ShouldNotBeNull().Detector.ShouldBe("path-traversal");

    [Theory]
    [InlineData("/var/task/files/report.txt", "/var/task/files/report.txt", "report.txt")]
    [InlineData("/var/task/static/index.html", "/var/task/static/index.html", "/index.html")]
    [InlineData("/tmp/upload/a.txt", "/tmp/upload/a.txt", "/tmp/upload/a.txt")]
    [InlineData("/var/task/files/b.txt", "/var/task/files/a/../b.txt", "a/../b.txt")]
    [InlineData("/var/task/files/to..be.txt", "/var/task/files/to..be.txt", "to..be.txt")]
    [InlineData("/etc/ssl/certs/ca.pem", "/etc/ssl/certs/ca.pem", "../../etc/passwd")]
    [InlineData("/var/task/lib/x.py", "/var/task/lib/x.py", "wait ... what? ../")]
    public void Benign_paths(string resolved, string raw, string text) => PathSink.Check(resolved, raw, Texts(text)).ShouldBeNull();

    [Fact]
    public void An_absolute_name_in_an_archive_leads_out_of_where_it_is_unpacked_also_below_tmp()
    {
        PathSink.Check("/tmp/other/x", "/tmp/other/x", [new EventText("field", "/tmp/other/x") { Archived = true }]).ShouldNotBeNull().Block.ShouldBeTrue();
        PathSink.Check("/tmp/unpacked/tmp/other/x", "/tmp/unpacked/tmp/other/x", [new EventText("field", "/tmp/other/x") { Archived = true }]).ShouldBeNull("the slash was taken off");
    }

    [Theory]
    [InlineData("169.254.169.254:80", "169.254.169.254", "http://169.254.169.254/latest/meta-data/")]
    [InlineData("127.0.0.1:9001", "127.0.0.1", "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next")]
    [InlineData("127.0.0.1:80", "127.0.0.1", "http://2130706433/")]
    [InlineData("127.0.0.1:80", "127.0.0.1", "http://0x7f000001/")]
    [InlineData("127.0.0.1:80", "127.0.0.1", "http://0177.0.0.1/")]
    [InlineData("127.0.0.1:80", "127.0.0.1", "http://127.1/")]
    [InlineData("::1:80", "::1", "http://[::1]/")]
    [InlineData("rebind.example:80", "10.0.0.7", "https://rebind.example/x")]
    [InlineData("localhost:80", "127.0.0.1", "http://localhost/admin")]
    public void Internal_hosts_named_by_an_event_are_stopped(string item, string ip, string text) =>
        HostSink.Check(item, ip, Texts(text)).ShouldNotBeNull().Block.ShouldBeTrue();

    [Fact]
    public void A_service_of_the_functions_own_may_be_mentioned_but_not_addressed()
    {
        HostSink.Check("localhost:2773", "127.0.0.1", Texts("localhost"), known: true).ShouldNotBeNull().Block.ShouldBeFalse();
        HostSink.Check("localhost:2773", "127.0.0.1", Texts("http://localhost:2773/secrets"), known: true).ShouldNotBeNull().Block.ShouldBeTrue();
        HostSink.Check("127.0.0.1:2773", "127.0.0.1", Texts("http://2130706433:2773/secrets"), known: true).ShouldNotBeNull().Block.ShouldBeTrue();
    }

    /// <summary>A word that is also the name of a host says nothing alone; in a field for hosts it is one.</summary>
    [Theory]
    [InlineData("name", "localhost", "localhost:2773", "127.0.0.1", false)]
    [InlineData("engine", "redis", "redis:6379", "10.0.0.7", false)]
    [InlineData("text", "it runs on localhost, too", "localhost:2773", "127.0.0.1", false)]
    [InlineData("host", "it runs on localhost, too", "localhost:2773", "127.0.0.1", false)]
    [InlineData("headers.Host", "localhost", "localhost:2773", "127.0.0.1", false)]
    [InlineData("requestContext.domainName", "localhost", "localhost:2773", "127.0.0.1", false)]
    [InlineData("queryStringParameters.host", "localhost", "localhost:8080", "127.0.0.1", true)]
    [InlineData("body.targetUrl", "LOCALHOST", "localhost:8080", "127.0.0.1", true)]
    [InlineData("text", "user@localhost", "localhost:8080", "127.0.0.1", true)]
    [InlineData("text", "//localhost/x", "localhost:8080", "127.0.0.1", true)]
    [InlineData("text", "localhost:8080", "localhost:8080", "127.0.0.1", true)]
    [InlineData("text", "rebind.example", "rebind.example:80", "10.0.0.7", true)]
    [InlineData("text", "127.0.0.1", "127.0.0.1:8080", "127.0.0.1", true)]
    [InlineData("text", "127.0.0.1", "localhost:8080", "127.0.0.1", true)]
    public void A_word_that_names_a_host_too(string field, string text, string item, string ip, bool stopped) =>
        HostSink.Check(item, ip, [new EventText(field, text)]).ShouldNotBeNull().Block.ShouldBe(stopped);

    [Fact]
    public void Other_hosts_named_by_an_event_are_reported() =>
        HostSink.Check("hooks.example.com:443", "93.184.216.34", Texts("https://hooks.example.com/notify")).ShouldNotBeNull().Block.ShouldBeFalse();

    [Theory]
    [InlineData("api.example.com:443", "93.184.216.34", "send it to example.com")]
    [InlineData("10.0.0.7:5432", "10.0.0.7", "my number is 12345678")]
    [InlineData("10.0.0.7:5432", "10.0.0.7", "version 10.0.0.70")]
    [InlineData("db.internal:5432", "10.0.0.7", "who is the director?")]
    [InlineData("localhost:2773", "127.0.0.1", "http://localhost:3000")]
    [InlineData("localhost:2773", "127.0.0.1", "https://localhost")]
    [InlineData("127.0.0.1:5432", "127.0.0.1", "http://127.0.0.1:8080/back and http://localhost:3000/")]
    [InlineData("10.0.0.7:5432", "10.0.0.7", "http://10.0.0.7/")]
    public void Hosts_the_event_does_not_name(string item, string ip, string text) => HostSink.Check(item, ip, Texts(text)).ShouldBeNull();

    private static SinkHit? Process(string shell, string option, string command, string text) =>
        ProcessSink.Check("/usr/bin/" + shell, "/bin/" + shell, [shell, option, command], Texts(text));

    private static SinkHit? Arguments(string program, string[] argv, string text) => ProcessSink.Check(program, argv[0], argv, Texts(text));

    [Fact]
    public void Long_texts_hide_nothing()
    {
        var pad = new string('a', 40_000);
        HostSink.Check("127.0.0.1:80", "127.0.0.1", Texts($"http://2130706433/?{pad}")).ShouldNotBeNull().Block.ShouldBeTrue();
        HostSink.Check("127.0.0.1:80", "127.0.0.1", Texts($"{pad} http://0x7f000001/")).ShouldNotBeNull().Block.ShouldBeTrue();
        HostSink.Check("127.0.0.1:80", "127.0.0.1", Texts($"{pad} http://192.0.2.1/")).ShouldBeNull();
        var formula = string.Concat(Enumerable.Repeat("1+", 3_000));
        CodeSink.Check("exec", $"x = {formula}__import__('os').system('id')", Texts($"{formula}__import__('os').system('id')")).ShouldNotBeNull().Block.ShouldBeTrue();
        CodeSink.Check("exec", $"x = {formula}1", Texts($"{formula}1")).ShouldBeNull();
    }

    [Fact]
    public void An_empty_argument_lets_no_program_go() =>
        ProcessSink.Check("/usr/bin/find", "find", ["find", "", "-delete"], [new("tool", "find"), new("what", "a  -delete")]).ShouldNotBeNull().Block.ShouldBeTrue();
}
