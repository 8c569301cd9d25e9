using Microsoft.ML;
using OnnxTransfer.Backbones;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.MLNet;

/// <summary>Embedding as a transform of ML.NET's catalogue.</summary>
public static class EmbedImagesCatalog
{
    /// <summary>
    /// Appends the embedding of the image that each row names: a vector of <see cref="Backbone.Width"/> floats. Rows are read
    /// ahead and embedded in batches; what the cache has is looked up. All other columns pass as they are.
    /// </summary>
    /// <param name="catalog"><c>mlContext.Transforms</c>.</param>
    /// <param name="outputColumnName">The column to append.</param>
    /// <param name="inputColumnName">A text column of paths.</param>
    /// <param name="backbone">Must stay open while the pipeline or its model is used.</param>
    /// <param name="cache">Must stay open likewise.</param>
    /// <param name="settings">Where relative paths start, and what becomes of images that fail.</param>
    public static EmbedImagesEstimator EmbedImages(
        this TransformsCatalog catalog, string outputColumnName, string inputColumnName, Backbone backbone, EmbeddingCache cache, EmbedImagesSettings? settings = null) =>
        new(outputColumnName, inputColumnName, backbone, cache, settings ?? new EmbedImagesSettings());
}
