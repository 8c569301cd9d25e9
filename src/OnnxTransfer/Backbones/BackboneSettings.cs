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

    /// <summary>Pooling of all taps that are feature maps and do not name their own; null: as described.</summary>
    public TapPooling? Pooling { get; init; }

    /// <summary>
    /// Whether the whole embedding of an image, all taps side by side, is divided by its Euclidean length. The cache keeps
    /// what the taps give: switching this embeds nothing anew.
    /// </summary>
    public bool L2Normalize { get; init; }

    /// <summary>Arithmetic of the network; embeddings of different precision count as different ones.</summary>
    public Precision Precision { get; init; }

    /// <summary>
    /// Images per run; 0: 8 on the CPU, or what a long run of the embedder measures to be faster, 64 on a GPU, or what the
    /// network's description fixes.
    /// </summary>
    public int BatchSize { get; init; }

    /// <summary>
    /// Threads that compute on the CPU; 0: one per processor. They share one run of <see cref="Backbone.Run"/>; while many
    /// images are embedded there are as many runs at once, each on one thread.
    /// </summary>
    public int Threads { get; init; }

    /// <summary>Number of the GPU.</summary>
    public int Device { get; init; }

    /// <summary>Numbers of several GPUs, each of which gets the whole network and its share of the batches; empty: <see cref="Device"/> alone.</summary>
    public IReadOnlyList<int> Devices { get; init; } = [];

    /// <summary>What else there is to say of a GPU.</summary>
    public GpuSettings Gpu { get; init; } = new();

    /// <summary>Whether a GPU may round to TF32; the embeddings then count as different ones.</summary>
    public bool AllowTf32 { get; init; }

    /// <summary>Where backbones are looked for; null: <see cref="BackboneCatalogue.Default"/>.</summary>
    public BackboneCatalogue? Catalogue { get; init; }

    internal int FirstDevice => Devices.Count > 0 ? Devices[0] : Device;

    internal SessionSettings SessionOn(ExecutionProvider provider, BackboneDescription description)
    {
        var only = description.Input.Batch;
        if (only > 0 && BatchSize > 0 && BatchSize != only)
        {
            throw new BackboneException($"backbone '{description.Name}': its graph takes {only} images at once and no other number, and batches of {BatchSize} were asked for; "
                + $"ask for {only}, or leave the batch size out");
        }

        var asked = Math.Max(only, BatchSize);
        return new()
        {
            Provider = provider,
            BatchSize = asked > 0 ? asked : 8,
            CudaBatchSize = asked > 0 ? asked : 64,
            Threads = Threads,
            Device = FirstDevice,
            Gpu = Gpu,
            AllowTf32 = AllowTf32,
        };
    }
}
