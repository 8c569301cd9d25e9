using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

public sealed class LinearDiscriminantContract : HeadContract
{
    protected override IHeadTrainer Trainer => new LinearDiscriminant();

    protected override IHeadTrainer Fixed => new LinearDiscriminant { Shrinkage = 0.1 };

    protected override double Chance => 1.0 / 3;

    internal override EmbeddingSet Learnable(int rows, int width, long seed = 1) => Planted.Classes(rows, width, 3, seed: seed);

    internal override EmbeddingSet NoRows() => Learnable(3, 2).Subset([]);
}
