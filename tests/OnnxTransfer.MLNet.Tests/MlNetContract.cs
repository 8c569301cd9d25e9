using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Tests.Heads;

namespace OnnxTransfer.MLNet.Tests;

/// <summary>ML.NET's trainers are heads like all others; what of the contract they cannot keep, they say.</summary>
public abstract class MlNetContract : HeadContract
{
    /// <summary>What row weights do.</summary>
    protected enum Weighing
    {
        /// <summary>The same as repeated rows, as the contract has it.</summary>
        Exact,

        /// <summary>They pull; trees count rows in leaves and bins, stochastic fits end near the optimum, each at its own place.</summary>
        Rough,

        /// <summary>ML.NET's trainer knows none.</summary>
        Refused,
    }

    protected abstract MlNetTrainer Settings { get; }

    protected sealed override IHeadTrainer Trainer => Settings;

    protected sealed override IHeadTrainer Fixed => Settings;

    protected virtual Weighing Weights => Weighing.Exact;

    internal sealed override EmbeddingSet NoRows() => Learnable(3, 2).Subset([]);

    /// <summary>
    /// Rows that tell nothing of their answers, which are 0 and 1 by turns; those of <paramref name="heavy"/> weigh nine times
    /// as much. Returns the mean of what is predicted for 1.
    /// </summary>
    internal abstract double MeanWhereNothingTells(int heavy);

    public override void A_weight_of_2_is_a_row_twice_and_a_weight_of_0_no_row()
    {
        switch (Weights)
        {
            case Weighing.Exact:
                base.A_weight_of_2_is_a_row_twice_and_a_weight_of_0_no_row();
                break;
            case Weighing.Rough:
                Assert.InRange(MeanWhereNothingTells(heavy: 1) - MeanWhereNothingTells(heavy: 0), 0.2, 1);
                var set = Learnable(80, 5);
                float[] zeros = Trainer.Fit(set with { Weights = [.. Enumerable.Range(0, 80).Select(i => (double)(i / 3 % 2))] }).Predict(set.Rows).Values;
                Assert.Equal(Trainer.Fit(set.Subset([.. Enumerable.Range(0, 80).Where(i => i / 3 % 2 == 1)])).Predict(set.Rows).Values, zeros);
                break;
            default:
                string message = Assert.Throws<FitException>(() => MeanWhereNothingTells(1)).Message;
                Assert.StartsWith($"{Trainer.Kind} knows no weights, and rows have weights from 1 to 9; leave them out, or take one of ", message, StringComparison.Ordinal);
                break;
        }
    }

    internal static double[] Heavy(int heavy) => [.. Enumerable.Range(0, 200).Select(i => i % 2 == heavy ? 9.0 : 1.0)];
}
