using Pellicle.Domain;
using Pellicle.Guard.Channel;
using Pellicle.Guard.Sinks;
using Pellicle.Guard.Tests.Support;
using Pellicle.Inspection;
using Pellicle.Policy;

namespace Pellicle.Guard.Tests;

/// <summary>A value of an event in a statement: within one token it is a value, across tokens it is SQL.</summary>
public class SqlSinkTests
{
    private const string ByName = "select password from users where name='{0}'", ById = "SELECT * FROM users WHERE id = {0} ORDER BY name";

    private static SinkHit? Check(string statement, string value, string dialect = SqlText.PostgreSql) => SqlSink.Check(dialect, statement.Replace("{0}", value, StringComparison.Ordinal), Texts(value));

    private static EventText[] Texts(string value) => [new("unrelated", "hello there, from all of us"), new("field", value)];

    /// <summary>Statements and events made of the same pieces, so that they meet in every way: the index finds what a look at each text finds.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void With_an_index_of_the_event_the_answer_is_the_same(int seed)
    {
        string[] pieces =
        [
            "anna", "O'Brien", "' OR '1'='1", " or 1=1", "--", "; drop table users", "/**/", " ", "\u00a0", "1", "42", "union select", "SELECT", "name desc, id", "id", "=", "'", "\"", "(", ")", "pg_sleep(1)", "sleep", ",", " and ", "x'; --",
            "stra\u00dfe", "\u0130d", "\u017f or", "\ud801\udc28 or", "\ud801\udc00 or", "k or", "\u212a or", "|", "||", "&&", "case when", "#", "\n", "\t", "now()", "customer 17", "Customer 17", " into ", "0x1f", "$$",
        ];
        string[] around = ["select * from users where name='", "' and id = 7", "insert into orders(id, name) values (1, '", "')", "update t set a=", " where b=", "select count(*) from t where x in (", ")", "delete from ", " order by "];
        var random = new Random(seed);
        int met = 0, blocked = 0;
        for (var round = 0; round < 400; round++)
        {
            var texts = Enumerable.Range(0, random.Next(1, 60)).Select(i => new EventText($"field{i}", Made(pieces, 5))).ToList();
            var index = new StatementIndex(texts);
            for (var i = 0; i < 20; i++)
            {
                var value = random.Next(3) > 0 ? texts[random.Next(texts.Count)].Text : Made(pieces, 6);
                value = random.Next(4) switch { 0 => value.ToUpperInvariant(), 1 => value.Trim(), 2 when value.Length > 2 => value[random.Next(value.Length / 2)..], _ => value };
                var statement = around[random.Next(around.Length)] + value + around[random.Next(around.Length)] + (random.Next(3) == 0 ? Made(pieces, 3) : "");
                var dialect = random.Next(3) switch { 0 => SqlText.MySql, 1 => SqlText.PostgreSql, _ => SqlText.Sqlite };
                var each = SqlSink.Check(dialect, statement, texts);
                SqlSink.Check(dialect, statement, texts, index).ShouldBe(each, statement);
                met += each is null ? 0 : 1;
                blocked += each is { Block: true } ? 1 : 0;
            }
        }

        // Else nothing was compared.
        met.ShouldBeGreaterThan(400);
        blocked.ShouldBeGreaterThan(200);
        (met < 7600).ShouldBeTrue();

        string Made(string[] from, int most) => string.Concat(Enumerable.Range(0, random.Next(1, most)).Select(_ => from[random.Next(from.Length)]));
    }

    /// <summary>A batch whose every record is written by a statement of its own: after the first few an index is used, and an attack is still met, by whichever statement.</summary>
    [Fact]
    public void The_statement_that_meets_an_attack_may_be_any_of_a_batch()
    {
        using var hop = new Hop(ProtectionMode.Protect);
        hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect, Events = new EventPolicy { Mode = ProtectionMode.Monitor } }, "test");
        using var runtime = hop.Runtime();
        foreach (var id in (string[])["one", "two"])
        {
            var names = Enumerable.Range(0, 200).Select(i => i == 150 ? $"x' OR '{i}'='{i}" : $"Customer no. {i} of {id}").ToList();
            hop.Platform.Event(id, System.Text.Json.JsonSerializer.Serialize(new { items = names.Select(n => new { name = n }) }));
            runtime.Next();
            SpinWait.SpinUntil(() => hop.Guardian.Invocations.Find(id) is { Pending: false });
            var denied = names.Select((name, i) => (i, hop.Guardian.Judge(new Query(Dimension.Statement, QueryFlags.None, (uint)Environment.ProcessId, Environment.ProcessId, id == "one" ? 1u : 2u, [SqlText.PostgreSql, $"select id from customers where name = '{name}'"])).Deny)).ToList();
            denied.Where(d => d.Deny).Select(d => d.i).ShouldBe([150]);
            runtime.Respond(id, "1");
        }
    }

    /// <summary>A query console: its filter is meant to be SQL, the rest of the event is not.</summary>
    [Fact]
    public void A_field_that_the_policy_says_is_meant_for_it_is_passed_over_and_no_other_field()
    {
        const string filter = "price > 5 AND pg_sleep(0) IS NOT NULL", name = "x' OR '1'='1' --";
        using var hop = new Hop(ProtectionMode.Protect);
        hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect, Events = new EventPolicy { Mode = ProtectionMode.Monitor, Suppress = [new EventSuppression("sql-injection", "filter", "a query console")] } }, "test");
        using var runtime = hop.Runtime();
        hop.Platform.Event("one", $$"""{"filter":"{{filter}}","name":"{{name}}"}""");
        runtime.Next();
        SpinWait.SpinUntil(() => hop.Guardian.Invocations.Find("one") is { Pending: false });
        Denied($"select * from goods where {filter}").ShouldBeFalse();
        Denied($"select * from goods where name = '{name}'").ShouldBeTrue();
        Denied($"select * from goods where {filter} and name = '{name}'").ShouldBeTrue();
        hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect, Events = new EventPolicy { Mode = ProtectionMode.Monitor } }, "test");
        Denied($"select * from goods where {filter}").ShouldBeTrue();

        bool Denied(string statement) => hop.Guardian.Judge(new Query(Dimension.Statement, QueryFlags.None, (uint)Environment.ProcessId, Environment.ProcessId, 1, [SqlText.PostgreSql, statement])).Deny;
    }

    /// <summary>What ran before, word for word, without an event that holds it is the function's own.</summary>
    [Fact]
    public void A_text_equal_to_a_piece_of_a_statement_of_the_functions_own_is_reported()
    {
        const string own = "select * from goods where price > 5 AND kind = 'x' OR kind = 'y'", piece = "price > 5 AND kind = 'x' OR kind = 'y'";
        using var hop = new Hop(ProtectionMode.Protect);
        hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect, Events = new EventPolicy { Mode = ProtectionMode.Off } }, "test");
        using var runtime = hop.Runtime();
        Next("""{"name":"Anna"}""");
        Denied(own).ShouldBeFalse();
        Next($$"""{"name":"{{piece}}"}""");
        Denied(own).ShouldBeTrue("once may be an attack that was not seen");
        Next("""{"name":"Bert"}""");
        Denied(own).ShouldBeFalse();
        Next($$"""{"name":"{{piece}}"}""");
        Denied(own).ShouldBeFalse("it ran twice without such an event");
        Denied(own + " limit 5").ShouldBeTrue();
        Denied(own + " limit 5").ShouldBeTrue("what was stopped is not known for that");

        void Next(string text)
        {
            _number++;
            hop.Platform.Event($"event-{_number}", text);
            runtime.Next();
            SpinWait.SpinUntil(() => hop.Guardian.Invocations.Find($"event-{_number}") is { Pending: false });
        }

        bool Denied(string statement) => hop.Guardian.Judge(new Query(Dimension.Statement, QueryFlags.None, (uint)Environment.ProcessId, Environment.ProcessId, _number, [SqlText.PostgreSql, statement])).Deny;
    }

    /// <summary>A shell's command that is the function's own brings the programs in it.</summary>
    [Fact]
    public void The_programs_of_a_command_of_the_functions_own_are_reported_too()
    {
        const string own = "cat notes | grep -c tcp", piece = "notes | grep -c tcp";
        using var hop = new Hop(ProtectionMode.Protect);
        hop.Policy.Set(new PolicyDocument { Mode = ProtectionMode.Protect, Events = new EventPolicy { Mode = ProtectionMode.Off } }, "test");
        using var runtime = hop.Runtime();
        foreach (var text in (string[])["Anna", "Bert", piece])
        {
            _number++;
            hop.Platform.Event($"event-{_number}", $$"""{"name":"{{text}}"}""");
            runtime.Next();
            SpinWait.SpinUntil(() => hop.Guardian.Invocations.Find($"event-{_number}") is { Pending: false });
            Denied("/bin/sh", "sh", "-c", own).ShouldBeFalse(text);
        }
        Denied("/bin/grep", "grep", "-c", "tcp").ShouldBeFalse();
        Denied("/bin/sh", "sh", "-c", "sort " + piece).ShouldBeTrue();

        bool Denied(string program, params string[] argv) => hop.Guardian.Judge(new Query(Dimension.Process, QueryFlags.None, (uint)Environment.ProcessId, Environment.ProcessId, _number, [program, string.Join('\0', argv), program])).Deny;
    }

    private ulong _number;

    [Theory]
    [InlineData(ByName, "x' OR '1'='1")]
    [InlineData(ByName, "x' or 1=1 --")]
    [InlineData(ByName, "x' or true--")]
    [InlineData(ByName, "admin'--")]
    [InlineData(ByName, "admin'/*")]
    [InlineData(ByName, "x'; DROP TABLE users; --")]
    [InlineData(ByName, "x' UNION SELECT version() --")]
    [InlineData(ByName, "x'||(select password from users limit 1)||'")]
    [InlineData(ByName, "'='")]
    [InlineData(ByName, "x' AND pg_sleep(5) IS NULL AND 'a'='a")]
    [InlineData(ByName, "x'\nOR\n'1'='1")]
    [InlineData(ByName, "x'/**/OR/**/'1'='1")]
    [InlineData(ById, "1 OR 1=1")]
    [InlineData(ById, "1 or 1")]
    [InlineData(ById, "1\tor\f1")]
    [InlineData(ById, "1/**/or/**/1")]
    [InlineData(ById, "pg_sleep(1)")]
    [InlineData(ById, "1||version()")]
    [InlineData(ById, "-1 UNION SELECT 1, password FROM users")]
    [InlineData(ById, "1; DELETE FROM users")]
    [InlineData(ById, "1--")]
    [InlineData(ById, "1|2")]
    [InlineData(ById, "id=id")]
    [InlineData("select * from t where owner = 1 and id = {0} limit 1", "ID")]
    [InlineData(ById, "1 /*")]
    [InlineData(ById, "1 and 1=1")]
    [InlineData(ById, "(select id from users limit 1)")]
    [InlineData(ById, "pg_sleep(10)")]
    [InlineData("select * from t order by {0}", "(CASE WHEN (select 1)=1 THEN id ELSE name END)")]
    [InlineData("select * from \"{0}\"", "users\" where 1=1 --")]
    [InlineData("select $${0}$$", "x$$ || (select 1) || $$")]
    [InlineData("select * from t where name = E'{0}'", "x\\'' or 1=1 --")]
    [InlineData("/* {0} */ select 1", "x */ delete from t; /*")]
    public void Injection(string statement, string value) => Check(statement, value).ShouldNotBeNull().ShouldSatisfyAllConditions(
        h => h.Detector.ShouldBe("sql-injection"), h => h.Block.ShouldBeTrue(), h => h.Field.ShouldBe("field"));

    [Theory]
    [InlineData(ByName, "anna")]
    [InlineData(ByName, "x OR 1=1 --")]
    [InlineData(ByName, "select * from users; drop table users")]
    [InlineData(ByName, "/* a comment */ -- and another; (really)")]
    [InlineData(ByName, "2026-01-02T03:04:05Z")]
    [InlineData(ById, "12")]
    [InlineData(ById, "-12")]
    [InlineData(ById, "3.14e+2")]
    [InlineData("select * from t where id in ({0})", "1,2, 3")]
    [InlineData("select * from t order by {0}", "name")]
    [InlineData("select * from t order by {0}", "name desc, t.id asc nulls first")]
    [InlineData("select {0} from t", "id, name, count(*)")]
    [InlineData("select {0} from t", "*")]
    [InlineData("select * from {0}", "public.users")]
    [InlineData("select * from t where {0} limit 5", "id=5")]
    [InlineData("select \"{0}\" from t", "a, b; c")]
    [InlineData("select a from t where b is null or c = 1", "null or")]
    [InlineData("select a from t where b = 1 and c = 2", "bread and butter")]
    [InlineData("select name and id from t", "sorted by name and id")]
    [InlineData("select * from t where a = $1 or b = $2", "x' OR '1'='1")]
    [InlineData("select 1 -- list users", "--")]
    [InlineData("select $tag${0}$tag$", "it's; -- fine")]
    [InlineData("insert into t(id) values (1) on duplicate key update {0}=id", "id")]
    [InlineData("update t set {0} = id where other = 1", "id")]
    [InlineData("select * from t where id = :{0}", "id")]
    [InlineData("select * from a, b where id = {0}.id", "id")]
    [InlineData("select * from sqlite_master where tbl_name='log' AND type!='trigger'", "'Rock' AND 'Roll'")]
    [InlineData("select a from t where b = 'x' or c = 1", "either 'this' or 'that'")]
    public void Values(string statement, string value) => Check(statement, value).ShouldBeNull();

    [Fact]
    public void Escaped_quotes_are_values() => SqlSink.Check(SqlText.PostgreSql, "select 1 from t where name='x'' OR ''1''=''1'", Texts("x' OR '1'='1")).ShouldBeNull();

    [Theory]
    [InlineData(SqlText.MySql, "select * from t where a='\\' and b=' or 1=1 -- '", " or 1=1 -- ", true)]
    [InlineData(SqlText.Sqlite, "select * from t where a='\\' and b=' or 1=1 -- '", " or 1=1 -- ", false)]
    [InlineData(SqlText.MySql, "select * from t where a='x\\' OR 1=1 -- '", "x' OR 1=1 -- ", false)]
    [InlineData(SqlText.MySql, "select * from t where id=1#", "1#", false)]
    [InlineData(SqlText.MySql, "select * from t where id=1 #x", "1 #x", true)]
    [InlineData(SqlText.MySql, "select * from `a` where 1=1 -- `", "a` where 1=1 -- ", true)]
    [InlineData(SqlText.MySql, "select \"it's; -- here\"", "it's; -- here", false)]
    [InlineData(SqlText.Sqlite, "select [it's; -- here]", "it's; -- here", false)]
    [InlineData(SqlText.PostgreSql, "select /* a /* b */ c; */ 1", "b */ c; ", false)]
    [InlineData(SqlText.MySql, "select /* a /* b */ c; 1", "b */ c; ", true)]
    public void Each_database_reads_it_its_own_way(string dialect, string statement, string value, bool injection) => (SqlSink.Check(dialect, statement, Texts(value)) is not null).ShouldBe(injection);

    /// <summary>The program took a piece of the text, trimmed it or changed its case.</summary>
    [Theory]
    [InlineData("SELECT * FROM users WHERE id = 1 or 1=1", "/users/1 or 1=1")]
    [InlineData("select * from users where name = 'x' union select password from users --'", "name=x' union select password from users --;other=2")]
    [InlineData("SELECT * FROM T WHERE A = 'X' OR 'A'='A'", "x' or 'a'='a")]
    [InlineData("select * from t where a = 'x' or 1=1 --'", "   x' or 1=1 --   ")]
    public void Parts_of_a_text_are_recognised(string statement, string text) => SqlSink.Check(SqlText.PostgreSql, statement, Texts(text)).ShouldNotBeNull().Block.ShouldBeTrue();

    [Theory]
    [InlineData("{0}", "select name from users where id = 1 or id = 2")]
    [InlineData("{0} limit 100", "select name from users; select 1")]
    [InlineData(ByName, "O'Brien")]
    [InlineData(ByName, "O'Brien & Sons")]
    [InlineData(ByName, "it's (really) here")]
    public void A_console_and_a_name_with_a_quote_are_reported_and_not_stopped(string statement, string value) => Check(statement, value).ShouldNotBeNull().Block.ShouldBeFalse();

    [Fact]
    public void An_open_literal_excuses_nothing_where_a_statement_stands_before_it() => Check(ByName, "x'; drop table users; select 'a").ShouldNotBeNull().Block.ShouldBeTrue();

    /// <summary>The tokens cover the text: in order, apart, and whatever lies between them is blank.</summary>
    [Theory]
    [InlineData(SqlText.MySql)]
    [InlineData(SqlText.PostgreSql)]
    [InlineData(SqlText.Sqlite)]
    public void Tokens_cover_any_text(string dialect)
    {
        var random = new Random(4);
        string[] parts = ["'", "''", "\"", "`", "[", "]", "\\", "--", "-- ", "#", "/*", "*/", "$", "$$", "$a$", "E'", "1e+5", ".5", "a.b", "||", ";", "(", "\n", " ", "ü", "\0", "select", "😀"];
        for (var turn = 0; turn < 2000; turn++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 20)).Select(_ => parts[random.Next(parts.Length)]));
            var at = 0;
            foreach (var token in SqlText.Read(text, dialect))
            {
                token.Length.ShouldBeGreaterThan(0, text);
                text[at..token.Start].ShouldAllBe(c => char.IsWhiteSpace(c) || c == '\0', text);
                at = token.End;
            }
            text[at..].ShouldAllBe(c => char.IsWhiteSpace(c) || c == '\0', text);
            SqlSink.Check(dialect, text, Texts(text[(text.Length / 3)..]));
        }
    }
}
