using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

public sealed class CalibratedNeighboursContract : HeadContract
{
    protected override IHeadTrainer Trainer => new CalibratedTrainer(new NearestNeighbours { Neighbours = 5 });

    protected override IHeadTrainer Fixed => new CalibratedTrainer(new NearestNeighbours { Neighbours = 3 }) { Temperature = 1.7 };

    protected override double Chance => 1.0 / 3;

    internal override EmbeddingSet Learnable(int rows, int width, long seed = 1) =>
        Planted.Classes(rows, width, 3, distance: width == 1 ? 3 : 0.6, seed: seed); // clouds overlap, so that there is something to calibrate

    internal override EmbeddingSet NoRows() => Learnable(3, 2).Subset([]);
}
