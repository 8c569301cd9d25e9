using OnnxTransfer.Evaluation;
using OnnxTransfer.Onnx.Quantization;

namespace OnnxTransfer.Export;

/// <summary>What quantising a backbone gave.</summary>
public sealed record QuantizationReport
{
    /// <summary>Name of the float32 backbone.</summary>
    public required string Backbone { get; init; }

    /// <summary>Name of the int8 one.</summary>
    public required string Name { get; init; }

    /// <summary>The int8 file, or where it would have been.</summary>
    public required string Path { get; init; }

    /// <summary>Whether it was written.</summary>
    public required bool Written { get; init; }

    /// <summary>What did not pass the gate, a message each; empty where everything did.</summary>
    public required IReadOnlyList<string> Failures { get; init; }

    /// <summary>Whether it passed.</summary>
    public bool Accepted => Failures.Count == 0;

    /// <summary>Images calibrated on.</summary>
    public required int CalibrationImages { get; init; }

    /// <summary>How embeddings of held-out images agree with float32's.</summary>
    public required EmbeddingAgreement Agreement { get; init; }

    /// <summary>The same for each tap that the file offers; each must pass.</summary>
    public required IReadOnlyList<TapCosine> Taps { get; init; }

    /// <summary>What a linear probe loses; null where none could be fitted.</summary>
    public ProbeLoss? Probe { get; init; }

    /// <summary>Why there is no probe; null where there is one.</summary>
    public string? NoProbe { get; init; }

    /// <summary>Speed of float32 against int8.</summary>
    public required SpeedComparison Speed { get; init; }

    /// <summary>Bytes of the float32 file, with what the int8 one leaves out, such as the classifier.</summary>
    public required long Bytes { get; init; }

    /// <summary>Bytes of the int8 file.</summary>
    public required long Int8Bytes { get; init; }

    /// <summary>The layers of the network, with those that stay in float32 and why.</summary>
    public required IReadOnlyList<Int8Layer> Layers { get; init; }

    /// <summary>Further operators in float32, and how often.</summary>
    public required IReadOnlyDictionary<string, int> Others { get; init; }

    /// <summary>Layers that lose most when in int8, by the mean of 1 - cosine that their staying in float32 gains; empty where not asked for.</summary>
    public IReadOnlyList<(string Layer, double Gain)> Sensitivity { get; init; } = [];
}
