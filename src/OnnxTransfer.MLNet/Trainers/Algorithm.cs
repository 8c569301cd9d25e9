using Microsoft.ML;
using OnnxTransfer.Heads;

namespace OnnxTransfer.MLNet;

/// <summary>One trainer of ML.NET: its name here, what it can do, how it is made.</summary>
internal sealed record Algorithm(
    string Name,
    HeadTask Task,
    Knobs Knows,
    Func<FitContext, IEstimator<ISingleFeaturePredictionTransformer<object>>> Make)
{
    /// <summary>Whether it learns one class against the others, so that a model is fitted per class.</summary>
    public bool OneVersusAll { get; init; }

    /// <summary>Whether rows may weigh differently.</summary>
    public bool Weighted { get; init; } = true;

    /// <summary>For values: whether it fits the logarithm of the expected target, which must not be negative.</summary>
    public bool LogLink { get; init; }

    /// <summary>Whether its head can be written as ONNX.</summary>
    public bool Exported { get; init; } = true;

    /// <summary>The native library it needs and the package that brings it; null: none.</summary>
    public string? Native { get; init; }

    /// <summary>Whether it learns from standardised columns, where that is not switched off.</summary>
    public bool Standardises => (Knows & Knobs.Standardise) != 0;
}
