using Microsoft.ML;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.MLNet;

/// <summary>Embeddings as ML.NET sees them.</summary>
public static class EmbeddingSetExtensions
{
    /// <summary>
    /// The set as rows of <see cref="EmbeddingColumns"/>, to fit ML.NET's trainers on. Nothing is copied but the row that
    /// a cursor stands on; the set must stay as it is, and what holds its rows open, while the view is used.
    /// </summary>
    public static IDataView ToDataView(this EmbeddingSet set) => new EmbeddingDataView(set);

    /// <summary>
    /// What a run embedded, or found in the cache, as rows of <see cref="EmbeddingColumns"/>, read from the cache's memory
    /// map (see <see cref="EmbedRun.ToSet"/>). Valid until the cache is disposed.
    /// </summary>
    public static IDataView ToDataView(this EmbedRun run) => run.ToSet().ToDataView();
}
