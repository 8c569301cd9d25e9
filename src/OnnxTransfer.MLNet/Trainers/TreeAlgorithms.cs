using Microsoft.ML;
using Microsoft.ML.Trainers.FastTree;
using Microsoft.ML.Trainers.LightGbm;
using OnnxTransfer.Heads;

namespace OnnxTransfer.MLNet;

/// <summary>
/// ML.NET's trainers of trees and additive models. Classes are learned one against the others. They split column by column
/// and so need no standardisation. ML.NET's additive models (gam) take weights and then learn nothing: the gain of a split
/// is negative for all of them (GamTrainer.LeafSplitHelper), so here they know none.
/// </summary>
internal static class TreeAlgorithms
{
    private const Knobs Forest = Knobs.Trees | Knobs.Leaves | Knobs.Threads;
    private const Knobs Boosted = Forest | Knobs.LearningRate;
    private const Knobs Additive = Knobs.Iterations | Knobs.LearningRate | Knobs.Threads;
    private const string LightGbmLibrary = "lib_lightgbm, which the NuGet package LightGBM brings";

    public static IReadOnlyList<Algorithm> All { get; } =
    [
        new("fasttree", HeadTask.Classes, Boosted, fit => fit.ML.BinaryClassification.Trainers.FastTree(Boosting(fit, new FastTreeBinaryTrainer.Options()))) { OneVersusAll = true },
        new("fastforest", HeadTask.Classes, Forest, fit => fit.ML.BinaryClassification.Trainers.FastForest(Trees(fit, new FastForestBinaryTrainer.Options()))) { OneVersusAll = true },
        new("gam", HeadTask.Classes, Additive, fit =>
        {
            var options = fit.With(new GamBinaryTrainer.Options { NumberOfThreads = Threads(fit), MinimumExampleCountPerLeaf = fit.RowsPerLeaf, Seed = fit.Settings.Seed });
            options.NumberOfIterations = fit.Settings.Iterations ?? options.NumberOfIterations;
            options.LearningRate = fit.Settings.LearningRate ?? options.LearningRate;
            return fit.ML.BinaryClassification.Trainers.Gam(options);
        }) { OneVersusAll = true, Weighted = false, Exported = false },
        new("lightgbm", HeadTask.Classes, Boosted, fit => fit.ML.BinaryClassification.Trainers.LightGbm(fit.With(new LightGbmBinaryTrainer.Options
        {
            NumberOfIterations = fit.Settings.Trees ?? 100,
            NumberOfLeaves = fit.Settings.Leaves,
            LearningRate = fit.Settings.LearningRate,
            MinimumExampleCountPerLeaf = fit.RowsPerLeaf,
            NumberOfThreads = Threads(fit),
            Seed = fit.Settings.Seed,
            Deterministic = true,
        }))) { OneVersusAll = true, Native = LightGbmLibrary },
        new("fasttree", HeadTask.Values, Boosted, fit => fit.ML.Regression.Trainers.FastTree(Boosting(fit, new FastTreeRegressionTrainer.Options()))),
        new("fasttree-tweedie", HeadTask.Values, Boosted, fit => fit.ML.Regression.Trainers.FastTreeTweedie(Boosting(fit, new FastTreeTweedieTrainer.Options()))) { LogLink = true },
        new("fastforest", HeadTask.Values, Forest, fit => fit.ML.Regression.Trainers.FastForest(Trees(fit, new FastForestRegressionTrainer.Options()))),
        new("gam", HeadTask.Values, Additive, fit =>
        {
            var options = fit.With(new GamRegressionTrainer.Options { NumberOfThreads = Threads(fit), MinimumExampleCountPerLeaf = fit.RowsPerLeaf, Seed = fit.Settings.Seed });
            options.NumberOfIterations = fit.Settings.Iterations ?? options.NumberOfIterations;
            options.LearningRate = fit.Settings.LearningRate ?? options.LearningRate;
            return fit.ML.Regression.Trainers.Gam(options);
        }) { Weighted = false, Exported = false },
        new("lightgbm", HeadTask.Values, Boosted, fit => fit.ML.Regression.Trainers.LightGbm(fit.With(new LightGbmRegressionTrainer.Options
        {
            NumberOfIterations = fit.Settings.Trees ?? 100,
            NumberOfLeaves = fit.Settings.Leaves,
            LearningRate = fit.Settings.LearningRate,
            MinimumExampleCountPerLeaf = fit.RowsPerLeaf,
            NumberOfThreads = Threads(fit),
            Seed = fit.Settings.Seed,
            Deterministic = true,
        }))) { Native = LightGbmLibrary },
    ];

    private static T Boosting<T>(FitContext fit, T options)
        where T : BoostedTreeOptions
    {
        Trees(fit, options);
        options.LearningRate = fit.Settings.LearningRate ?? options.LearningRate;
        return options;
    }

    private static T Trees<T>(FitContext fit, T options)
        where T : TreeOptions
    {
        fit.With(options);
        options.NumberOfTrees = fit.Settings.Trees ?? options.NumberOfTrees;
        options.NumberOfLeaves = fit.Settings.Leaves ?? options.NumberOfLeaves;
        options.MinimumExampleCountPerLeaf = fit.RowsPerLeaf;
        options.NumberOfThreads = Threads(fit);
        options.Seed = options.FeatureSelectionSeed = fit.Settings.Seed;
        return options;
    }

    private static int Threads(FitContext fit) => Numerics.Chunks.Threads(fit.Settings.Threads ?? 1);
}
