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

    /// <summary>
    /// Mean loss of the validation rows with the head that was fitted first, before any weight of the backbone moved; NaN without such rows. In nats
    /// for classes and labels; for numbers in squared standard deviations of the train rows' targets (or by Huber's measure).
    /// </summary>
    public double HeadFirst { get; init; } = double.NaN;

    /// <summary>The same, in the same unit, with the weights that were kept.</summary>
    public double FineTuned { get; init; } = double.NaN;

    /// <summary>Images whose frozen part was computed, not found in the cache.</summary>
    public int Embedded { get; init; }

    /// <summary>Of the fit's seconds, those in which images became rows: the frozen part was computed or found in the cache; or, where nothing is frozen, images were decoded.</summary>
    public double SecondsFrozen { get; init; }

    /// <summary>Numbers that were trained, the head's included.</summary>
    public long Weights { get; init; }

    /// <summary>The new backbone's file.</summary>
    public required string BackbonePath { get; init; }

    /// <summary>
    /// The file that still holds the training's state, so that the same fit gives its result again at once should what comes after it fail.
    /// Delete it when the result is safe. Null where <see cref="TrainingSettings.Checkpoint"/> named one, which is the caller's.
    /// </summary>
    public string? Checkpoint { get; init; }

    /// <summary>Where, how and why the training diverged: the weights are those of the best epoch before. Null where it did not.</summary>
    public string? Diverged { get; init; }
}
