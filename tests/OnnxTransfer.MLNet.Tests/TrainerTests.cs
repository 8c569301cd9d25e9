using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Tests.Heads;

namespace OnnxTransfer.MLNet.Tests;

/// <summary>ML.NET's trainers find what was planted, and speak of it by its names.</summary>
public class TrainerTests
{
    [Fact]
    public void Lbfgs_predicts_the_planted_classes_by_name()
    {
        var context = new MLContext(seed: 1);
        AssertFindsClasses(context, context.MulticlassClassification.Trainers.LbfgsMaximumEntropy(
            new LbfgsMaximumEntropyMulticlassTrainer.Options
            {
                FeatureColumnName = EmbeddingColumns.Embedding,
                L1Regularization = 0,
                L2Regularization = 0.1f,
                NumberOfThreads = 1,
            }));
    }

    [Fact]
    public void Sdca_predicts_the_planted_classes_by_name()
    {
        var context = new MLContext(seed: 1);
        AssertFindsClasses(context, context.MulticlassClassification.Trainers.SdcaMaximumEntropy(
            new SdcaMaximumEntropyMulticlassTrainer.Options
            {
                FeatureColumnName = EmbeddingColumns.Embedding,
                MaximumNumberOfIterations = 20,
                NumberOfThreads = 1,
            }));
    }

    [Fact]
    public void Weights_count()
    {
        // Two classes on the same spot: the heavier one wins.
        var set = Planted.Classes(200, 3, 2, distance: 0);
        var context = new MLContext(seed: 1);
        var trainer = context.MulticlassClassification.Trainers.LbfgsMaximumEntropy(
            featureColumnName: EmbeddingColumns.Embedding, exampleWeightColumnName: EmbeddingColumns.Weight);
        foreach (int heavy in new[] { 0, 1 })
        {
            var view = (set with { Weights = [.. set.Labels.Select(label => label == heavy ? 9.0 : 1.0)] }).ToDataView();
            Assert.All(Names(context, trainer, view, view), name => Assert.Equal($"class{heavy}", name));
        }
    }

    [Fact]
    public void Sdca_regression_predicts_the_planted_targets()
    {
        var context = new MLContext(seed: 1);
        var (train, test) = (Planted.Values(400, 5), Planted.Values(100, 5, seed: 2));
        var model = context.Regression.Trainers.Sdca(new SdcaRegressionTrainer.Options
        {
            FeatureColumnName = EmbeddingColumns.Embedding,
            L2Regularization = 1e-4f,
            MaximumNumberOfIterations = 50,
            NumberOfThreads = 1,
        }).Fit(train.ToDataView());
        var metrics = context.Regression.Evaluate(model.Transform(test.ToDataView()));

        // The noise planted has a standard deviation of 0.1.
        Assert.InRange(metrics.RootMeanSquaredError, 0.05, 0.15);
    }

    [Fact]
    public void Cross_validation_reads_the_view_too()
    {
        var context = new MLContext(seed: 1);
        var trainer = context.MulticlassClassification.Trainers.LbfgsMaximumEntropy(featureColumnName: EmbeddingColumns.Embedding);
        var folds = context.MulticlassClassification.CrossValidate(Planted.Classes(120, 4, 3).ToDataView(), trainer, numberOfFolds: 3);
        Assert.All(folds, fold => Assert.InRange(fold.Metrics.MicroAccuracy, 0.9, 1));
    }

    private static void AssertFindsClasses(MLContext context, IEstimator<ITransformer> trainer)
    {
        var (train, test) = (Planted.Classes(300, 8, 3), Planted.Classes(90, 8, 3, seed: 2));
        string[] found = Names(context, trainer, train.ToDataView(), test.ToDataView());
        int right = found.Zip(test.Labels).Count(pair => pair.First == test.Classes[pair.Second]);
        Assert.InRange(right, 88, 90);

        // Without labels the same names come out.
        var unlabelled = new EmbeddingSet { Rows = test.Rows };
        Assert.Equal(found, Names(context, trainer, train.ToDataView(), unlabelled.ToDataView()));
    }

    private static string[] Names(MLContext context, IEstimator<ITransformer> trainer, IDataView train, IDataView test) =>
        [.. trainer.Append(context.Transforms.Conversion.MapKeyToValue("PredictedLabel")).Fit(train).Transform(test).GetColumn<string>("PredictedLabel")];
}
