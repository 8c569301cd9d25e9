using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Heads;
using static OnnxTransfer.MLNet.Tests.Pipeline;

namespace OnnxTransfer.MLNet.Tests;

/// <summary>Heads of this library as trainers of ML.NET: fitted, evaluated, cross-validated, saved.</summary>
public class HeadEstimatorTests
{
    private static readonly LogisticRegression Logistic = new() { L2 = 0.1 };
    private readonly MLContext _context = new(seed: 1);

    [Fact]
    public void A_head_of_a_pipeline_is_the_head_itself()
    {
        var set = Planted.Classes(150, 5, 3);
        var model = _context.MulticlassClassification.Trainers.Head(Logistic).Fit(set.ToDataView());
        var expected = Logistic.Fit(set).Predict(set.Rows);
        var scored = model.Transform(set.ToDataView());
        Assert.Equal(expected.Values, scored.GetColumn<float[]>("Score").SelectMany(row => row));

        // Read through a cursor, as rows of any other view, the head is the same.
        var copied = _context.Data.Cache(_context.Transforms.CopyColumns("Features", "Embedding").Fit(set.ToDataView()).Transform(set.ToDataView()));
        var other = _context.MulticlassClassification.Trainers.Head(Logistic, featureColumnName: "Features").Fit(copied);
        Assert.Equal(expected.Values, other.Head.Predict(set.Rows).Values);
        Assert.Equal(model.Head.Classes, other.Head.Classes);
    }

    [Fact]
    public void Classes_are_evaluated_by_ML_NET_as_by_us()
    {
        var set = Planted.Classes(300, 5, 3, distance: 1.5);
        var model = _context.MulticlassClassification.Trainers.Head(Logistic).Fit(set.ToDataView());
        var scored = model.Transform(set.ToDataView());
        var theirs = _context.MulticlassClassification.Evaluate(scored);
        var ours = (ClassificationScores)model.Head.Evaluate(set);
        Assert.InRange(ours.Accuracy, 0.5, 0.999);
        Assert.Equal(ours.Accuracy, theirs.MicroAccuracy, 6);
        Assert.Equal(ours.MacroRecall, theirs.MacroAccuracy, 6);
        Assert.Equal(ours.LogLoss, theirs.LogLoss, 5);
        Assert.Equal(ours.Confusion.SelectMany(row => row.Select(count => (double)count)), theirs.ConfusionMatrix.Counts.SelectMany(row => row));

        var names = default(VBuffer<ReadOnlyMemory<char>>);
        scored.Schema["Score"].GetSlotNames(ref names);
        Assert.Equal(set.Classes, names.DenseValues().Select(name => name.ToString()));
        string[] found = [.. _context.Transforms.Conversion.MapKeyToValue("PredictedLabel").Fit(scored).Transform(scored).GetColumn<string>("PredictedLabel")];
        Assert.Equal(theirs.MicroAccuracy, found.Zip(set.Labels, (name, label) => name == set.Classes[label] ? 1.0 : 0).Average(), 6);
    }

    [Fact]
    public void Rows_without_a_label_are_left_out_and_weights_count()
    {
        var set = Planted.Classes(200, 3, 2, distance: 0);
        foreach (int heavy in new[] { 0, 1 })
        {
            var view = (set with { Weights = [.. set.Labels.Select(label => label == heavy ? 9.0 : 1.0)], Labels = [-1, .. set.Labels[1..]] }).ToDataView();
            var model = _context.MulticlassClassification.Trainers.Head(Logistic, exampleWeightColumnName: "Weight").Fit(view);
            Assert.All(model.Transform(view).GetColumn<uint>("PredictedLabel"), key => Assert.Equal((uint)heavy + 1, key));
            var cached = _context.MulticlassClassification.Trainers.Head(Logistic, exampleWeightColumnName: "Weight").Fit(_context.Data.Cache(view));
            Assert.Equal(model.Head.Predict(set.Rows).Values, cached.Head.Predict(set.Rows).Values);
        }
    }

    [Fact]
    public void Groups_stay_together_where_a_trainer_holds_rows_out()
    {
        var set = Planted.Classes(120, 3, 2, distance: 0.5);
        set = set with { Groups = [.. Enumerable.Range(0, 120).Select(i => $"house{i / 10}")], Splits = [] };
        var trainer = new LogisticRegression();
        float[] expected = ((LinearHead)trainer.Fit(set)).Weights;
        Assert.NotEqual(expected, ((LinearHead)trainer.Fit(set with { Groups = [] })).Weights);
        foreach (var view in new[] { set.ToDataView(), _context.Data.Cache(set.ToDataView()) })
        {
            var model = _context.MulticlassClassification.Trainers.Head(trainer, groupColumnName: "Group").Fit(view);
            Assert.Equal(expected, ((LinearHead)model.Head).Weights);
            Assert.NotEmpty(model.Report!.Path);
        }
    }

    [Fact]
    public void Whole_pipelines_are_cross_validated()
    {
        using var pipeline = new Pipeline();
        var data = pipeline.Context.Data.LoadFromEnumerable(pipeline.Photos(60));
        var estimator = pipeline.Context.Transforms.Conversion.MapValueToKey("Label", nameof(Photo.Kind))
            .Append(pipeline.Embed())
            .Append(pipeline.Context.MulticlassClassification.Trainers.Head(Logistic));
        var folds = pipeline.Context.MulticlassClassification.CrossValidate(data, estimator, 3);
        Assert.Equal(3, folds.Count);
        Assert.All(folds, fold => Assert.InRange(fold.Metrics.MicroAccuracy, 0.9, 1));
        Assert.Equal(60, pipeline.Cache.Spaces()[0].Count);
    }

    [Fact]
    public void Values_are_evaluated_by_ML_NET_as_by_us()
    {
        var set = Targets(120);
        var model = _context.Regression.Trainers.Head(new RidgeRegression { L2 = 0.01 }).Fit(set.ToDataView());
        var scored = model.Transform(set.ToDataView());
        Assert.Equal(NumberDataViewType.Single, scored.Schema["Score"].Type);
        var ours = (RegressionScores)model.Head.Evaluate(set);
        var theirs = _context.Regression.Evaluate(scored);
        Assert.Equal(ours.R2, theirs.RSquared, 5);
        Assert.Equal(ours.RootMeanSquaredError, theirs.RootMeanSquaredError, 5);
        Assert.Equal(ours.MeanAbsoluteError, theirs.MeanAbsoluteError, 5);
        var folds = _context.Regression.CrossValidate(set.ToDataView(), _context.Regression.Trainers.Head(new RidgeRegression { L2 = 0.01 }), 4);
        Assert.All(folds, fold => Assert.InRange(fold.Metrics.RSquared, 0.9, 1));
    }

    [Fact]
    public void Rows_without_a_target_are_left_out()
    {
        var set = Targets(50);
        var view = (set with { Targets = [double.NaN, .. set.Targets[1..]] }).ToDataView();
        var head = _context.Regression.Trainers.Head(new RidgeRegression { L2 = 0.01 }).Fit(view).Head;
        Assert.Equal(new RidgeRegression { L2 = 0.01 }.Fit(set.Subset([.. Enumerable.Range(1, 49)])).Weights, ((LinearHead)head).Weights);
        var cached = _context.Regression.Trainers.Head(new RidgeRegression { L2 = 0.01 }).Fit(_context.Data.Cache(view)).Head;
        Assert.Equal(((LinearHead)head).Weights, ((LinearHead)cached).Weights, (a, b) => Math.Abs(a - b) <= 1e-5);
    }

    [Fact]
    public void A_loaded_head_predicts_the_same()
    {
        var set = Targets(60);
        AssertLoads(_context.Regression.Trainers.Head(new RidgeRegression { L2 = 0.01 }).Fit(set.ToDataView()), set, row => [row.GetColumn<float>("Score").First()]);
        set = Planted.Classes(60, 4, 3);
        AssertLoads(_context.MulticlassClassification.Trainers.Head(Logistic).Fit(set.ToDataView()), set, row => row.GetColumn<float[]>("Score").First());
    }

    [Fact]
    public void A_head_that_is_not_linear_is_kept_as_its_graph()
    {
        var set = Planted.Classes(60, 4, 3);
        var head = new Wrapped(Logistic.Fit(set));
        AssertLoads(new HeadTransformer(head, "Embedding"), set, row => row.GetColumn<float[]>("Score").First());
        Assert.Throws<FitException>(() => AssertLoads(new HeadTransformer(head with { Fails = true }, "Embedding"), set, row => []));
    }

    [Fact]
    public void An_interval_scores_its_middle_and_several_values_are_named()
    {
        float[] weights = [1, 0, 0, 1, 1, 1];
        var view = new EmbeddingSet { Rows = new Matrix(1, 2, [3, 4]) }.ToDataView();
        var interval = new HeadTransformer(new LinearHead(weights, [0, 0, 0], Activation.Identity, [], ["low", "value", "high"]), "Embedding");
        Assert.Equal([4f], interval.Transform(view).GetColumn<float>("Score"));
        var several = new HeadTransformer(new LinearHead(weights, [0, 0, 0], Activation.Identity, [], ["x", "y", "sum"]), "Embedding").Transform(view);
        Assert.Equal([3f, 4f, 7f], several.GetColumn<float[]>("Score").Single());
        var names = default(VBuffer<ReadOnlyMemory<char>>);
        several.Schema["Score"].GetSlotNames(ref names);
        Assert.Equal(["x", "y", "sum"], names.DenseValues().Select(name => name.ToString()));
    }

    [Fact]
    public void A_row_of_NaN_has_no_predicted_class()
    {
        var head = Logistic.Fit(Planted.Classes(60, 2, 2));
        var view = new EmbeddingSet { Rows = new Matrix(1, 2, [float.NaN, 1]) }.ToDataView();
        Assert.Equal([0u], new HeadTransformer(head, "Embedding").Transform(view).GetColumn<uint>("PredictedLabel"));
    }

    [Fact]
    public void Columns_that_do_not_fit_are_named()
    {
        var view = Planted.Classes(20, 3, 2).ToDataView();
        var trainers = _context.MulticlassClassification.Trainers;
        Assert.StartsWith("Head: the input has no column 'Class'; its columns are Embedding, Label, ", Error(() => trainers.Head(Logistic, "Class").Fit(view)), StringComparison.Ordinal);
        Assert.StartsWith("Head: column 'Name' holds String; expected a key, which ", Error(() => trainers.Head(Logistic, "Name").Fit(view)), StringComparison.Ordinal);
        Assert.Equal(
            "Head: column 'Name' holds String; expected a vector of a known number of floats, an embedding", Error(() => trainers.Head(Logistic, featureColumnName: "Name").Fit(view)));
        Assert.StartsWith("Head: column 'Name' holds String; expected Single", Error(() => trainers.Head(Logistic, exampleWeightColumnName: "Name").Fit(view)), StringComparison.Ordinal);
        Assert.StartsWith("ridge: learns no classes; ", Error(() => trainers.Head(new RidgeRegression())), StringComparison.Ordinal);
        Assert.StartsWith("logistic: learns no values; ", Error(() => _context.Regression.Trainers.Head(Logistic)), StringComparison.Ordinal);
        var model = trainers.Head(Logistic).Fit(view);
        Assert.Equal(
            "Head: column 'Embedding' holds Vector<Single, 4>; expected a vector of 3 floats, an embedding", Error(() => model.Transform(Planted.Classes(20, 4, 2).ToDataView())));
    }

    private static string Error(Action action) => Assert.ThrowsAny<OnnxTransferException>(action).Message;

    private static EmbeddingSet Targets(int rows)
    {
        var set = Planted.Classes(rows, 4, 2);
        return set with { Labels = [], Classes = [], Targets = [.. Enumerable.Range(0, rows).Select(i => 3 + (2.0 * set.Rows[i][0]) - set.Rows[i][2])] };
    }

    private void AssertLoads(HeadTransformer model, EmbeddingSet set, Func<IDataView, float[]> first)
    {
        using var folder = new TempFolder();
        _context.Model.Save(model, set.ToDataView().Schema, folder["head.zip"]);
        var loaded = new MLContext().AddOnnxTransfer().Model.Load(folder["head.zip"], out _);
        using (loaded as IDisposable)
        {
            var view = set.ToDataView();
            Assert.Equal(model.GetOutputSchema(view.Schema).Select(column => $"{column}"), loaded.GetOutputSchema(view.Schema).Select(column => $"{column}"));
            Assert.Equal(first(model.Transform(view)), first(loaded.Transform(view)), (a, b) => Math.Abs(a - b) <= 1e-6);
            var head = Assert.IsType<HeadTransformer>(loaded).Head;
            Assert.Equal(model.Head.Predict(set.Rows).Values, head.Predict(set.Rows).Values, (a, b) => Math.Abs(a - b) <= 1e-6);
        }
    }

    /// <summary>A head that is none of the library's own.</summary>
    private sealed record Wrapped(LinearHead Inner) : IHead
    {
        public bool Fails { get; init; }

        public int Width => Inner.Width;

        public int Outputs => Inner.Outputs;

        public IReadOnlyList<string> Classes => Inner.Classes;

        public Matrix Predict(IRows rows) => Inner.Predict(rows);

        public void Predict(ReadOnlySpan<float> embedding, Span<float> result) => Inner.Predict(embedding, result);

        public OnnxModel ToOnnx(int opset = 13) => Fails ? throw new FitException("no graph") : Inner.ToOnnx(opset);
    }
}
