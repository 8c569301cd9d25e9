using System.Diagnostics;
using System.Text.Json.Nodes;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// heads DATA HEAD: fits one head on the embeddings in DATA, as peers/heads_sklearn.py does, and prints one JSON line. Without
/// arguments: the heads there are. benchmarks/heads.py makes DATA and the table.
/// </summary>
internal static class HeadRun
{
    private const double L2 = 1e-3;

    private static readonly Dictionary<string, Func<IHeadTrainer>> Heads = new(StringComparer.Ordinal)
    {
        ["logistic"] = () => new LogisticRegression { L2 = L2 },
        ["logistic-tight"] = () => new LogisticRegression { L2 = L2, Tolerance = 1e-6 },
        ["svm"] = () => new LinearSvm { L2 = L2 },
        ["centroid"] = () => new NearestCentroid(),
        ["lda"] = () => new LinearDiscriminant(),
        ["knn"] = () => new NearestNeighbours { Neighbours = 10 },
        ["mlp"] = () => new MultilayerPerceptron { Hidden = [256], BatchSize = 128, Epochs = 10 },
        ["ridge"] = () => new RidgeRegression { L2 = L2 },
        ["huber"] = () => new HuberRegression { L2 = L2 },
        ["quantile"] = () => new QuantileRegression { L2 = L2 },
        ["knn-regression"] = () => new NearestNeighbours { Neighbours = 10 },
    };

    public static int Run(string[] arguments)
    {
#if HAS_MLNET
        foreach (string name in OnnxTransfer.MLNet.MlNetTrainer.Names)
        {
            Heads[$"mlnet:{name}"] = () => WithL2(OnnxTransfer.MLNet.MlNetTrainer.ByName(name));
        }
#endif
        if (arguments is not [var data, var head])
        {
            Console.WriteLine(string.Join('\n', Heads.Keys));
            return arguments.Length == 0 ? 0 : 2;
        }

        using var train = new MappedNpy(Path.Combine(data, "train.npy"));
        using var test = new MappedNpy(Path.Combine(data, "test.npy"));
        bool isClasses = File.Exists(Path.Combine(data, "classes"));
        var (fit, held) = (Set(train, Path.Combine(data, "train-answers.npy"), isClasses), Set(test, Path.Combine(data, "test-answers.npy"), isClasses));
        var clock = Stopwatch.StartNew();
        var (fitted, report) = Heads[head]().FitAndReport(fit);
        double fitSeconds = clock.Elapsed.TotalSeconds;
        var predicted = fitted.Predict(held.Rows);
        double predictSeconds = clock.Elapsed.TotalSeconds - fitSeconds;
        GC.KeepAlive(predicted);
        using var process = Process.GetCurrentProcess();
        double peak = process.PeakWorkingSet64 / 1e6;
        Console.WriteLine(new JsonObject
        {
            ["by"] = head.StartsWith("mlnet:", StringComparison.Ordinal) ? "ML.NET 5.0.0" : "OnnxTransfer",
            ["head"] = head,
            ["seconds"] = fitSeconds,
            ["predictSeconds"] = predictSeconds,
            ["objective"] = head.StartsWith("logistic", StringComparison.Ordinal) || head == "ridge" ? report.Objective : null,
            ["score"] = fitted.Evaluate(held).Main,
            ["peakMegabytes"] = peak,
        }.ToJsonString());
        return 0;
    }

#if HAS_MLNET
    // Not every trainer of ML.NET has a penalty.
    private static OnnxTransfer.MLNet.MlNetTrainer WithL2(OnnxTransfer.MLNet.MlNetTrainer trainer)
    {
        var penalised = trainer with { L2 = L2 };
        try
        {
            penalised.Check(trainer.Takes(HeadTask.Classes) ? HeadTask.Classes : HeadTask.Values);
            return penalised;
        }
        catch (FitException)
        {
            return trainer;
        }
    }
#endif

    private static EmbeddingSet Set(MappedNpy rows, string answers, bool isClasses)
    {
        using var read = new MappedNpy(answers);
        double[] values = new double[read.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = read[i][0];
        }

        return isClasses
            ? new EmbeddingSet { Rows = rows, Labels = Array.ConvertAll(values, value => (int)value), Classes = [.. Enumerable.Range(0, (int)values.Max() + 1).Select(c => $"class {c}")] }
            : new EmbeddingSet { Rows = rows, Targets = values };
    }
}
