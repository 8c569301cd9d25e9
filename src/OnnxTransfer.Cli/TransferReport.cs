using System.Globalization;
using OnnxTransfer.Backbones;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using Spectre.Console;

namespace OnnxTransfer.Cli;

/// <summary>What <c>evaluate --transfer</c> tells people: the table, and what it comes to.</summary>
internal sealed class TransferReport(Terminal terminal, EmbedRun run, Backbone backbone, TransferResult result, IReadOnlyList<string> ways)
{
    /// <summary>The columns: what is measured, of which way, on how many labels.</summary>
    public string[] Columns => ["labels", "way", result.MeasureName, "95 %", "transfer gain", "95 %", "transfer rate", "95 %", "training s"];

    /// <summary>A row for every way and share; gain and rate are over scratch with the same labels.</summary>
    public IEnumerable<string[]> Rows => result.Points.Select(point =>
    {
        var labels = string.Create(CultureInfo.InvariantCulture, $"{point.Labels} ({100 * point.Share:0.##} %)");
        if (double.IsNaN(point.Performance))
        {
            return [labels, point.Way, "failed", "", "", "", "", "", ""];
        }

        var transfer = result.Compare(point.Way, TransferWay.Scratch, point.Share);
        return new[]
        {
            labels, point.Way, Number(point.Performance, "0.0000") + (point.Deviation is { } deviation ? $" ± {Number(deviation, "0.0000")}" : ""), $"{point.Interval}",
            transfer is null ? "" : Number(transfer.Gain, "+0.0000;-0.0000;0.0000"), transfer is null ? "" : $"{transfer.GainInterval}",
            transfer is null ? "" : Rate(transfer.Rate), transfer is null || double.IsNaN(transfer.Rate) ? "" : $"{Rate(transfer.RateInterval.Low)} to {Rate(transfer.RateInterval.High)}",
            Number(point.Seconds, "0.0"),
        };
    });

    /// <summary>What the table's reader should know.</summary>
    public IEnumerable<string> Legend =>
    [
        $"data: {Path.GetFileName(run.Dataset.Source)}, {(run.Dataset.Classes.Count > 0 ? $"{run.Dataset.Classes.Count} classes" : "numbers to predict")}, {result.Points[^1].Labels} labels at most",
        string.Create(CultureInfo.InvariantCulture, $"measured on {result.TestItems} test items; intervals: 95 % bootstrap over them, of gain and rate in pairs"),
        string.Create(CultureInfo.InvariantCulture,
            $"backbone {backbone.Description.Name} on {backbone.Provider.ToString().ToLowerInvariant()}; embedding took {run.Report.Seconds:0.0} s ({run.Report.Embedded} of {run.Report.Images} images, the others from the cache), apart from the training"),
        .. ways,
    ];

    /// <summary>What it comes to.</summary>
    public IReadOnlyList<string> Verdict => result.Verdict;

    /// <summary>What the ways with all labels had to say.</summary>
    public IEnumerable<string> Notes => result.Points.Where(point => point.Share == result.Whole).SelectMany(point => point.Notes.Select(note => $"{point.Way}: {note}"));

    public void Write()
    {
        var table = new Table().AddColumns(Columns);
        foreach (var row in Rows)
        {
            table.AddRow(Array.ConvertAll(row, Markup.Escape));
        }

        terminal.Write(table);
        foreach (var line in Verdict.Concat(Legend).Concat(Notes.Select(note => $"note: {note}")))
        {
            terminal.Out.WriteLine(line);
        }
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Rate(double value) => double.IsNaN(value) ? "none" : double.IsInfinity(value) ? "no end" : Number(value, "0.0000");
}
