using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

public sealed class ConformalTrainerContract : HeadContract
{
    protected override IHeadTrainer Trainer => new ConformalTrainer(new QuantileRegression { Tolerance = 1e-6 }, 0.9);

    protected override IHeadTrainer Fixed => new ConformalTrainer(new QuantileRegression { L2 = 1e-2, Tolerance = 1e-7 }, 0.9) { Margin = 0.1 };

    protected override double Chance => 0;

    internal override EmbeddingSet Learnable(int rows, int width, long seed = 1) => Planted.Values(rows, width, seed: seed);

    internal override EmbeddingSet NoRows() => Learnable(3, 2).Subset([]);
}
