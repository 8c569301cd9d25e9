using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

public sealed class LinearSvmContract : HeadContract
{
    protected override IHeadTrainer Trainer => new LinearSvm();

    protected override IHeadTrainer Fixed => new LinearSvm { L2 = 1e-2, Temperature = 1, Tolerance = 1e-7 };

    protected override double Chance => 1.0 / 3;

    internal override EmbeddingSet Learnable(int rows, int width, long seed = 1) => Planted.Classes(rows, width, 3, seed: seed);

    internal override EmbeddingSet NoRows() => Learnable(3, 2).Subset([]);
}
