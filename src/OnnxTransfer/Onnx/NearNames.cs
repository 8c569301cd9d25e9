namespace OnnxTransfer.Onnx;

/// <summary>Lists the names there are when the one asked for is not among them: the likeliest first, at most twenty.</summary>
internal static class NearNames
{
    private const int Shown = 20;

    public static string List(string wanted, IEnumerable<string> names)
    {
        // Of long names the beginning is compared: the work is their product.
        wanted = ShortNames.Of(wanted);
        var all = names.Select(ShortNames.Of).Distinct().ToArray();
        if (all.Length == 0)
        {
            return "(none)";
        }

        var near = all.OrderBy(name => Distance(wanted, name)).Take(Shown).Select(name => $"'{name}'");
        return string.Join(", ", near) + (all.Length > Shown ? $" and {all.Length - Shown} more" : "");
    }

    /// <summary>Levenshtein's edit distance, upper and lower case alike; a name that contains the wanted one is nearest.</summary>
    private static int Distance(string wanted, string name)
    {
        if (name.Contains(wanted, StringComparison.OrdinalIgnoreCase))
        {
            return -1;
        }

        var row = Enumerable.Range(0, name.Length + 1).ToArray();
        for (var i = 1; i <= wanted.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= name.Length; j++)
            {
                var substitute = diagonal + (char.ToLowerInvariant(wanted[i - 1]) == char.ToLowerInvariant(name[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substitute, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[name.Length];
    }
}
