using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

/// <summary>Mixed with itself as source, a set is learned like any other. Its validation rows are in the source too: a weak L2 would always win.</summary>
public sealed class MixedTrainerContract : HeadContract
{
    protected override IHeadTrainer Trainer => new MixedWithItself(new LogisticRegression { Search = new L2Search { Minimum = 1e-3 } });

    protected override IHeadTrainer Fixed => new MixedWithItself(new LogisticRegression { L2 = 1e-2, Tolerance = 1e-7 });

    protected override double Chance => 1.0 / 3;

    internal override EmbeddingSet Learnable(int rows, int width, long seed = 1) => Planted.Classes(rows, width, 3, seed: seed);

    internal override EmbeddingSet NoRows() => Learnable(3, 2).Subset([]);
}
