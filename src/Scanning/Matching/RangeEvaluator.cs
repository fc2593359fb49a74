using System.Text;
using Pellicle.Scanning.Advisories;
using Pellicle.Scanning.Versions;

namespace Pellicle.Scanning.Matching;

/// <summary>How one affected entry holds a version.</summary>
internal enum Affection
{
    No,
    Listed,
    InRange,
}

/// <summary>
/// OSV's evaluation of one affected entry: the version is listed literally, or lies in one of the ranges. Events are sorted when the
/// database is built. An event whose version cannot be compared is passed over: a range that nothing closes stays open.
/// </summary>
internal static class RangeEvaluator
{
    /// <summary>Evaluates the entry at <paramref name="offset"/>; adds the fix that ends the version's own range and describes the range.</summary>
    public static Affection Evaluate(AdvisoryDatabase database, int offset, IVersionOrder order, string version, List<string>? fixes, out string evidence)
    {
        evidence = "";
        var reader = database.Read(offset);
        var result = Affection.No;
        var rangeCount = reader.Count();
        for (var range = 0; range < rangeCount; range++)
        {
            var head = reader.Number();
            if (EvaluateRange(database, ref reader, head >> 1, (head & 1) != 0 ? VersionOrder.SemVer : order, version, fixes, out var text))
            {
                result = Affection.InRange;
                evidence = text;
            }
        }

        if (result == Affection.No && IsListed(database, ref reader, order, version, hasRanges: rangeCount > 0))
        {
            result = Affection.Listed;
            evidence = "listed by version";
        }

        return result;
    }

    private static bool EvaluateRange(
        AdvisoryDatabase database, scoped ref DataReader reader, int events, IVersionOrder order, string version, List<string>? fixes, out string evidence)
    {
        var affected = false;
        var belowLimit = true;
        var isComparable = true;
        var fix = "";
        var introduced = 0;
        var end = "";
        Span<char> buffer = stackalloc char[256];
        for (; events > 0; events--)
        {
            var kind = (RangeEvent)reader.Byte();
            var reference = reader.Number();
            var bytes = database.Bytes(reference);
            if (kind == RangeEvent.Introduced && bytes.SequenceEqual("0"u8))
            {
                affected = true;
                introduced = reference;
                continue;
            }

            if (kind == RangeEvent.Limit && bytes.SequenceEqual("*"u8))
            {
                continue;
            }

            var text = bytes.Length <= buffer.Length ? buffer[..Encoding.UTF8.GetChars(bytes, buffer)] : Encoding.UTF8.GetString(bytes).ToCharArray();
            var comparison = order.Compare(version, text);
            isComparable &= comparison != VersionComparison.Invalid || order.IsValid(version);
            switch (kind)
            {
                case RangeEvent.Introduced when comparison is VersionComparison.Equal or VersionComparison.Greater:
                    affected = true;
                    introduced = reference;
                    end = "";
                    break;
                case RangeEvent.Fixed when comparison is VersionComparison.Equal or VersionComparison.Greater:
                    affected = false;
                    break;
                case RangeEvent.Fixed when comparison == VersionComparison.Less:
                    if (affected && end.Length == 0)
                    {
                        fix = text.ToString();
                        end = $" < {text}";
                    }

                    break;
                case RangeEvent.LastAffected when comparison == VersionComparison.Greater:
                    affected = false;
                    break;
                case RangeEvent.LastAffected when comparison != VersionComparison.Invalid:
                    end = affected && end.Length == 0 ? $" <= {text}" : end;
                    break;
                case RangeEvent.Limit when comparison is VersionComparison.Equal or VersionComparison.Greater:
                    belowLimit = false;
                    break;
                default:
                    break;
            }
        }

        if (!affected || !belowLimit || !isComparable)
        {
            evidence = "";
            return false;
        }

        if (fix.Length > 0)
        {
            fixes?.Add(fix);
        }

        var start = database.Text(introduced);
        evidence = end.Length == 0 ? $"{(start == "0" ? "every version" : $">= {start}")}; the record states no end" : start == "0" ? end.TrimStart() : $">= {start},{end}";
        return true;
    }

    private static bool IsListed(AdvisoryDatabase database, scoped ref DataReader reader, IVersionOrder order, string version, bool hasRanges)
    {
        var wanted = Encoding.UTF8.GetBytes(version);
        var count = reader.Count();
        var start = reader;
        for (var left = count; left > 0; left--)
        {
            if (database.Bytes(reader.Number()).SequenceEqual(wanted))
            {
                return true;
            }
        }

        // With a list alone, another spelling of a listed version (1.0 for 1.0.0) is that version.
        for (var left = hasRanges ? 0 : count; left > 0; left--)
        {
            if (order.Compare(version, database.Text(start.Number())) == VersionComparison.Equal)
            {
                return true;
            }
        }

        return false;
    }
}
