using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>How a backbone is loaded.</summary>
public sealed record BackboneSettings
{
    /// <summary>
    /// The taps that make the embedding, in this order, such as "layer3" or, with another pooling than described,
    /// "layer3:average"; null: those of the description.
    /// </summary>
    public IReadOnlyList<string>? Taps { get; init; }

    /// <summary>Pooling of all taps that do not name their own; null: as described.</summary>
    public TapPooling? Pooling { get; init; }

    /// <summary>Images per run; 0: 8 on the CPU, where more gains nothing, 64 on a GPU.</summary>
    public int BatchSize { get; init; }

    /// <summary>Threads that share one run on the CPU; 0: one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>Number of the GPU.</summary>
    public int Device { get; init; }

    /// <summary>Whether a GPU may round to TF32; the embeddings then count as different ones.</summary>
    public bool AllowTf32 { get; init; }

    /// <summary>Where backbones are looked for; null: <see cref="BackboneCatalogue.Default"/>.</summary>
    public BackboneCatalogue? Catalogue { get; init; }

    internal SessionSettings SessionOn(ExecutionProvider provider) => new()
    {
        Provider = provider,
        BatchSize = BatchSize > 0 ? BatchSize : 8,
        CudaBatchSize = BatchSize > 0 ? BatchSize : 64,
        Threads = Threads,
        Device = Device,
        AllowTf32 = AllowTf32,
    };
}
