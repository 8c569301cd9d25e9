using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>How a backbone was fine-tuned.</summary>
public sealed record FineTuningReport
{
    /// <summary>As of any head: rows, seconds, settings for a model card, notes; the chosen setting is the epoch of the best weights.</summary>
    public required FitReport Fit { get; init; }

    /// <summary>What was trained: layer4, all, behind-TENSOR.</summary>
    public required string Part { get; init; }

    /// <summary>The last tensor of the frozen part; null where nothing was frozen.</summary>
    public string? FrozenTensor { get; init; }

    /// <summary>What happened in each epoch.</summary>
    public required IReadOnlyList<EpochReport> Epochs { get; init; }

    /// <summary>The epoch, from 0 on, whose weights were kept.</summary>
    public required int Best { get; init; }

    /// <summary>Mean loss of the validation rows with the head that was fitted first, before any weight of the backbone moved; NaN without such rows.</summary>
    public double HeadFirst { get; init; } = double.NaN;

    /// <summary>The same with the weights that were kept.</summary>
    public double FineTuned { get; init; } = double.NaN;

    /// <summary>Images whose frozen part was computed, not found in the cache.</summary>
    public int Embedded { get; init; }

    /// <summary>Of the fit's seconds, those in which the frozen part was computed or found in the cache.</summary>
    public double SecondsFrozen { get; init; }

    /// <summary>Numbers that were trained, the head's included.</summary>
    public long Weights { get; init; }

    /// <summary>The new backbone's file.</summary>
    public required string BackbonePath { get; init; }
}
