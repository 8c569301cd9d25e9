using Microsoft.ML;
using Microsoft.ML.Trainers.FastTree;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Inference;
using OnnxTransfer.Numerics;
using OnnxTransfer.Onnx;
using OnnxTransfer.Tests.Heads;

namespace OnnxTransfer.MLNet.Tests;

/// <summary>Exported heads: the same as ML.NET's own ONNX, and fused behind a graph.</summary>
public class MlNetOnnxTests
{
    private static readonly EmbeddingSet Train = Planted.Classes(150, 6, 3, distance: 0.7);
    private static readonly EmbeddingSet Test = Planted.Classes(30, 6, 3, distance: 0.7, seed: 2);

    [Fact]
    public void Trees_answer_as_the_onnx_of_ml_nets_converter()
    {
        var ml = new MLContext(seed: 0);
        var trainer = ml.BinaryClassification.Trainers.FastTree(MlNetEqualityTests.Forest(new FastTreeBinaryTrainer.Options()));
        float[] theirs = Converted(ml, ml.MulticlassClassification.Trainers.OneVersusAll(trainer).Fit(Train.ToDataView()), Test);
        var head = MlNetEqualityTests.Fit(new() { Name = "fasttree", Trees = 15, Leaves = 8 }, Train);
        MlNetEqualityTests.AssertSame(theirs, ExportedHead.Predict(head, Test.Rows));
    }

    [Fact]
    public void Values_of_trees_answer_as_the_onnx_of_ml_nets_converter()
    {
        var ml = new MLContext(seed: 0);
        var set = Planted.Values(150, 6);
        var scale = TargetScale.Linear(set, logarithm: false);
        var model = ml.Regression.Trainers.FastForest(MlNetEqualityTests.Forest(new FastForestRegressionTrainer.Options()))
            .Fit((set with { Targets = scale.Fitted }).ToDataView());
        float[] theirs = [.. Converted(ml, model, Test).Select(value => (float)((scale.Unit * value) + scale.Centre))];
        var head = MlNetEqualityTests.Fit(new() { Name = "fastforest", Trees = 15, Leaves = 8 }, set);
        MlNetEqualityTests.AssertSame(theirs, ExportedHead.Predict(head, Test.Rows));
    }

    [Theory]
    [InlineData("fasttree", 7)]
    [InlineData("fasttree", 21)]
    [InlineData("naive-bayes", 12)]
    [InlineData("lbfgs-ova", 17)]
    public void A_head_is_joined_to_a_graph_of_its_operator_set(string name, int opset)
    {
        var head = MlNetEqualityTests.Fit(MlNetTrainer.ByName(name) with { Trees = name == "fasttree" ? 10 : null }, Train);

        // A graph that doubles, before the head: inner names are the head's own, to see them renamed.
        var builder = GraphBuilder.Empty(opset, "backbone");
        builder.Input("pixels", ElementType.Float, -1, 6);
        builder.NodeInto("head_scores", "Add", ["pixels", "pixels"]);
        builder.Output("head_scores", ElementType.Float, -1, 6);
        var joined = Join.After(builder.Build(), "head_scores", head.ToOnnx(opset));

        var halves = Test.With((_, _, value) => value / 2);
        using var session = OnnxSession.Open(joined, new SessionSettings { Provider = ExecutionProvider.Cpu });
        float[] pixels = [.. Enumerable.Range(0, halves.Count).SelectMany(i => halves.Rows[i].ToArray())];
        var found = session.Run(new Dictionary<string, TensorValue> { ["pixels"] = TensorValue.Of(pixels, halves.Count, 6) }, [IHead.ProbabilitiesName]);
        MlNetEqualityTests.AssertSame(head.Predict(Test.Rows).Values, found[IHead.ProbabilitiesName].Floats);
    }

    [Theory]
    [InlineData("lbfgs")]
    [InlineData("lbfgs-ova")]
    [InlineData("fasttree")]
    [InlineData("naive-bayes")]
    public void A_class_without_rows_is_never_predicted(string name)
    {
        var set = Train with { Labels = Array.ConvertAll(Train.Labels, label => label == 0 ? 0 : label + 1), Classes = ["a", "nobody", "b", "c"] };
        var trainer = MlNetTrainer.ByName(name) with { Trees = name == "fasttree" ? 10 : null };
        var (head, report) = trainer.FitAndReport(set);
        Assert.Equal(["class 'nobody' has no rows; it is never predicted"], report.Notes);
        Assert.Equal(set.Classes, head.Classes);
        foreach (float[] predicted in new[] { head.Predict(Test.Rows).Values, ExportedHead.Predict(head, Test.Rows) })
        {
            Assert.All(predicted.Where((_, i) => i % 4 == 1), probability => Assert.Equal(0, probability));
        }

        // The others are learned as if it were not there.
        float[] without = MlNetEqualityTests.Fit(trainer, Train).Predict(Test.Rows).Values;
        MlNetEqualityTests.AssertSame(without, [.. head.Predict(Test.Rows).Values.Where((_, i) => i % 4 != 1)]);
    }

    // ML.NET's converter makes a graph of one row at a time, whose inputs are the view's columns.
    private static float[] Converted(MLContext ml, ITransformer model, EmbeddingSet set)
    {
        var view = new EmbeddingSet { Rows = set.Rows }.ToDataView();
        using var stream = new MemoryStream();
        ml.Model.ConvertToOnnx(model, view, stream);
        using var session = OnnxSession.Open(OnnxModel.Parse(stream.ToArray()), new SessionSettings { Provider = ExecutionProvider.Cpu });
        return [.. Enumerable.Range(0, set.Count).SelectMany(i => session.Run(
            new Dictionary<string, TensorValue> { ["Embedding"] = TensorValue.Of(set.Rows[i].ToArray(), 1, set.Width) }, ["Score.output"])["Score.output"].Floats)];
    }
}
