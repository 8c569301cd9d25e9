using Microsoft.ML;
using Microsoft.ML.Trainers;

namespace OnnxTransfer.MLNet;

/// <summary>What an algorithm makes its ML.NET trainer from.</summary>
/// <param name="ML">The context of this fit, seeded.</param>
/// <param name="Settings">What was asked for.</param>
/// <param name="Rows">N.</param>
/// <param name="WeightColumn">The column of weights, which are 1 on average; null where all are 1.</param>
internal sealed record FitContext(MLContext ML, MlNetTrainer Settings, int Rows, string? WeightColumn)
{
    /// <summary>
    /// ML.NET's trees want 10 rows in a leaf, whatever the size of the set; a twentieth of the rows where that is less, or
    /// small sets and rare classes would be split nowhere.
    /// </summary>
    public int RowsPerLeaf => Math.Clamp(Rows / 20, 1, 10);

    /// <summary>The options with the columns they learn from.</summary>
    public T With<T>(T options)
        where T : TrainerInputBase
    {
        options.FeatureColumnName = EmbeddingColumns.Embedding;
        switch (options)
        {
            case TrainerInputBaseWithWeight weighted:
                weighted.ExampleWeightColumnName = WeightColumn;
                break;
            case LinearSvmTrainer.Options weighted:
                weighted.ExampleWeightColumnName = WeightColumn;
                break;
        }

        return options;
    }
}
