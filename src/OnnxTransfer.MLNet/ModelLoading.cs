using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;

namespace OnnxTransfer.MLNet;

/// <summary>How a context opens the backbones of the models it loads.</summary>
public sealed record ModelLoading
{
    /// <summary>What shall run them.</summary>
    public ExecutionProvider Provider { get; init; } = ExecutionProvider.Auto;

    /// <summary>Where they are looked for by name before the place they had when the model was saved; null: <see cref="BackboneCatalogue.Default"/>.</summary>
    public BackboneCatalogue? Catalogue { get; init; }

    /// <summary>The folder of the cache; null: that of the saved model.</summary>
    public string? CacheFolder { get; init; }
}
