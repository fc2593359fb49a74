using Pellicle.Domain;

namespace Pellicle.Scanning.Reports;

/// <summary><c>*</c> within a segment, <c>**</c> over segments, <c>?</c> one character. Linear in practice, never exponential: only the last star is retried per kind.</summary>
internal static class PathGlob
{
    public static bool Matches(string glob, string path)
    {
        // reachable[i]: the first i characters of the glob match what was read of the path.
        var reachable = new bool[glob.Length + 1];
        reachable[0] = true;
        Skip(glob, reachable);
        foreach (var c in path)
        {
            var next = new bool[glob.Length + 1];
            for (var i = 0; i < glob.Length; i++)
            {
                if (!reachable[i])
                {
                    continue;
                }

                var isDouble = glob[i] == '*' && i + 1 < glob.Length && glob[i + 1] == '*';
                if (glob[i] == '*')
                {
                    next[i] |= isDouble || c != '/';
                }
                else if (glob[i] == c || (glob[i] == '?' && c != '/'))
                {
                    next[i + 1] = true;
                }
            }

            Skip(glob, next);
            reachable = next;
        }

        return reachable[glob.Length];
    }

    /// <summary>A star may match nothing; <c>**/</c> matches no directory at all, too.</summary>
    private static void Skip(string glob, bool[] reachable)
    {
        for (var i = 0; i < glob.Length; i++)
        {
            if (!reachable[i] || glob[i] != '*')
            {
                continue;
            }

            var isDouble = i + 1 < glob.Length && glob[i + 1] == '*';
            var after = i + (isDouble ? 2 : 1);
            reachable[after] = true;
            if (isDouble && after < glob.Length && glob[after] == '/' && (i == 0 || glob[i - 1] == '/'))
            {
                reachable[after + 1] = true;
            }
        }
    }
}

/// <summary>Whether a purl in a rule covers a finding's purl.</summary>
internal static class PurlMatch
{
    /// <summary>Same type and name; the rule's version, where given, must be the same.</summary>
    public static bool Covers(string rule, string purl) =>
        Purl.TryParse(rule, out var wanted) && Purl.TryParse(purl, out var found)
        && wanted.Type == found.Type && wanted.PackageName == found.PackageName && (wanted.Version is null || wanted.Version == found.Version);
}
