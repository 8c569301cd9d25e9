using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Cli.Tests;

/// <summary><c>train --from-scratch</c>: what it does, what it says, what it refuses.</summary>
public sealed class ScratchTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_file_answers_as_the_report_says()
    {
        var data = TrainedData.Write(_folder);

        var run = await CommandRun.Of(
            "train", data, "--cache", _folder["cache"], "--from-scratch", "--scratch-size", "8x8", "--zero-last-norm", "--validation", "0", "--epochs", "2", "--step-batch", "4",
            "--momentum", "0.8", "--schedule", "one-cycle", "--warm-up", "1", "--augment", "grey:0.5,flip", "--tuned-backbone", _folder["own.onnx"], "-o", _folder["m.onnx"], "--json");

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal(("own", "from scratch", "scratch"), ((string?)run.Json["backbone"], (string?)run.Json["head"], (string?)run.Json["fineTuning"]!["part"]));
        Assert.Null(run.Json["comparedWith"]);
        Assert.Contains(
            "training the architecture of resnet14-cifar10 from fresh weights, 2 epochs at a learning rate of up to 0.1, images augmented by grey:0.5,flip:0.5", run.Error, StringComparison.Ordinal);
        Assert.Contains("note: no rows were held out to validate by; the weights of the last epoch were taken", run.Error, StringComparison.Ordinal);

        var card = OnnxTransfer.Prediction.ImageModel.Load(_folder["m.onnx"]).Card;
        Assert.Equal(("from scratch", "8x8", "15", "true"), (card.Head["kind"], card.Head["size"], card.Head["batchNorms"], card.Head["zeroLastNorm"]));
        Assert.Equal(8, card.Preprocessing.CropHeight);
        Assert.Equal("grey:0.5,flip:0.5", card.Head["augment"]);
        Assert.Contains("The architecture of resnet14-cifar10, trained by OnnxTransfer from fresh weights: 2 epochs on ", card.Backbone.Source, StringComparison.Ordinal);
        await TrainedData.SameScores(run, _folder["m.onnx"], data);
    }

    [Theory]
    [InlineData("--zero-last-norm: is for networks of fresh weights; say --from-scratch too, or leave it out", "--zero-last-norm")]
    [InlineData("--scratch-size: is for networks of fresh weights; say --from-scratch too", "--scratch-size", "8x8")]
    [InlineData("--scratch-size 8: expected rows x columns of 1 to 8192 each, such as 64x64", "--from-scratch", "--scratch-size", "8")]
    [InlineData("--unfreeze: does not go together with --from-scratch: keeps the backbone's weights to begin with; leave one of them out", "--from-scratch", "--unfreeze", "last")]
    [InlineData("--views: does not go together with --from-scratch", "--from-scratch", "--views", "2")]
    [InlineData("--view-seed: does not go together with --from-scratch: --seed decides what is drawn", "--from-scratch", "--view-seed", "2")]
    [InlineData("--head: does not go together with --from-scratch", "--from-scratch", "--head", "svm")]
    [InlineData("--rate-ratio: is for fine-tuning", "--from-scratch", "--rate-ratio", "3")]
    [InlineData("--tap layer1,layer2: the network ends with one tap, pooled as its description says; expected its name", "--from-scratch", "--tap", "layer1,layer2")]
    [InlineData("--momentum 1: expected 0 to below 1", "--from-scratch", "--momentum", "1")]
    [InlineData("--momentum: is that of sgd; say --optimizer sgd too, or leave it out", "--from-scratch", "--optimizer", "adam", "--momentum", "0.5")]
    [InlineData("--epochs: says how a network is trained; say --unfreeze or --from-scratch too", "--epochs", "3")]
    [InlineData("--epochs 0: expected 1 or more", "--from-scratch", "--epochs", "0")]
    [InlineData("--tuned-backbone x: expected the name of a file that ends in .onnx", "--from-scratch", "--tuned-backbone", "x")]
    [InlineData("--tuned-backbone", "--from-scratch", "--tuned-backbone", "no-such-folder/x.onnx")]
    [InlineData("Argument 'some' not recognized", "--from-scratch", "--normalise", "some")]
    public async Task Bad_usage_exits_with_2(string said, params string[] options)
    {
        var run = await CommandRun.Of(["train", SmallImages.WriteLearnable(_folder, 3), "--cache", _folder["cache"], .. options]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["cache"]));
    }

    [Theory]
    [InlineData("--from-scratch")]
    [InlineData("--unfreeze", "last")]
    public async Task Labels_are_not_smoothed_where_numbers_are_predicted(params string[] way)
    {
        string[] images = [.. Directory.GetFiles(SmallImages.Write(_folder, 4), "*.bmp", SearchOption.AllDirectories)];
        File.WriteAllLines(_folder["numbers.csv"], ["image,target", .. images.Select((image, i) => $"{image},{i}")]);

        var run = await CommandRun.Of(["train", _folder["numbers.csv"], "--cache", _folder["cache"], "--label-smoothing", "0.1", .. way]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--label-smoothing is for classes and labels, and the data has numbers to predict; leave it out", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["cache"]));
    }
}
