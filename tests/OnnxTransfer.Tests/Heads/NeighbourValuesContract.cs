using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

public sealed class NeighbourValuesContract : HeadContract
{
    protected override IHeadTrainer Trainer => new NearestNeighbours { Weighting = Weighting.InverseDistance };

    protected override IHeadTrainer Fixed => new NearestNeighbours { Neighbours = 2 };

    protected override double Chance => 0;

    internal override EmbeddingSet Learnable(int rows, int width, long seed = 1) => Planted.Values(rows, width, seed: seed);

    internal override EmbeddingSet NoRows() => Learnable(3, 2).Subset([]);
}
