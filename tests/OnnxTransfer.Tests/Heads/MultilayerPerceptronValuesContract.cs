using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Tests.Heads;

public sealed class MultilayerPerceptronValuesContract : HeadContract
{
    protected override IHeadTrainer Trainer => new MultilayerPerceptron
    {
        Hidden = [16], LearningRate = 0.02, BatchSize = 16, Dropout = 0.1, Search = new EpochSearch { Maximum = 20, Patience = 3, Fallback = 20 }, Threads = 1,
    };

    protected override IHeadTrainer Fixed => new MultilayerPerceptron
    {
        Hidden = [16], LearningRate = 0.01, BatchSize = 1000, Dropout = 0, Epochs = 40, Threads = 1,
    };

    protected override double Chance => 0;

    internal override EmbeddingSet Learnable(int rows, int width, long seed = 1) => Planted.Values(rows, width, seed: seed);

    internal override EmbeddingSet NoRows() => Learnable(3, 2).Subset([]);
}
