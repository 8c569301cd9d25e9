using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace OnnxTransfer.Datasets;

/// <summary>
/// A table of images: .csv (comma) or .tsv (tab), UTF-8, with a header. See <see cref="ManifestColumns"/> for what the
/// columns mean. Every fault is reported with its line.
/// </summary>
public static class Manifest
{
    /// <summary>Opens the manifest at <paramref name="path"/>.</summary>
    /// <exception cref="DatasetException">A missing column or file, a target that is no number, an unknown split.</exception>
    public static Dataset Open(string path, ManifestColumns columns)
    {
        var rows = ReadRows(path, columns, out var header);
        if (rows.Count == 0)
        {
            throw new DatasetException($"{path}: no rows below the header; expected one row for each image");
        }

        RefuseContradictions(path, rows);
        var classes = rows.SelectMany(Labels).Distinct().Order(StringComparer.Ordinal).ToArray();
        RefuseUnknownLabels(path, rows, header);
        var index = classes.Select((name, i) => (name, i)).ToDictionary(pair => pair.name, pair => pair.i, StringComparer.Ordinal);
        var items = columns.AverageBy is null
            ? rows.Select(row => Item([row], index))
            : rows.GroupBy(row => row.Average!, StringComparer.Ordinal).Select(photos => Item(Agreeing(path, columns, header, [.. photos]), index));
        return new Dataset
        {
            Source = Path.GetFullPath(path),
            Items = [.. items],
            Classes = classes,
            NumberNames = columns.Numbers,
            IsMultiLabel = header.Labels is not null,
            IsRegression = header.Targets.Count > 0,
            TargetNames = header.Targets.Count > 1 ? header.Targets : [],
            HasOwnSplits = rows.Any(row => row.Split == Split.Test),
        };
    }

    private static List<ManifestRow> ReadRows(string path, ManifestColumns columns, out ManifestHeader header)
    {
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = Path.GetExtension(path).Equals(".tsv", StringComparison.OrdinalIgnoreCase) ? "\t" : ",",
            TrimOptions = TrimOptions.Trim,
        };
        try
        {
            using var text = new StreamReader(path);
            using var csv = new CsvReader(text, configuration);
            if (!csv.Read() || !csv.ReadHeader())
            {
                throw new DatasetException($"{path}: empty file; expected a header such as path,label and one row for each image");
            }

            header = ManifestHeader.Find(path, csv.HeaderRecord!, columns);
            var rows = new List<ManifestRow>();
            while (csv.Read())
            {
                rows.Add(ManifestRow.Read(path, csv, header));
            }

            return rows;
        }
        catch (Exception error) when (error is CsvHelperException or IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"{path}: cannot be read as a table ({error.Message.Split('\n')[0]})", error);
        }
    }

    private static DatasetItem Item(IReadOnlyList<ManifestRow> photos, Dictionary<string, int> index)
    {
        var first = photos[0];
        return new DatasetItem
        {
            Images = [.. photos.Select(photo => new ImageSource(photo.File))],
            Id = first.Average,
            Split = first.Split,
            Label = first.Label is null ? -1 : index[first.Label],
            LabelSet = [.. first.Labels.Select(name => index[name])],
            Target = first.Targets is [var target] ? target : double.NaN,
            Targets = first.Targets.Length > 1 ? first.Targets : [],
            Weight = first.Weight,
            Group = first.Group,
            Numbers = first.Numbers,
        };
    }

    // Photos of one item must agree on everything that is said of the item.
    private static ManifestRow[] Agreeing(string path, ManifestColumns columns, ManifestHeader header, ManifestRow[] photos)
    {
        var first = photos[0];
        foreach (var photo in photos)
        {
            var facts = new (string What, object? Here, object? There)[]
            {
                ("label", first.Label, photo.Label), ("labels", string.Join('|', first.Labels), string.Join('|', photo.Labels)),
                ("split", first.Split, photo.Split), ("group", first.Group, photo.Group), ("weight", first.Weight, photo.Weight),
            }.Concat(header.Targets.Select((name, i) => (What: header.Targets.Count == 1 ? "target" : name, Here: (object?)first.Targets[i], There: (object?)photo.Targets[i])))
            .Concat(columns.Numbers.Select((name, i) => (What: name, Here: (object?)first.Numbers[i], There: (object?)photo.Numbers[i])));
            if (facts.FirstOrDefault(fact => !Equals(fact.Here, fact.There)) is { What: { } what } differing)
            {
                throw new DatasetException(
                    $"{path}: lines {first.Line} and {photo.Line} have the same {columns.AverageBy} '{first.Average}' but differ in {what}, {differing.Here} and {differing.There}; photos of one item must agree");
            }
        }

        return photos;
    }

    private static void RefuseContradictions(string path, List<ManifestRow> rows)
    {
        var seen = new Dictionary<string, ManifestRow>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            if (!seen.TryAdd(row.File, row) && seen[row.File] is var earlier
                && (earlier.Answer != row.Answer || earlier.Split != row.Split))
            {
                throw new DatasetException(
                    $"{path}: lines {earlier.Line} and {row.Line} name the same file {row.File} with another label, target or split; keep one of them");
            }
        }
    }

    private static void RefuseUnknownLabels(string path, List<ManifestRow> rows, ManifestHeader header)
    {
        if (header.Split is null || !rows.Any(row => row.Split == Split.Train))
        {
            return;
        }

        var known = rows.Where(row => row.Split == Split.Train).SelectMany(Labels).ToHashSet();
        if (rows.Find(row => Labels(row).Except(known).Any()) is { } unknown)
        {
            throw new DatasetException(
                $"{path}: line {unknown.Line}: label '{Labels(unknown).Except(known).First()}' does not occur among the train rows; expected one of: {string.Join(", ", known.Order())}");
        }
    }

    private static IEnumerable<string> Labels(ManifestRow row) => row.Label is null ? row.Labels : [row.Label];
}
