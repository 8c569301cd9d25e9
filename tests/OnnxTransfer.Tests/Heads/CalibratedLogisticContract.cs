using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

public sealed class CalibratedLogisticContract : HeadContract
{
    protected override IHeadTrainer Trainer => new CalibratedTrainer(new LogisticRegression());

    protected override IHeadTrainer Fixed => new CalibratedTrainer(new LogisticRegression { L2 = 1e-2, Tolerance = 1e-7 }) { Temperature = 1.7 };

    protected override double Chance => 1.0 / 3;

    internal override EmbeddingSet Learnable(int rows, int width, long seed = 1) => Planted.Classes(rows, width, 3, distance: 1, seed: seed);

    internal override EmbeddingSet NoRows() => Learnable(3, 2).Subset([]);
}
