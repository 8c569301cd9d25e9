using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

public sealed class RebalancedTrainerContract : HeadContract
{
    protected override IHeadTrainer Trainer => new RebalancedTrainer(new LogisticRegression(), Rebalancing.Balanced);

    protected override IHeadTrainer Fixed => new RebalancedTrainer(new LogisticRegression { L2 = 1e-2, Tolerance = 1e-7 }, Rebalancing.Balanced);

    protected override double Chance => 1.0 / 3;

    internal override EmbeddingSet Learnable(int rows, int width, long seed = 1) => Planted.Classes(rows, width, 3, seed: seed);

    internal override EmbeddingSet NoRows() => Learnable(3, 2).Subset([]);
}
