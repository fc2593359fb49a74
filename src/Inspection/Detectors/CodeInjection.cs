using System.Buffers;

namespace Pellicle.Inspection.Detectors;

/// <summary>Program text of the function's own language that reaches for processes or files.</summary>
internal sealed class CodeInjection : IDetector
{
    private static readonly Literals Certain = new(
        "require('child_process')", "require(\"child_process\")", "require(`child_process`)", "process.mainModule", "process.binding(", "global.process.", "__import__('os')", "__import__(\"os\")", "__import__('subprocess')", "os.system(", "os.popen(",
        "subprocess.Popen(", "subprocess.check_output(", "subprocess.call(", "__subclasses__()", "__globals__[", "__builtins__", "Runtime.getRuntime()", "java.lang.Runtime", "new ProcessBuilder(", "System.Diagnostics.Process", "System.Diagnostics'", "System.Diagnostics\"", "Process.Start(", "System.IO.File.", "GetEnvironmentVariable(", "System.Reflection.Assembly", "constructor.constructor(",
        "php://input", "php://filter", "expect://", "phpinfo()", "base64_decode($_", "system($_", "passthru(", "shell_exec(", "proc_open(", "T(java.lang.", "$_get[", "$_post[", "$_request[", "${@print", "eval(atob(", "eval(base64", "phpversion()", "Server.ScriptTimeout", "do{curdate", "new Date(); do{", "new date();do{", "Object.constructor(");

    public string Id => "code-injection";

    /// <summary>A file of PHP begins so; what it does is told by more.</summary>
    private static readonly Literals Php = new("<?php", "<?=`");

    /// <summary>What reaches for commands, code, files or the request.</summary>
    private static readonly SearchValues<string> PhpReaches = SearchValues.Create(
        ["$_", "system", "exec", "passthru", "popen", "eval", "assert", "base64_decode", "include", "require", "file_get_contents", "file_put_contents", "fopen", "readfile", "fwrite", "phpinfo", "create_function", "call_user_func", "preg_replace", "unlink", "curl_", "`", "${"], StringComparison.OrdinalIgnoreCase);

    public IReadOnlyList<Literals> Sets { get; } = [Certain, Php];

    public Match Find(in Subject subject)
    {
        var text = subject.Text;
        var found = subject.Find(Certain, 0.92);
        if (found.Confidence == 0 && subject.Has(Php))
        {
            found = subject.Find(Php, text.ContainsAny(PhpReaches) ? 0.92 : 0.6);
        }

        // Long texts with line breaks are documents (a commit, a ticket), and questions are sentences; code in a parameter is short.
        return found.Confidence > 0 && (text.Length > 2000 || IsSentence(text)) ? found with { Confidence = 0.6 } : found;
    }

    /// <summary>Words of a sentence, so many at least.</summary>
    private const int MinWords = 4;

    /// <summary>More than half of it are words that stand for themselves: somebody writes about code.</summary>
    private static bool IsSentence(ReadOnlySpan<char> text)
    {
        var (words, all) = (0, 0);
        var span = text;
        foreach (var range in span.SplitAny(" \n"))
        {
            var part = span[range].TrimEnd(".,:;!?");
            all += part.IsEmpty ? 0 : 1;
            words += part.Length > 0 && !part.ContainsAnyExcept(Letters) ? 1 : 0;
        }

        return words >= MinWords && words * 2 > all;
    }

    private static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'");
}
