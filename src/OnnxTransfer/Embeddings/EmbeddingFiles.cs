using System.Runtime.InteropServices;
using System.Text;

namespace OnnxTransfer.Embeddings;

/// <summary>Writes a run's embeddings for other programs: one .npy and, beside it, one .csv.</summary>
public static class EmbeddingFiles
{
    /// <summary>
    /// Writes <paramref name="path"/> (float32, N x D, items in data set order; items that failed are not among them)
    /// and, under the same name with .csv, columns path, label (or target) and split. Rows are streamed.
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
        text.Write(run.Dataset.IsRegression ? "path,target,split\n" : "path,label,split\n");
        foreach (var item in run.Items)
        {
            var answer = run.Dataset.IsRegression ? $"{item.Target:R}" : item.Label < 0 ? "" : run.Dataset.Classes[item.Label];
            text.Write($"{Quoted(item.Name)},{Quoted(answer)},{item.Split.ToString().ToLowerInvariant()}\n");
        }
    }

    // RFC 4180.
    private static string Quoted(string text) =>
        text.AsSpan().ContainsAny(",\"\n\r") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
