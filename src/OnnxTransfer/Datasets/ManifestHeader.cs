namespace OnnxTransfer.Datasets;

/// <summary>The columns a manifest really has, by name; null where it lacks an optional one.</summary>
internal sealed record ManifestHeader(
    string Path, string? Label, string? Target, string? Split, string? Weight, string? Group, string? AverageBy, IReadOnlyList<string> Numbers)
{
    public static ManifestHeader Find(string file, string[] header, ManifestColumns columns)
    {
        if (header is [var only] && only.IndexOfAny([';', '\t', '|']) is >= 0 and var at)
        {
            throw new DatasetException(
                $"{file}: its columns are separated by '{(only[at] == '\t' ? "tab" : only[at])}'; expected commas in a .csv, tabs in a .tsv");
        }

        var label = columns.Target is not null && columns.Label is null ? null : Column(columns.Label, "label", "class");
        var target = columns.Label is not null && columns.Target is null ? null : Column(columns.Target, "target", "value", "y");
        if (columns.IgnoreAnswers)
        {
            (label, target) = (null, null);
        }

        if (label is not null && target is not null)
        {
            throw new DatasetException(
                $"{file}: columns '{label}' and '{target}' both say what to predict; name one of them (--label or --target)");
        }

        return new ManifestHeader(
            Column(columns.Path, "path", "file", "image", "filename")
                ?? throw new DatasetException($"{file}: no column of image files; found {Found()}, expected a column named path (or name yours with --path-column)"),
            label,
            target,
            Column(columns.Split, "split"),
            Column(columns.Weight, "weight"),
            Column(columns.Group, "group"),
            Column(columns.AverageBy),
            [.. columns.Numbers.Select(name => Column(name)!)]);

        string? Column(string? asked, params string[] usual)
        {
            if (asked is null)
            {
                return header.FirstOrDefault(name => usual.Contains(name.Trim(), StringComparer.OrdinalIgnoreCase));
            }

            return header.FirstOrDefault(name => name.Trim().Equals(asked, StringComparison.OrdinalIgnoreCase))
                ?? throw new DatasetException($"{file}: no column '{asked}'; found {Found()}");
        }

        string Found() => string.Join(", ", header);
    }
}
