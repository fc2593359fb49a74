namespace Pellicle.Guard.Sinks;

/// <summary>Options by which common programs run a command, load code, or read and write files that their other arguments do not name.</summary>
internal static class ProgramOptions
{
    /// <summary>An option of two characters that needs no value to do harm: names in the archive may climb.</summary>
    internal const string Alone = "-:";

    /// <summary>Whatever the program.</summary>
    private static readonly string[] Everywhere =
    [
        "--upload-pack", "--receive-pack", "-oProxyCommand", "--checkpoint-action", "--to-command", "--use-compress-program", "-exec", "-execdir", "--rsh", "-sDEVICE", "--config=",
        "--output-document", "--post-file", "--use-askpass", "--script-security", "-oPKCS11Provider", "--unsafe", "--open-files-in-pager", "--ext-diff",
    ];

    /// <summary>Of one program: long ones may be cut short as long as they stay clear, short ones take what follows them, joined or apart.</summary>
    private static readonly Dictionary<string, string[]> OfProgram = new(StringComparer.Ordinal)
    {
        ["tar"] = ["--to-command", "--use-compress-program", "--checkpoint-action", "--rsh-command", "--rmt-command", "--info-script", "--new-volume-script", "-I", "-F"],
        ["zip"] = ["--unzip-command", "-TT"],
        ["git clone"] = ["--upload-pack", "--config", "--template", "-u", "-c"],
        ["git fetch"] = ["--upload-pack"],
        ["git pull"] = ["--upload-pack"],
        ["git ls-remote"] = ["--upload-pack", "--exec"],
        ["git push"] = ["--receive-pack", "--exec"],
        ["git archive"] = ["--exec", "--output", "-o"],
        ["git grep"] = ["--open-files-in-pager", "-O"],
        ["git diff"] = ["--ext-diff", "--output"],
        ["git log"] = ["--ext-diff", "--output"],
        ["git show"] = ["--ext-diff", "--output"],
        ["git rebase"] = ["--exec", "-x"],
        ["git"] = ["--exec-path", "--config-env", "-c"],
        ["hg"] = ["--config", "--debugger"],
        ["svn"] = ["--config-option", "--editor-cmd", "--diff-cmd"],
        ["ssh"] = ["-oProxyCommand", "-oLocalCommand", "-oPermitLocalCommand", "-oPKCS11Provider", "-oSecurityKeyProvider", "-oKnownHostsCommand", "-oProxyUseFdpass", "-F", "-I", "-E"],
        ["scp"] = ["-oProxyCommand", "-oLocalCommand", "-oPKCS11Provider", "-oKnownHostsCommand", "-S", "-F"],
        ["sftp"] = ["-oProxyCommand", "-oLocalCommand", "-oPKCS11Provider", "-oKnownHostsCommand", "-S", "-F", "-D"],
        ["rsync"] = ["--rsh", "--rsync-path", "--config", "-e"],
        ["find"] = ["-exec", "-execdir", "-ok", "-okdir", "-delete", "-fprint", "-fprintf", "-fprint0", "-fls"],
        ["curl"] = ["--config", "--output", "--output-dir", "--upload-file", "--engine", "--dump-header", "--cookie-jar", "--trace", "--trace-ascii", "--stderr", "--libcurl", "--unix-socket", "-K", "-o", "-T", "-D", "-c"],
        ["wget"] = ["--output-document", "--output-file", "--append-output", "--post-file", "--body-file", "--input-file", "--execute", "--use-askpass", "--directory-prefix", "--config", "-O", "-o", "-a", "-i", "-e", "-P"],
        ["sort"] = ["--compress-program", "--output", "-o"],
        ["openssl"] = ["-engine", "-provider-path"],
        ["exiftool"] = ["-config", "-if"],
        ["sendmail"] = ["-X", "-C", "-O"],
        ["pandoc"] = ["--filter", "--lua-filter", "--pdf-engine", "--output", "-F", "-L", "-o"],
        ["yt-dlp"] = ["--exec", "--config-location", "--output"],
        ["youtube-dl"] = ["--exec", "--config-location", "--output"],
        ["wkhtmltopdf"] = ["--run-script", "--post-file", "--enable-local-file-access", "--allow"],
        ["chromium"] = ["--renderer-cmd-prefix", "--utility-cmd-prefix", "--gpu-launcher", "--load-extension"],
        ["chrome"] = ["--renderer-cmd-prefix", "--utility-cmd-prefix", "--gpu-launcher", "--load-extension"],
        ["tcpdump"] = ["-z", "-w"],
        ["jq"] = ["--from-file", "--slurpfile", "--rawfile", "-f", "-L"],
        ["unzip"] = [Alone, "-d"],
        ["split"] = ["--filter"],
        ["node"] = ["--eval", "--print", "--import", "--require", "--loader", "--experimental-loader", "--env-file", "-e", "-p", "-r"],
        ["nodejs"] = ["--eval", "--print", "--import", "--require", "--loader", "--experimental-loader", "--env-file", "-e", "-p", "-r"],
        ["python"] = ["-c", "-m"],
        ["perl"] = ["-e", "-E", "-M", "-m", "-I"],
        ["ruby"] = ["-e", "-r", "-I"],
        ["php"] = ["-r", "-B", "-R", "-E", "-d"],
        ["java"] = ["-javaagent", "-agentpath", "-agentlib", "-cp", "-classpath", "--class-path", "-jar"],
        ["psql"] = ["--command", "--file", "--output", "--log-file", "-c", "-f", "-o", "-L"],
        ["sqlite"] = ["-cmd", "-init"],
        ["mysql"] = ["--execute", "--init-command", "--defaults-file", "--defaults-extra-file", "--pager", "--tee", "--plugin-dir", "-e"],
        ["mysqldump"] = ["--result-file", "--tab", "--defaults-file", "-r", "-T"],
        ["pg_dump"] = ["--file", "-f"],
        ["gpg"] = ["--output", "-o", "--exec-path", "--load-extension"],
        ["env"] = ["-S", "--split-string"],
        ["man"] = ["-P", "--pager", "-H", "--html"],
        ["nmap"] = ["--script", "-iL", "-oN", "-oG", "-oX", "-oA", "--interactive"],
        ["7z"] = ["-o"],
        ["gs"] = ["-dNOSAFER", "-dDELAYSAFER", "-sOutputFile"],
        ["aws"] = ["--endpoint-url", "--ca-bundle"],
        ["docker"] = ["--volume", "-v", "--privileged", "--mount", "--pid", "--entrypoint"],
        ["make"] = ["--eval", "--file", "-f"],
    };

    /// <summary>What an argument that is split from its option says: <c>-o ProxyCommand=…</c>, <c>-c core.sshCommand=…</c>.</summary>
    private static readonly string[] Settings =
        ["proxycommand", "localcommand", "pkcs11provider", "securitykeyprovider", "knownhostscommand", "core.sshcommand", "core.fsmonitor", "core.pager", "core.editor", "core.hookspath", "core.gitproxy", "alias.", "diff.external", "protocol.ext", "credential.helper", "gpg.program"];

    /// <summary>Whether the argument at an index is such an option.</summary>
    internal static bool IsDangerous(string program, IReadOnlyList<string> argv, int index)
    {
        var argument = argv[index];
        if (Array.Exists(Everywhere, o => argument.StartsWith(o, StringComparison.Ordinal)))
            return true;
        if (argument is "-o" or "-c" or "-O" && index + 1 < argv.Count && Array.Exists(Settings, s => argv[index + 1].StartsWith(s, StringComparison.OrdinalIgnoreCase)))
            return true;
        return (OfProgram.TryGetValue(program, out var own) && Array.Exists(own, o => Is(argument, o)))
            || (program == "git" && Command(argv) is { } command && OfProgram.TryGetValue("git " + command, out var ofCommand) && Array.Exists(ofCommand, o => Is(argument, o)));
    }

    private static bool Is(string argument, string option)
    {
        if (argument.StartsWith(option, StringComparison.Ordinal))
            return option.Length == 2 || argument.Length == option.Length || argument[option.Length] == '=' || option[1] != '-';
        if (!option.StartsWith("--", StringComparison.Ordinal) || !argument.StartsWith("--", StringComparison.Ordinal))
            return false;
        // `--use-compress-prog` for `--use-compress-program`; three letters are too few to tell.
        var name = argument.AsSpan(0, argument.IndexOf('=', StringComparison.Ordinal) is var equals and > 0 ? equals : argument.Length);
        return name.Length >= 6 && name is not "--checkpoint" && option.AsSpan().StartsWith(name, StringComparison.Ordinal);
    }

    /// <summary>The first argument of git that is no option of its own.</summary>
    private static string? Command(IReadOnlyList<string> argv)
    {
        for (var i = 1; i < argv.Count; i++)
        {
            if (argv[i] is "-C" or "-c" or "--git-dir" or "--work-tree")
                i++;
            else if (!argv[i].StartsWith('-'))
                return argv[i];
        }
        return null;
    }
}
