using BenchmarkDotNet.Attributes;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Benchmarks;

/// <summary>Answers to 1,000 queries from their 10 nearest among 20,000 rows of width 512: what peers/probe_sklearn.py finds.</summary>
public class Nearest
{
    private const int Rows = 20_000, Queries = 1000, Width = 512, Classes = 10;

    private readonly Matrix queries = new(Queries, Width);
    private NeighbourHead oneThread = null!;
    private NeighbourHead euclidean = null!;
    private NeighbourHead cosine = null!;

    [GlobalSetup]
    public void Plant()
    {
        var random = new SeededRandom(1);
        var rows = new Matrix(Rows, Width);
        foreach (var matrix in new[] { rows, queries })
        {
            foreach (ref float value in matrix.Values.AsSpan())
            {
                value = (float)random.NextGaussian();
            }
        }

        var set = new EmbeddingSet
        {
            Rows = rows,
            Labels = [.. Enumerable.Range(0, Rows).Select(i => i % Classes)],
            Classes = [.. Enumerable.Range(0, Classes).Select(c => $"class {c}")],
        };
        var trainer = new NearestNeighbours { Neighbours = 10 };
        oneThread = (trainer with { Threads = 1 }).Fit(set);
        euclidean = trainer.Fit(set);
        cosine = (trainer with { Distance = Distance.Cosine }).Fit(set);
    }

    [Benchmark(Baseline = true)]
    public Matrix NeighboursOneThread() => oneThread.Predict(queries);

    [Benchmark]
    public Matrix Neighbours() => euclidean.Predict(queries);

    [Benchmark]
    public Matrix NeighboursByCosine() => cosine.Predict(queries);
}
