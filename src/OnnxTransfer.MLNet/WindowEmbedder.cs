using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.MLNet;

/// <summary>
/// Embeds windows of images through the pipeline of <see cref="Embedder"/> and its cache, one window at a time, since a window
/// takes all cores.
/// </summary>
internal sealed class WindowEmbedder(Backbone backbone, EmbeddingCache cache, EmbedImagesSettings settings)
{
    /// <summary>Why a row without a path has no embedding.</summary>
    public const string NoPath = "a row has no path of an image";

    private readonly Lock _lock = new();
    private readonly EmbedSettings _run = new() { MaxFailures = null, DecodeThreads = settings.DecodeThreads };
    private long _rows;
    private long _embedded;
    private long _runs;

    /// <summary>What was done until now.</summary>
    public EmbedImagesWork Work => new(Interlocked.Read(ref _rows), Interlocked.Read(ref _embedded), Interlocked.Read(ref _runs));

    /// <summary>The file that the text of a row names; null where it names none.</summary>
    public string? FullPath(string text) => string.IsNullOrWhiteSpace(text) || text.Contains('\0', StringComparison.Ordinal)
        ? null
        : Path.GetFullPath(Path.Combine(settings.ImageFolder ?? "", text));

    /// <summary>The embeddings of the images that these texts name, in their order.</summary>
    /// <exception cref="OnnxTransferException">The cache cannot be read or written, or the runtime failed.</exception>
    public EmbeddedRows Embed(string[] texts)
    {
        var items = Array.ConvertAll(texts, text => FullPath(text) is { } path ? new DatasetItem { Images = [new ImageSource(path)] } : null);
        lock (_lock)
        {
            var (rows, there, failures) = Run([.. items.OfType<DatasetItem>()]);
            var (index, reasons, row, failure) = (new int[texts.Length], new Dictionary<int, string>(), 0, 0);
            for (int i = 0; i < items.Length; i++)
            {
                // What is there and what failed both come in the order of the items.
                bool isThere = row < there.Count && ReferenceEquals(there[row], items[i]);
                index[i] = isThere ? row++ : -1;
                if (!isThere)
                {
                    reasons[i] = items[i] is null ? NoPath : failures[failure++].Reason;
                }
            }

            return new EmbeddedRows(rows, index, reasons, settings.FailedAsNaN);
        }
    }

    private (IRows Rows, IReadOnlyList<DatasetItem> There, IReadOnlyList<EmbedFailure> Failures) Run(DatasetItem[] items)
    {
        Interlocked.Add(ref _rows, items.Length);
        if (items.Length == 0)
        {
            return (new Matrix(0, backbone.Width), [], []);
        }

        try
        {
            var run = Embedder.Run(backbone, new Dataset { Source = "rows of a data view", Items = items }, cache, _run);
            Interlocked.Add(ref _embedded, run.Report.Embedded);
            Interlocked.Add(ref _runs, run.Report.Runs);
            return (run.ToSet().Rows, run.Items, run.Report.Failures);
        }
        catch (TooManyFailuresException error)
        {
            return (new Matrix(0, backbone.Width), [], error.Failures);
        }
    }
}
