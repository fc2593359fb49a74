namespace Pellicle.Inspection.Detectors;

/// <summary>Program text of the function's own language that reaches for processes or files.</summary>
internal sealed class CodeInjection : IDetector
{
    private static readonly Literals Certain = new(
        "require('child_process')", "require(\"child_process\")", "require(`child_process`)", "process.mainModule", "process.binding(", "global.process.", "__import__('os')", "__import__(\"os\")", "__import__('subprocess')", "os.system(", "os.popen(",
        "subprocess.Popen(", "subprocess.check_output(", "subprocess.call(", "__subclasses__()", "__globals__[", "__builtins__", "Runtime.getRuntime()", "java.lang.Runtime", "new ProcessBuilder(", "System.Diagnostics.Process", "constructor.constructor(",
        "<?php", "php://input", "php://filter", "expect://", "phpinfo()", "base64_decode($_", "system($_", "passthru(", "shell_exec(", "proc_open(", "T(java.lang.", "$_get[", "$_post[", "$_request[", "${@print", "eval(atob(", "eval(base64", "phpversion()", "Server.ScriptTimeout", "do{curdate", "new Date(); do{", "new date();do{", "Object.constructor(");

    public string Id => "code-injection";

    public IReadOnlyList<Literals> Sets { get; } = [Certain];

    public Match Find(in Subject subject)
    {
        var text = subject.Text;
        var found = subject.Find(Certain, 0.92);
        // Long texts with line breaks are documents (a commit, a ticket); code in a parameter is short.
        return found.Confidence > 0 && text.Length > 2000 ? found with { Confidence = 0.6 } : found;
    }
}
