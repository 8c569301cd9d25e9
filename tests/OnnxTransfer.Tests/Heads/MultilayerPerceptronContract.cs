using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

public sealed class MultilayerPerceptronContract : HeadContract
{
    protected override IHeadTrainer Trainer => new MultilayerPerceptron
    {
        Hidden = [16], LearningRate = 0.01, BatchSize = 32, Search = new EpochSearch { Maximum = 12, Patience = 3, Fallback = 12 }, Threads = 1,
    };

    // All rows in one step and nothing dropped: then a row twice is a row of weight 2.
    protected override IHeadTrainer Fixed => new MultilayerPerceptron
    {
        Hidden = [16], LearningRate = 0.01, BatchSize = 1000, Dropout = 0, Epochs = 40, Threads = 1,
    };

    protected override double Chance => 1.0 / 3;

    internal override EmbeddingSet Learnable(int rows, int width, long seed = 1) => Planted.Classes(rows, width, 3, seed: seed);

    internal override EmbeddingSet NoRows() => Learnable(3, 2).Subset([]);
}
