using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Benchmarks;

/// <summary>Heads on 10,000 planted embeddings of width 512: what peers/probe_sklearn.py fits.</summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class Fit
{
    private const int Rows = 10_000, Width = 512, Classes = 10;
    private const double L2 = 1e-3;

    private EmbeddingSet set = null!;

    /// <summary>Gaussian clouds around random centres, 0.1 apart in every column; a target that is a noisy combination of the columns.</summary>
    [GlobalSetup]
    public void Plant()
    {
        var random = new SeededRandom(1);
        double[] centres = [.. Enumerable.Range(0, Classes * Width).Select(_ => 0.1 * random.NextGaussian())];
        double[] slopes = [.. Enumerable.Range(0, Width).Select(_ => random.NextGaussian())];
        var matrix = new Matrix(Rows, Width);
        var targets = new double[Rows];
        for (int i = 0; i < Rows; i++)
        {
            for (int j = 0; j < Width; j++)
            {
                matrix.Row(i)[j] = (float)(centres[(i % Classes * Width) + j] + random.NextGaussian());
                targets[i] += slopes[j] * matrix[i][j];
            }

            targets[i] += 3 * random.NextGaussian();
        }

        set = new EmbeddingSet
        {
            Rows = matrix,
            Labels = [.. Enumerable.Range(0, Rows).Select(i => i % Classes)],
            Targets = targets,
            Classes = [.. Enumerable.Range(0, Classes).Select(c => $"class {c}")],
        };
    }

    [Benchmark(Baseline = true), BenchmarkCategory("Logistic")]
    public LinearHead LogisticOneThread() => new LogisticRegression { L2 = L2, Threads = 1 }.Fit(set with { Targets = [] });

    [Benchmark, BenchmarkCategory("Logistic")]
    public LinearHead Logistic() => new LogisticRegression { L2 = L2 }.Fit(set with { Targets = [] });

    /// <summary>Less than 1e-6 of the objective above the optimum, the last iterations in float64: scikit-learn's default tolerance does the same.</summary>
    [Benchmark, BenchmarkCategory("Logistic")]
    public LinearHead LogisticTight() => new LogisticRegression { L2 = L2, Tolerance = 1e-6 }.Fit(set with { Targets = [] });

    /// <summary>The field's protocol: 45 values judged on a fifth of the rows, the best fitted on all.</summary>
    [Benchmark, BenchmarkCategory("Logistic")]
    public LinearHead LogisticPath() => new LogisticRegression { Search = L2Search.Field }.Fit(set with { Targets = [] });

    [Benchmark(Baseline = true), BenchmarkCategory("Ridge")]
    public LinearHead RidgeOneThread() => new RidgeRegression { L2 = L2, Threads = 1 }.Fit(set with { Labels = [], Classes = [] });

    [Benchmark, BenchmarkCategory("Ridge")]
    public LinearHead Ridge() => new RidgeRegression { L2 = L2 }.Fit(set with { Labels = [], Classes = [] });

    /// <summary>The same 45 values, from one decomposition.</summary>
    [Benchmark, BenchmarkCategory("Ridge")]
    public LinearHead RidgePath() => new RidgeRegression { Search = L2Search.Field }.Fit(set with { Labels = [], Classes = [] });

    /// <summary>The temperature given, so that one fit is measured.</summary>
    [Benchmark, BenchmarkCategory("Svm")]
    public LinearHead Svm() => new LinearSvm { L2 = L2, Temperature = 1 }.Fit(set with { Targets = [] });

    [Benchmark, BenchmarkCategory("Huber")]
    public LinearHead Huber() => new HuberRegression { L2 = L2 }.Fit(set with { Labels = [], Classes = [] });

    /// <summary>Three quantiles at once; scikit-learn's one is a linear programme that takes minutes.</summary>
    [Benchmark, BenchmarkCategory("Quantile")]
    public QuantileHead Quantile() => new QuantileRegression { L2 = L2 }.Fit(set with { Labels = [], Classes = [] });

    [Benchmark, BenchmarkCategory("Centroid")]
    public IHead Centroid() => new NearestCentroid { Temperature = 1 }.Fit(set with { Targets = [] });

    [Benchmark, BenchmarkCategory("Lda")]
    public LinearHead Lda() => new LinearDiscriminant().Fit(set with { Targets = [] });
}
