using System.Runtime.InteropServices;
using System.Text;
using OnnxTransfer.Datasets;

namespace OnnxTransfer.Embeddings;

/// <summary>Writes a run's embeddings for other programs: one .npy and, beside it, one .csv.</summary>
public static class EmbeddingFiles
{
    /// <summary>
    /// Writes <paramref name="path"/> (float32, N x D, items in data set order; items that failed are not among them)
    /// and, under the same name with .csv, columns path, label (or labels, or the targets) and split. Rows are streamed.
    /// </summary>
    /// <exception cref="CacheException">A file cannot be written.</exception>
    public static string Write(EmbedRun run, string path)
    {
        AtomicFile.Write(path, stream =>
        {
            stream.Write(NpyFile.Header(NpyFile.Float32, run.Items.Count, run.Width));
            var row = new float[run.Width];
            for (var i = 0; i < run.Items.Count; i++)
            {
                run.CopyRow(i, row);
                stream.Write(MemoryMarshal.AsBytes(row.AsSpan()));
            }
        });
        var table = Path.ChangeExtension(path, ".csv");
        AtomicFile.Write(table, stream => WriteTable(run, stream));
        return table;
    }

    /// <summary>Writes failed images with their reasons as a .csv with columns file and reason.</summary>
    public static void WriteFailures(IReadOnlyList<EmbedFailure> failures, string path) => AtomicFile.Write(path, stream =>
    {
        using var text = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true);
        text.Write("file,reason\n");
        foreach (var failure in failures)
        {
            text.Write($"{Quoted(failure.Name)},{Quoted(failure.Reason)}\n");
        }
    });

    private static void WriteTable(EmbedRun run, Stream stream)
    {
        using var text = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true);
        var data = run.Dataset;
        string[] answers = data.TargetNames.Count > 0 ? [.. data.TargetNames] : [data.IsRegression ? "target" : data.IsMultiLabel ? "labels" : "label"];
        text.Write($"path,{string.Join(',', answers.Select(Quoted))},split\n");
        foreach (var item in run.Items)
        {
            text.Write($"{Quoted(item.Name)},{string.Join(',', Answers(data, item).Select(Quoted))},{item.Split.ToString().ToLowerInvariant()}\n");
        }
    }

    private static IEnumerable<string> Answers(Dataset data, DatasetItem item) =>
        data.TargetNames.Count > 0 ? item.Targets.Select(target => $"{target:R}")
        : data.IsRegression ? [$"{item.Target:R}"]
        : data.IsMultiLabel ? [string.Join('|', item.LabelSet.Select(label => data.Classes[label]))]
        : [item.Label < 0 ? "" : data.Classes[item.Label]];

    // RFC 4180.
    private static string Quoted(string text) =>
        text.AsSpan().ContainsAny(",\"\n\r") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
