using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using Microsoft.ML.Trainers.FastTree;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Tests.Heads;

namespace OnnxTransfer.MLNet.Tests;

/// <summary>Heads predict what ML.NET's own transformers predict, to 1e-5, on rows that neither has seen.</summary>
public class MlNetEqualityTests
{
    private static readonly EmbeddingSet Train = Planted.Classes(150, 6, 3, distance: 0.7);
    private static readonly EmbeddingSet Test = Planted.Classes(60, 6, 3, distance: 0.7, seed: 2);

    [Fact]
    public void Maximum_entropy_by_lbfgs()
    {
        var ml = new MLContext(seed: 0);
        AssertSameProbabilities(new() { Name = "lbfgs", L2 = 0.02, Standardise = false }, ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy(
            new LbfgsMaximumEntropyMulticlassTrainer.Options { FeatureColumnName = EmbeddingColumns.Embedding, L1Regularization = 0, L2Regularization = 3, NumberOfThreads = 1 }));
    }

    [Fact]
    public void Maximum_entropy_by_sdca()
    {
        var ml = new MLContext(seed: 7);
        AssertSameProbabilities(new() { Name = "sdca", Seed = 7, Iterations = 20, Standardise = false }, ml.MulticlassClassification.Trainers.SdcaMaximumEntropy(
            new SdcaMaximumEntropyMulticlassTrainer.Options { FeatureColumnName = EmbeddingColumns.Embedding, MaximumNumberOfIterations = 20, NumberOfThreads = 1 }));
    }

    [Fact]
    public void One_versus_all_of_logistic_regressions()
    {
        var ml = new MLContext(seed: 0);
        var binary = ml.BinaryClassification.Trainers.LbfgsLogisticRegression(new LbfgsLogisticRegressionBinaryTrainer.Options
        {
            FeatureColumnName = EmbeddingColumns.Embedding, L1Regularization = 0, L2Regularization = 3, NumberOfThreads = 1,
        });
        AssertSameProbabilities(new() { Name = "lbfgs-ova", L2 = 0.02, Standardise = false }, ml.MulticlassClassification.Trainers.OneVersusAll(binary));
    }

    // ML.NET's OneVersusAll fits the first class twice and goes on with the same trainer, whose random state moves on: here
    // every class has a trainer of its own.
    [Theory]
    [InlineData("fastforest")]
    [InlineData("averaged-perceptron")]
    [InlineData("linear-svm")]
    public void One_versus_all_of_what_platts_method_calibrates(string name) => AssertSameOneByOne(
        new() { Name = name, Trees = name == "fastforest" ? 15 : null, Leaves = name == "fastforest" ? 8 : null, Standardise = false },
        ml => name switch
        {
            "fastforest" => ml.BinaryClassification.Trainers.FastForest(Forest(new FastForestBinaryTrainer.Options())),
            "linear-svm" => ml.BinaryClassification.Trainers.LinearSvm(new LinearSvmTrainer.Options { FeatureColumnName = EmbeddingColumns.Embedding }),
            _ => ml.BinaryClassification.Trainers.AveragedPerceptron(new AveragedPerceptronTrainer.Options { FeatureColumnName = EmbeddingColumns.Embedding }),
        });

    [Fact]
    public void One_versus_all_of_boosted_trees()
    {
        var ml = new MLContext(seed: 0);
        var trainer = ml.BinaryClassification.Trainers.FastTree(Forest(new FastTreeBinaryTrainer.Options()));
        AssertSameProbabilities(new() { Name = "fasttree", Trees = 15, Leaves = 8 }, ml.MulticlassClassification.Trainers.OneVersusAll(trainer));
    }

    [Fact]
    public void One_versus_all_of_additive_models()
    {
        var ml = new MLContext(seed: 0);
        var trainer = ml.BinaryClassification.Trainers.Gam(new GamBinaryTrainer.Options
        {
            FeatureColumnName = EmbeddingColumns.Embedding, NumberOfIterations = 40, MinimumExampleCountPerLeaf = 7, NumberOfThreads = 1, Seed = 0,
        });
        AssertSameProbabilities(new() { Name = "gam", Iterations = 40 }, ml.MulticlassClassification.Trainers.OneVersusAll(trainer));
    }

    [Fact]
    public void Naive_bayes_whose_scores_are_logarithms()
    {
        var model = new MLContext(seed: 0).MulticlassClassification.Trainers.NaiveBayes(featureColumnName: EmbeddingColumns.Embedding).Fit(Train.ToDataView());
        float[] scores = Scores(model, Test);
        for (int i = 0; i < Test.Count; i++)
        {
            double[] shares = [.. Enumerable.Range(3 * i, 3).Select(at => Math.Exp(scores[at] - scores[3 * i]))];
            for (int c = 0; c < 3; c++)
            {
                scores[(3 * i) + c] = (float)(shares[c] / shares.Sum());
            }
        }

        AssertSame(scores, Fit(new() { Name = "naive-bayes", Standardise = false }, Train).Predict(Test.Rows).Values);
    }

    [Fact]
    public void Values_of_linear_models()
    {
        var ml = new MLContext(seed: 3);
        AssertSameValues(new() { Name = "sdca", Seed = 3, L2 = 1e-2, Iterations = 20, Standardise = false }, ml.Regression.Trainers.Sdca(new SdcaRegressionTrainer.Options
        {
            FeatureColumnName = EmbeddingColumns.Embedding, L2Regularization = 1e-2f, MaximumNumberOfIterations = 20, NumberOfThreads = 1,
        }));
        ml = new MLContext(seed: 3);
        AssertSameValues(new() { Name = "ogd", Seed = 3, Standardise = false }, ml.Regression.Trainers.OnlineGradientDescent(featureColumnName: EmbeddingColumns.Embedding));
    }

    [Fact]
    public void Values_of_trees()
    {
        var ml = new MLContext(seed: 0);
        AssertSameValues(new() { Name = "fasttree", Trees = 15, Leaves = 8 }, ml.Regression.Trainers.FastTree(Forest(new FastTreeRegressionTrainer.Options())));
        AssertSameValues(new() { Name = "fastforest", Trees = 15, Leaves = 8 }, ml.Regression.Trainers.FastForest(Forest(new FastForestRegressionTrainer.Options())));
        AssertSameValues(new() { Name = "gam", Iterations = 40 }, ml.Regression.Trainers.Gam(new GamRegressionTrainer.Options
        {
            FeatureColumnName = EmbeddingColumns.Embedding, NumberOfIterations = 40, MinimumExampleCountPerLeaf = 7, NumberOfThreads = 1, Seed = 0,
        }));
    }

    [Fact]
    public void Values_through_an_exponential()
    {
        var ml = new MLContext(seed: 0);
        var set = PoissonContract.Counts(Planted.Values(150, 6));
        double mean = set.Targets.Average();
        var unit = (set with { Targets = Array.ConvertAll(set.Targets, target => target / mean) }).ToDataView();
        var poisson = ml.Regression.Trainers.LbfgsPoissonRegression(new LbfgsPoissonRegressionTrainer.Options
        {
            FeatureColumnName = EmbeddingColumns.Embedding, L1Regularization = 0, L2Regularization = 1.5f, NumberOfThreads = 1,
        }).Fit(unit);
        var tweedie = ml.Regression.Trainers.FastTreeTweedie(Forest(new FastTreeTweedieTrainer.Options())).Fit(unit);
        AssertSame([.. Scores(poisson, Test).Select(value => (float)(mean * value))], Fit(new() { Name = "lbfgs-poisson", L2 = 1e-2, Standardise = false }, set).Predict(Test.Rows).Values);
        AssertSame([.. Scores(tweedie, Test).Select(value => (float)(mean * value))], Fit(new() { Name = "fasttree-tweedie", Trees = 15, Leaves = 8 }, set).Predict(Test.Rows).Values);
    }

    [Fact]
    public void Standardised_lbfgs_is_our_own_logistic_regression()
    {
        var own = new LogisticRegression { L2 = 1e-2, Tolerance = 1e-6 }.Fit(Train);
        float[] theirs = Fit(new() { Name = "lbfgs", L2 = 1e-2 }, Train).Predict(Test.Rows).Values;
        Assert.All(own.Predict(Test.Rows).Values.Zip(theirs), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
    }

    [Fact]
    public void Trees_do_not_depend_on_threads() => Assert.Equal(
        Fit(new() { Name = "fasttree", Trees = 15, Threads = 1 }, Train).Predict(Test.Rows).Values,
        Fit(new() { Name = "fasttree", Trees = 15, Threads = 2 }, Train).Predict(Test.Rows).Values);

    [Fact]
    public void Many_threads_predict_at_once_with_the_same_bits()
    {
        foreach (string name in new[] { "fasttree", "gam", "naive-bayes", "averaged-perceptron" })
        {
            var head = Fit(MlNetTrainer.ByName(name) with { Trees = name == "fasttree" ? 10 : null, Iterations = name == "gam" ? 10 : null }, Train);
            float[] alone = head.Predict(Test.Rows).Values;
            Parallel.For(0, 8, _ => Assert.Equal(alone, head.Predict(Test.Rows).Values));
        }
    }

    internal static IHead Fit(MlNetTrainer trainer, EmbeddingSet set) => trainer.FitAndReport(set).Head;

    internal static T Forest<T>(T options)
        where T : TreeOptions
    {
        options.FeatureColumnName = EmbeddingColumns.Embedding;
        (options.NumberOfTrees, options.NumberOfLeaves, options.MinimumExampleCountPerLeaf, options.NumberOfThreads) = (15, 8, 7, 1);
        options.Seed = options.FeatureSelectionSeed = 0;
        return options;
    }

    internal static float[] Scores(ITransformer model, EmbeddingSet set)
    {
        var scored = model.Transform(new EmbeddingSet { Rows = set.Rows }.ToDataView());
        return scored.Schema["Score"].Type is VectorDataViewType
            ? [.. scored.GetColumn<float[]>("Score").SelectMany(row => row)]
            : [.. scored.GetColumn<float>("Score")];
    }

    internal static void AssertSame(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5f * Math.Max(1, Math.Abs(pair.First))));
    }

    private static void AssertSameProbabilities(MlNetTrainer trainer, IEstimator<ITransformer> reference)
    {
        float[] theirs = Scores(reference.Fit(Train.ToDataView()), Test);
        AssertSame(theirs, Fit(trainer, Train).Predict(Test.Rows).Values);
    }

    // Probabilities of binary models, each calibrated on the rows it was fitted on, brought to sum 1. All are fitted before any
    // predicts: every step moves on the random state of the context.
    private static void AssertSameOneByOne(MlNetTrainer trainer, Func<MLContext, IEstimator<ITransformer>> reference)
    {
        var ml = new MLContext(seed: 0);
        List<(ITransformer Model, ITransformer Calibrator)> fitted = [];
        for (int c = 0; c < 3; c++)
        {
            var numbers = new EmbeddingSet { Rows = Train.Rows, Targets = Array.ConvertAll(Train.Labels, label => label == c ? 1.0 : 0) }.ToDataView();
            var view = ml.Transforms.Conversion.ConvertType(EmbeddingColumns.Label, outputKind: DataKind.Boolean).Fit(numbers).Transform(numbers);
            var model = reference(ml).Fit(view);
            fitted.Add((model, ml.BinaryClassification.Calibrators.Platt().Fit(model.Transform(view))));
        }

        var theirs = new float[Test.Count * 3];
        var test = new EmbeddingSet { Rows = Test.Rows }.ToDataView();
        for (int c = 0; c < 3; c++)
        {
            float[] found = [.. fitted[c].Calibrator.Transform(fitted[c].Model.Transform(test)).GetColumn<float>("Probability")];
            for (int i = 0; i < found.Length; i++)
            {
                theirs[(3 * i) + c] = found[i];
            }
        }

        for (int i = 0; i < Test.Count; i++)
        {
            var row = theirs.AsSpan(3 * i, 3);
            float sum = row[0] + row[1] + row[2];
            (row[0], row[1], row[2]) = (row[0] / sum, row[1] / sum, row[2] / sum);
        }

        AssertSame(theirs, Fit(trainer, Train).Predict(Test.Rows).Values);
    }

    // ML.NET learns the targets as the head's fit sees them, of mean 0 and deviation 1.
    private static void AssertSameValues(MlNetTrainer trainer, IEstimator<ITransformer> reference)
    {
        var set = Planted.Values(150, 6);
        double mean = set.Targets.Average(), deviation = Math.Sqrt(set.Targets.Average(target => (target - mean) * (target - mean)));
        var unit = set with { Targets = Array.ConvertAll(set.Targets, target => (target - mean) / deviation) };
        float[] theirs = [.. Scores(reference.Fit(unit.ToDataView()), Test).Select(value => (float)(mean + (deviation * value)))];
        AssertSame(theirs, Fit(trainer, set).Predict(Test.Rows).Values);
    }
}
