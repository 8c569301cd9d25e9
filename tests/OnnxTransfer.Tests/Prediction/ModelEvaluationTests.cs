using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Export;
using OnnxTransfer.Heads;
using OnnxTransfer.Prediction;
using OnnxTransfer.Tests.Backbones;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Tests.Prediction;

/// <summary>A fused model is measured as its head is, whatever it answers.</summary>
public sealed class ModelEvaluationTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _tiny = new();
    private readonly Backbone _backbone;
    private readonly EmbeddingCache _cache;
    private readonly Dataset _images;

    public ModelEvaluationTests()
    {
        _backbone = Backbone.Load("tiny", settings: new BackboneSettings { Catalogue = _tiny.Catalogue, Threads = 1 });
        _cache = EmbeddingCache.Open(_folder["cache"]);
        _images = ImageFolder.Open(SmallImages.WriteLearnable(_folder, 6));
    }

    public void Dispose()
    {
        _cache.Dispose();
        _backbone.Dispose();
        _tiny.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Labels_are_matched_by_name()
    {
        var data = Changed((item, i) => item with { Label = -1, LabelSet = i % 3 == 0 ? [] : i % 3 == 1 ? [1] : [0, 2] }) with
        {
            Classes = ["a", "b", "c"], IsMultiLabel = true,
        };
        using var model = Fused(Activation.Sigmoid, ["c", "a", "b"], null, out var head);

        var scores = Assert.IsType<LabelScores>(ModelEvaluation.Run(model, data).Scores);

        var set = _backbone.Embed(data, _cache);
        set = set with { Classes = head.Classes, LabelSets = Array.ConvertAll(set.LabelSets, labels => Array.ConvertAll(labels, label => (label + 1) % 3)) };
        var expected = head.EvaluateLabels(set);
        Assert.Equal((expected.Main, expected.MicroF1, expected.MainInterval), (scores.Main, scores.MicroF1, scores.MainInterval));
        Assert.Equal(
            $"{_images.Source} has one class an item, but {model.Path} predicts any number of labels; name the column that holds them (--labels)",
            Assert.Throws<DatasetException>(() => ModelEvaluation.Run(model, _images)).Message);
    }

    [Fact]
    public void Several_values_are_measured_each()
    {
        var data = Changed((item, i) => item with { Targets = [i, -i, 3 * i] }) with { Classes = [], IsRegression = true, TargetNames = ["x", "y", "z"] };
        using var model = Fused(Activation.Identity, [], ["x", "y", "z"], out var head);

        var scores = Assert.IsType<MultiValueScores>(ModelEvaluation.Run(model, data).Scores);

        Assert.Equal(head.EvaluateTargets(_backbone.Embed(data, _cache)).MeanR2, scores.MeanR2, 1e-4 * Math.Abs(scores.MeanR2));
        Assert.EndsWith(
            $"has the targets y, x, z, but {model.Path} predicts x, y, z; name the columns in its order (--target x,y,z)",
            Assert.Throws<DatasetException>(() => ModelEvaluation.Run(model, data with { TargetNames = ["y", "x", "z"] })).Message, StringComparison.Ordinal);
        Assert.Contains("has the targets of one column, but", Assert.Throws<DatasetException>(
            () => ModelEvaluation.Run(model, data with { TargetNames = [] })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interval_is_measured_with_its_value()
    {
        var data = Changed((item, i) => item with { Target = i }) with { Classes = [], IsRegression = true };
        using var model = Fused(Activation.Identity, [], ["low", "value", "high"], out var head);

        var scores = Assert.IsType<RegressionScores>(ModelEvaluation.Run(model, data).Scores);

        var expected = head.EvaluateValues(_backbone.Embed(data, _cache));
        Assert.Equal(expected.IntervalCoverage, scores.IntervalCoverage);
        Assert.Equal(expected.MeanIntervalWidth!.Value, scores.MeanIntervalWidth!.Value, 1e-4 * Math.Abs(expected.MeanIntervalWidth.Value));
        Assert.Equal(expected.RootMeanSquaredError, scores.RootMeanSquaredError, 1e-4 * expected.RootMeanSquaredError);
    }

    private Dataset Changed(Func<DatasetItem, int, DatasetItem> change) => _images with { Items = [.. _images.Items.Select(change)] };

    private ImageModel Fused(Activation activation, string[] classes, string[]? valueNames, out LinearHead head)
    {
        float[] weights = [.. Enumerable.Range(0, 3 * _backbone.Width).Select(i => (float)Math.Sin(i))];
        head = new LinearHead(weights, [0.5f, -0.25f, 0.125f], activation, classes, valueNames);
        FusedModel.Save(_folder["m.onnx"], _backbone, head);
        return ImageModel.Load(_folder["m.onnx"]);
    }
}
