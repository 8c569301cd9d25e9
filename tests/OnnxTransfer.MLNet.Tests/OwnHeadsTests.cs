using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Heads;

namespace OnnxTransfer.MLNet.Tests;

/// <summary>Every kind of head as a trainer of ML.NET: fitted, scored, saved, loaded, scored the same.</summary>
public class OwnHeadsTests
{
    private readonly MLContext _context = new(seed: 1);

    public static TheoryData<string> Classifiers => [.. Trainers(HeadTask.Classes).Select(trainer => trainer.Kind)];

    public static TheoryData<string> Regressions => [.. Trainers(HeadTask.Values).Select(trainer => trainer.Kind)];

    [Theory]
    [MemberData(nameof(Classifiers))]
    public void Classes(string kind)
    {
        var view = Planted.Classes(150, 5, 3).ToDataView();
        var model = _context.MulticlassClassification.Trainers.Head(Trainers(HeadTask.Classes).Single(trainer => trainer.Kind == kind)).Fit(view);
        Assert.InRange(_context.MulticlassClassification.Evaluate(model.Transform(view)).MicroAccuracy, 0.9, 1);
        Assert.Equal(Scores(model, view), Scores(Reloaded(model, view), view), Near);
    }

    [Theory]
    [MemberData(nameof(Regressions))]
    public void Values(string kind)
    {
        var view = Planted.Values(150, 4).ToDataView();
        var model = _context.Regression.Trainers.Head(Trainers(HeadTask.Values).Single(trainer => trainer.Kind == kind)).Fit(view);
        Assert.InRange(_context.Regression.Evaluate(model.Transform(view)).RSquared, 0.6, 1);
        Assert.Equal(model.Transform(view).GetColumn<float>("Score"), Reloaded(model, view).Transform(view).GetColumn<float>("Score"), Near);
    }

    [Fact]
    public void Several_labels()
    {
        var classes = Planted.Classes(200, 4, 2);
        var set = classes with
        {
            Labels = [],
            Classes = ["right", "up"],
            LabelSets = [.. Enumerable.Range(0, 200).Select(i => new[] { 0, 1 }.Where(j => classes.Rows[i][j] > 0).ToArray())],
        };
        foreach (var view in new[] { set.ToDataView(), _context.Data.Cache(set.ToDataView()) })
        {
            var model = _context.MulticlassClassification.Trainers.Head(new LogisticRegression { L2 = 0.01 }, EmbeddingColumns.Labels).Fit(view);
            var scored = Reloaded(model, view).Transform(view);
            var found = scored.GetColumn<float[]>("Score").Select(row => row.Select(p => p > 0.5f).ToArray());
            Assert.InRange(found.Zip(view.GetColumn<bool[]>("Labels"), (a, b) => a.SequenceEqual(b) ? 1.0 : 0).Average(), 0.9, 1);
            Assert.DoesNotContain(scored.Schema, column => column.Name == "PredictedLabel");
            var names = default(VBuffer<ReadOnlyMemory<char>>);
            scored.Schema["Score"].GetSlotNames(ref names);
            Assert.Equal(["right", "up"], names.DenseValues().Select(name => name.ToString()));
        }
    }

    [Fact]
    public void Several_values()
    {
        var one = Planted.Values(100, 4);
        var set = one with { Targets = [.. one.Targets.SelectMany(target => new[] { target, -2 * target })], TargetNames = ["plus", "minus"] };
        foreach (var view in new[] { set.ToDataView(), _context.Data.Cache(set.ToDataView()) })
        {
            var model = _context.Regression.Trainers.Head(new RidgeRegression { L2 = 0.001 }, EmbeddingColumns.Targets).Fit(view);
            Assert.Equal(["plus", "minus"], model.Head.ValueNames);
            Assert.All(Scores(Reloaded(model, view), view), (row, i) => Assert.InRange(row[0] - set.Targets[2 * i], -1, 1));
        }
    }

    private static bool Near(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max() <= 1e-6;

    private static bool Near(float a, float b) => Math.Abs(a - b) <= 1e-6 * Math.Max(1, Math.Abs(a));

    private static float[][] Scores(ITransformer model, IDataView view) => [.. model.Transform(view).GetColumn<float[]>("Score")];

    private ITransformer Reloaded(ITransformer model, IDataView view)
    {
        using var folder = new TempFolder();
        _context.Model.Save(model, view.Schema, folder["head.zip"]);
        return new MLContext().AddOnnxTransfer().Model.Load(folder["head.zip"], out _);
    }

    private static IEnumerable<IHeadTrainer> Trainers(HeadTask task) => new IHeadTrainer[]
    {
        new LogisticRegression { L2 = 0.1 }, new LinearSvm { L2 = 0.1 }, new NearestCentroid(), new LinearDiscriminant(), new NearestNeighbours { Neighbours = 5 },
        new MultilayerPerceptron { Hidden = [16], Epochs = 100, LearningRate = 0.01, Dropout = 0, BatchSize = 32 }, new RidgeRegression { L2 = 0.01 }, new HuberRegression { L2 = 0.01 }, new QuantileRegression { L2 = 0.01 },
    }.Where(trainer => trainer.Takes(task));
}
