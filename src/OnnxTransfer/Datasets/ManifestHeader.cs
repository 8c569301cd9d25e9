namespace OnnxTransfer.Datasets;

/// <summary>The columns a manifest really has, by name; null where it lacks an optional one.</summary>
internal sealed record ManifestHeader(
    string Path, string? Label, string? Labels, IReadOnlyList<string> Targets, string? Split, string? Weight, string? Group, string? AverageBy, IReadOnlyList<string> Numbers)
{
    public static ManifestHeader Find(string file, string[] header, ManifestColumns columns)
    {
        if (header is [var only] && only.IndexOfAny([';', '\t', '|']) is >= 0 and var at)
        {
            throw new DatasetException(
                $"{file}: its columns are separated by '{(only[at] == '\t' ? "tab" : only[at])}'; expected commas in a .csv, tabs in a .tsv");
        }

        var asked = columns.Target is null ? columns.Targets : [columns.Target, .. columns.Targets];
        var anyAsked = columns.Label is not null || columns.Labels is not null || asked.Count > 0;
        var label = Answer(columns.Label, "label", "class");
        var labels = Answer(columns.Labels, "labels");
        string[] targets = asked.Count > 0 ? [.. asked.Select(name => Column(name)!.Trim())] : Answer(null, "target", "value", "y") is { } one ? [one] : [];
        if (columns.IgnoreAnswers)
        {
            (label, labels, targets) = (null, null, []);
        }

        string[] answers = [.. new[] { label, labels, targets.FirstOrDefault() }.OfType<string>()];
        if (answers.Length > 1)
        {
            throw new DatasetException(
                $"{file}: columns '{answers[0]}' and '{answers[1]}' both say what to predict; name one of them (--label, --labels or --target)");
        }

        if (targets.Distinct().Count() < targets.Length)
        {
            throw new DatasetException($"{file}: the columns to predict are {string.Join(", ", targets)}; expected each of them once");
        }

        return new ManifestHeader(
            Column(columns.Path, "path", "file", "image", "filename")
                ?? throw new DatasetException($"{file}: no column of image files; found {Found()}, expected a column named path (or name yours with --path-column)"),
            label,
            labels,
            targets,
            Column(columns.Split, "split"),
            Column(columns.Weight, "weight"),
            Column(columns.Group, "group"),
            Column(columns.AverageBy),
            [.. columns.Numbers.Select(name => Column(name)!)]);

        // Who names an answer means that one: the usual names of the others are then plain columns.
        string? Answer(string? name, params string[] usual) => name is null && anyAsked ? null : Column(name, usual);

        string? Column(string? name, params string[] usual)
        {
            if (name is null)
            {
                return header.FirstOrDefault(column => usual.Contains(column.Trim(), StringComparer.OrdinalIgnoreCase));
            }

            return header.FirstOrDefault(column => column.Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
                ?? throw new DatasetException($"{file}: no column '{name}'; found {Found()}");
        }

        string Found() => string.Join(", ", header);
    }
}
