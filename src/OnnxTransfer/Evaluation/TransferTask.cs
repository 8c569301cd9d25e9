using OnnxTransfer.Datasets;

namespace OnnxTransfer.Evaluation;

/// <summary>What a <see cref="TransferWay"/> is to learn from, and what it is to answer.</summary>
public sealed record TransferTask
{
    /// <summary>The labelled items of this task, all marked as train items, and all test items, in the order of the study's data set.</summary>
    public required Dataset Data { get; init; }

    /// <summary>Where its train items stand among the items of the study's data set; ascending.</summary>
    public required int[] Train { get; init; }

    /// <summary>Where the test items stand there; ascending. The answers are in this order.</summary>
    public required int[] Test { get; init; }

    /// <summary>The share of the labels this task may use, above 0, at most 1.</summary>
    public required double Share { get; init; }

    /// <summary>Which drawing of labels this is, from 0 on.</summary>
    public required int Repeat { get; init; }

    /// <summary>Decides whatever the way draws; another in each repeat.</summary>
    public required long Seed { get; init; }

    /// <summary>True for the largest share.</summary>
    public required bool IsWhole { get; init; }

    /// <summary>True where what the source task lost is measured too: once, with the largest share of the first drawing.</summary>
    public bool MeasuresSource => IsWhole && Repeat == 0;

    /// <summary>32 hexadecimal digits, the same for the same way, settings, items and seed: names a checkpoint, say.</summary>
    public required string Key { get; init; }
}
