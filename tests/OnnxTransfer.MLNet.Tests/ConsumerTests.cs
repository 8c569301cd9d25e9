using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Tests.Heads;

namespace OnnxTransfer.MLNet.Tests;

/// <summary>What ML.NET itself does with a view of embeddings.</summary>
public class ConsumerTests
{
    private readonly MLContext _context = new(seed: 1);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Trainers_learn_from_several_cursors(int threads)
    {
        var set = Planted.Classes(400, 8, 3);
        var model = _context.MulticlassClassification.Trainers.LbfgsMaximumEntropy(new LbfgsMaximumEntropyMulticlassTrainer.Options
        {
            FeatureColumnName = EmbeddingColumns.Embedding,
            L1Regularization = 0,
            NumberOfThreads = threads,
        }).Fit(set.ToDataView());
        Assert.InRange(_context.MulticlassClassification.Evaluate(model.Transform(set.ToDataView())).MicroAccuracy, 0.9, 1);
    }

    [Fact]
    public void Sdca_learns_with_several_threads()
    {
        var set = Planted.Classes(400, 8, 3);
        var model = _context.MulticlassClassification.Trainers.SdcaMaximumEntropy(new SdcaMaximumEntropyMulticlassTrainer.Options
        {
            FeatureColumnName = EmbeddingColumns.Embedding,
            MaximumNumberOfIterations = 10,
            NumberOfThreads = 3,
        }).Fit(set.ToDataView());
        Assert.InRange(_context.MulticlassClassification.Evaluate(model.Transform(set.ToDataView())).MicroAccuracy, 0.9, 1);
    }

    [Fact]
    public void Cross_validation_keeps_groups_whole()
    {
        var set = Planted.Classes(120, 4, 2);
        var view = (set with { Groups = [.. Enumerable.Range(0, 120).Select(i => $"house{i / 6}")] }).ToDataView();
        var results = _context.MulticlassClassification.CrossValidate(
            view, _context.MulticlassClassification.Trainers.Head(new Heads.LogisticRegression { L2 = 0.1 }), 4, samplingKeyColumnName: EmbeddingColumns.Group);
        var folds = results.Select(fold => fold.ScoredHoldOutSet.GetColumn<string>(EmbeddingColumns.Group).Distinct().ToArray()).ToArray();
        Assert.Equal(20, folds.Sum(groups => groups.Length));
        Assert.Equal(20, folds.SelectMany(groups => groups).Distinct().Count());
    }

    [Fact]
    public void Rows_are_cached_filtered_shuffled_taken_and_looked_at()
    {
        var set = Planted.Classes(200, 4, 2);
        var view = (set with { Weights = [.. Enumerable.Range(0, 200).Select(i => (double)i)] }).ToDataView();
        Assert.Equal(set.Names, Names(_context.Data.Cache(view)));
        Assert.Equal(set.Names[50..60], Names(_context.Data.FilterRowsByColumn(view, EmbeddingColumns.Weight, 50, 60)));
        Assert.Equal(set.Names.Order(), Names(_context.Data.ShuffleRows(view, seed: 3)).Order());
        Assert.Equal(set.Names[190..], Names(_context.Data.SkipRows(view, 190)));
        Assert.Equal(10, view.Preview(10).RowView.Length);
    }

    private static string[] Names(IDataView view) => [.. view.GetColumn<string>(EmbeddingColumns.Name)];
}
