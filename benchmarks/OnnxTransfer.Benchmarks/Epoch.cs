using BenchmarkDotNet.Attributes;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// One epoch of a perceptron 512 -> 256 -> 10 over 10,000 planted embeddings in batches of 128, the making of its step graph
/// included: what peers/mlp_torch.py does.
/// </summary>
public class Epoch
{
    private const int Rows = 10_000, Width = 512, Classes = 10;
    private static readonly MultilayerPerceptron Trainer = new() { Epochs = 1, LearningRate = 3e-4, Dropout = 0.5, WeightDecay = 1e-2, BatchSize = 128 };

    private EmbeddingSet set = null!;

    /// <summary>Gaussian clouds around random centres, 0.1 apart in every column.</summary>
    [GlobalSetup]
    public void Plant()
    {
        var random = new SeededRandom(1);
        double[] centres = [.. Enumerable.Range(0, Classes * Width).Select(_ => 0.1 * random.NextGaussian())];
        var matrix = new Matrix(Rows, Width);
        for (int i = 0; i < Rows; i++)
        {
            for (int j = 0; j < Width; j++)
            {
                matrix.Row(i)[j] = (float)(centres[(i % Classes * Width) + j] + random.NextGaussian());
            }
        }

        set = new EmbeddingSet
        {
            Rows = matrix,
            Labels = [.. Enumerable.Range(0, Rows).Select(i => i % Classes)],
            Classes = [.. Enumerable.Range(0, Classes).Select(c => $"class {c}")],
        };
    }

    [Benchmark(Baseline = true)]
    public MlpHead PerceptronOneThread() => Run(1);

    [Benchmark]
    public MlpHead Perceptron() => Run(0);

    internal MlpHead Run(int threads) => (Trainer with { Threads = threads }).Fit(set);
}
