using OnnxTransfer.Onnx;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Tests.Training;

public sealed class NetworkFitTests
{
    private static readonly TrainingSettings Quick = new() { Epochs = 4, BatchSize = 8, LearningRate = 0.01, Threads = 1 };
    private static readonly SoftmaxCrossEntropy Loss = new();

    [Fact]
    public void The_loss_falls_and_the_best_weights_are_kept()
    {
        var told = new List<TrainingProgress>();
        var settings = Quick with { Epochs = 30, Patience = 8 };
        var trained = NetworkFit.Run(SmallNetwork.Build(), Loss, SmallNetwork.Rows(100), SmallNetwork.Rows(40, seed: 2), settings, told.Add);
        Assert.True(trained.Epochs[^1].Loss < 0.6 * trained.Epochs[0].Loss);
        Assert.Equal(trained.Epochs.Min(epoch => epoch.Validation), trained.Epochs[trained.Best].Validation);
        Assert.Equal(13 * trained.Epochs.Count, told.Count);
        Assert.Equal(new TrainingProgress(0, 30, 8, 100, told[0].Loss, double.NaN), told[0]);
        Assert.Equal(100, told[12].Rows);
        Assert.Equal(trained.Epochs[0].Loss, told[12].Loss);
        Assert.Equal(trained.Epochs[0].Validation, told[13].Validation);

        // The result, scored by a training of no consequence, has the best validation loss.
        var again = NetworkFit.Run(
            SmallNetwork.Build() with { Model = trained.Model }, Loss, SmallNetwork.Rows(100), SmallNetwork.Rows(40, seed: 2), Quick with { Epochs = 1, LearningRate = 1e-12 });
        Assert.Equal(trained.Epochs[trained.Best].Validation, again.Epochs[0].Validation, 1e-6);
    }

    [Fact]
    public void Twice_the_same_is_the_same_to_the_bit()
    {
        Assert.Equal(Weights(Run(Quick)), Weights(Run(Quick)));
        Assert.NotEqual(Weights(Run(Quick)), Weights(Run(Quick with { Seed = 1 })));

        static TrainedNetwork Run(TrainingSettings settings) => NetworkFit.Run(SmallNetwork.Build(), Loss, SmallNetwork.Rows(30), null, settings);
    }

    [Fact]
    public void Every_epoch_goes_through_all_rows_in_an_order_of_its_own()
    {
        var rows = SmallNetwork.Rows(30);
        var asked = new Dictionary<int, List<int>>();
        rows.Asked = (epoch, chosen) => (asked.TryGetValue(epoch, out var so) ? so : asked[epoch] = []).AddRange(chosen);
        NetworkFit.Run(SmallNetwork.Build(), Loss, rows, null, Quick with { Epochs = 3 });
        Assert.All(asked.Values, chosen => Assert.Equal(Enumerable.Range(0, 30), chosen.Take(30).Order()));
        Assert.NotEqual(asked[0], asked[1]);
        Assert.NotEqual(asked[1], asked[2]);

        // What fills the last batch up is rows of it.
        Assert.Equal([.. asked[0].Skip(24).Take(6), .. asked[0].Skip(24).Take(2)], asked[0].Skip(24));
    }

    internal static byte[] Weights(TrainedNetwork trained) => Weights(trained.Model);

    internal static byte[] Weights(OnnxModel model) => [.. model.Graph.Initializer.SelectMany(weight => weight.RawData.ToByteArray())];
}
