using System.Globalization;
using CsvHelper;

namespace OnnxTransfer.Datasets;

/// <summary>One line of a manifest, checked.</summary>
internal sealed record ManifestRow
{
    public required int Line { get; init; }

    public required string File { get; init; }

    public string? Label { get; init; }

    public string[] Labels { get; init; } = [];

    public double[] Targets { get; init; } = [];

    public Split Split { get; init; }

    public double Weight { get; init; } = 1;

    public string? Group { get; init; }

    public string? Average { get; init; }

    public float[] Numbers { get; init; } = [];

    /// <summary>Label, labels and targets as one text: two rows say the same when it is equal.</summary>
    public string Answer => string.Join('\u0000', [Label ?? "", .. Labels, .. Targets.Select(target => target.ToString("R", CultureInfo.InvariantCulture))]);

    public static ManifestRow Read(string manifest, CsvReader csv, ManifestHeader header)
    {
        var line = csv.Parser.RawRow;
        var file = Text(header.Path);
        if (file.Length == 0)
        {
            throw new DatasetException($"{manifest}: line {line}: no image in column '{header.Path}'");
        }

        var full = Path.GetFullPath(file, Path.GetDirectoryName(Path.GetFullPath(manifest))!);
        if (!System.IO.File.Exists(full))
        {
            throw new DatasetException(
                $"{manifest}: line {line}: no such file: {full}; paths are absolute or relative to the manifest's folder");
        }

        return new ManifestRow
        {
            Line = line,
            File = full,
            Label = header.Label is null ? null : Required(header.Label, "class name"),
            Labels = header.Labels is null ? [] : Several(Text(header.Labels)),
            Targets = [.. header.Targets.Select(Number)],
            Split = header.Split is null ? Split.Train : ParseSplit(Text(header.Split)),
            Weight = header.Weight is null ? 1 : ParseWeight(Number(header.Weight)),
            Group = header.Group is null ? null : Required(header.Group, "group"),
            Average = header.AverageBy is null ? null : Required(header.AverageBy, "value"),
            Numbers = [.. header.Numbers.Select(name => (float)Number(name))],
        };

        string Text(string column) => csv.GetField(column)?.Trim() ?? "";

        string Required(string column, string what) => Text(column) is { Length: > 0 } text
            ? text
            : throw new DatasetException($"{manifest}: line {line}: no {what} in column '{column}'");

        double Number(string column) =>
            double.TryParse(Text(column), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
                ? value
                : throw new DatasetException(
                    $"{manifest}: line {line}: '{Text(column)}' in column '{column}' is not a finite number; mend the row or take it out");

        static string[] Several(string text) =>
            [.. text.Split(['|', ';'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct().Order(StringComparer.Ordinal)];

        double ParseWeight(double weight) => weight >= 0
            ? weight
            : throw new DatasetException($"{manifest}: line {line}: weight {weight} is negative; expected 0 or more");

        Split ParseSplit(string text) => text.ToUpperInvariant() switch
        {
            "TRAIN" or "TRAINING" => Split.Train,
            "VAL" or "VALID" or "VALIDATION" => Split.Validation,
            "TEST" => Split.Test,
            _ => throw new DatasetException($"{manifest}: line {line}: split '{text}'; expected train, val or test"),
        };
    }
}
