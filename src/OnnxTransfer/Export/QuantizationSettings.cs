using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Onnx.Quantization;

namespace OnnxTransfer.Export;

/// <summary>How a backbone is quantised, and what it must keep to be accepted.</summary>
public sealed record QuantizationSettings
{
    /// <summary>In <see cref="Keep"/>: the first layer that multiplies.</summary>
    public const string First = "first";

    /// <summary>In <see cref="Keep"/>: the last one.</summary>
    public const string Last = "last";

    /// <summary>How activations get their ranges.</summary>
    public CalibrationMethod Method { get; init; } = CalibrationMethod.Percentile;

    /// <summary>Per cent of an activation's values that its range covers, by <see cref="CalibrationMethod.Percentile"/>.</summary>
    public double Percentile { get; init; } = 99.99;

    /// <summary>Images to calibrate on, at most; drawn from those that are not held out.</summary>
    public int Images { get; init; } = 256;

    /// <summary>Images to measure on that no calibration sees; null: the data set's own test items, or else a part that is drawn.</summary>
    public Dataset? HeldOut { get; init; }

    /// <summary>Held-out images, at most.</summary>
    public int HeldOutImages { get; init; } = 2000;

    /// <summary>Images the linear probes are fitted on, at most; 0: no probe.</summary>
    public int ProbeImages { get; init; } = 4000;

    /// <summary>The least mean cosine between int8 and float32 embeddings of held-out images.</summary>
    public double MinCosine { get; init; } = 0.99;

    /// <summary>The most points of accuracy that a linear probe may lose.</summary>
    public double MaxLoss { get; init; } = 0.5;

    /// <summary>
    /// Layers that stay in float32: the tensors they give, <see cref="First"/> or <see cref="Last"/>. The first by default:
    /// it sees the pixels, whose rounding all others inherit, and its three channels fill no 8-bit kernel.
    /// </summary>
    public IReadOnlyList<string> Keep { get; init; } = [First];

    /// <summary>
    /// Whether, where the gate is not passed, the layers that lose most stay in float32 too: 1, 2, 4 ... of them until it is.
    /// </summary>
    public bool KeepWorst { get; init; }

    /// <summary>Weights of 7 bits, for processors without VNNI.</summary>
    public bool ReduceRange { get; init; }

    /// <summary>Whether a backbone that does not pass is written all the same.</summary>
    public bool Force { get; init; }

    /// <summary>What the int8 backbone is called; null: the name of its file.</summary>
    public string? Name { get; init; }

    /// <summary>Decides which images are drawn.</summary>
    public int Seed { get; init; }

    /// <summary>Threads that share one run; 0: one for each processor.</summary>
    public int Threads { get; init; }

    /// <summary>Where backbones are looked for; null: <see cref="BackboneCatalogue.Default"/>.</summary>
    public BackboneCatalogue? Catalogue { get; init; }

    /// <summary>Told what is being done, a line each.</summary>
    public Action<string>? Progress { get; init; }

    /// <summary>Told how far embedding is.</summary>
    public IProgress<EmbedProgress>? EmbedProgress { get; init; }

    /// <summary>Turns that each backbone gets when speed is compared.</summary>
    internal int SpeedRounds { get; init; } = 7;
}
