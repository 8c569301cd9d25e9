using OnnxTransfer.Training;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Tests.Training;

public sealed class CheckpointTests
{
    private static readonly SoftmaxCrossEntropy Loss = new();
    private static readonly TrainingSettings Settings = new()
    {
        Epochs = 5, BatchSize = 8, LearningRate = 0.02, Threads = 1, Schedule = LearningRateSchedule.OneCycle(), ClipNorm = 1,
    };

    /// <summary>30 rows make 4 steps an epoch, the last of them of 6 rows; one that was not scored yet is run again.</summary>
    [Theory]
    [InlineData(6, 0, 2)]
    [InlineData(8, 0, 4)]
    [InlineData(11, 0, 3)]
    [InlineData(11, 3, 3)]
    [InlineData(2, 3, 2)]
    [InlineData(11, 0, 3, true)]
    public void A_run_that_was_interrupted_goes_on_to_the_same_bits(int steps, int microBatch, int again, bool bySgd = false)
    {
        using var folder = new TempFolder();
        var settings = Settings with { Checkpoint = folder["fit.checkpoint"], MicroBatch = microBatch, Optimizer = bySgd ? new Sgd() : Settings.Optimizer };
        var whole = Run(settings with { Checkpoint = null });
        using var cancelled = new CancellationTokenSource();
        int done = 0;
        Assert.Throws<OperationCanceledException>(() => Run(
            settings,
            _ =>
            {
                if (++done == steps)
                {
                    cancelled.Cancel();
                }
            },
            cancelled.Token));
        var resumed = Run(settings, _ => done++);
        Assert.Equal(20 + again, done);
        Assert.Equal(NetworkFitTests.Weights(whole), NetworkFitTests.Weights(resumed));
        Assert.Equal(whole.Best, resumed.Best);
        Assert.Equal(whole.Epochs.Select(epoch => epoch with { Seconds = 0 }), resumed.Epochs.Select(epoch => epoch with { Seconds = 0 }));
        Assert.Equal(["fit.checkpoint"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_finished_one_gives_its_result_without_a_step()
    {
        using var folder = new TempFolder();
        var settings = Settings with { Checkpoint = folder["new folder", "fit.checkpoint"] };
        var first = Run(settings);
        int told = 0;
        var second = Run(settings, _ => told++);
        Assert.Equal(0, told);
        Assert.Equal(NetworkFitTests.Weights(first), NetworkFitTests.Weights(second));
        Assert.Equal(first.Epochs, second.Epochs);
    }

    /// <summary>With a schedule that does not depend on them, more epochs go on where fewer ended.</summary>
    [Fact]
    public void More_epochs_go_on()
    {
        using var folder = new TempFolder();
        var settings = Settings with { Checkpoint = folder["fit.checkpoint"], Schedule = LearningRateSchedule.Constant };
        Run(settings with { Epochs = 2 });
        int told = 0;
        var more = Run(settings, _ => told++);
        Assert.Equal(12, told);
        Assert.Equal(NetworkFitTests.Weights(Run(settings with { Checkpoint = null })), NetworkFitTests.Weights(more));
    }

    [Fact]
    public void One_of_another_training_is_refused()
    {
        using var folder = new TempFolder();
        string file = folder["fit.checkpoint"];
        var settings = Settings with { Checkpoint = file, Epochs = 1 };
        Run(settings);
        Assert.Equal(
            $"{file}: is a checkpoint of another training: its LearningRate is 0.02; expected 0.01: name another file, delete this one to begin anew, or train with what it was begun with",
            Assert.Throws<TrainingException>(() => Run(settings with { LearningRate = 0.01 })).Message);
        Assert.Contains("its Schedule is OneCycle(1, 0.04, 0.3); expected OneCycle(5, 0.04, 0.3):", Refused(() => Run(settings with { Epochs = 5 })), StringComparison.Ordinal);
        Assert.Contains(
            "its data is not told; expected four views:",
            Refused(() => NetworkFit.Run(SmallNetwork.Build(), Loss, SmallNetwork.Rows(30), SmallNetwork.Rows(20, seed: 2), settings, data: "four views")), StringComparison.Ordinal);
        Assert.Contains("its rows is 30, ", Refused(() => NetworkFit.Run(SmallNetwork.Build(), Loss, SmallNetwork.Rows(30, seed: 9), null, settings)), StringComparison.Ordinal);
        Assert.Contains(
            "its step (weights, their rates and decay, and the loss) is ",
            Refused(() => NetworkFit.Run(SmallNetwork.Build(decay: 0.1), Loss, SmallNetwork.Rows(30), SmallNetwork.Rows(20, seed: 2), settings)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_one_is_refused()
    {
        using var folder = new TempFolder();
        string file = folder["fit.checkpoint"];
        var settings = Settings with { Checkpoint = file, Epochs = 1 };
        Run(settings);
        byte[] whole = File.ReadAllBytes(file);
        File.WriteAllBytes(file, whole[..^10]);
        Assert.Equal(
            $"{file}: is no whole checkpoint (its checksum is another); expected a checkpoint as this version writes it: delete the file to begin anew", Refused(() => Run(settings)));
        whole[^50] ^= 1;
        File.WriteAllBytes(file, whole);
        Assert.Contains("its checksum is another", Refused(() => Run(settings)), StringComparison.Ordinal);
        File.WriteAllBytes(file, []);
        Assert.Contains("its checksum is another", Refused(() => Run(settings)), StringComparison.Ordinal);
    }

    private static TrainedNetwork Run(TrainingSettings settings, Action<TrainingProgress>? progress = null, CancellationToken cancellation = default) =>
        NetworkFit.Run(SmallNetwork.Build(), Loss, SmallNetwork.Rows(30), SmallNetwork.Rows(20, seed: 2), settings, progress, cancellation: cancellation);

    private static string Refused(Action run) => Assert.Throws<TrainingException>(run).Message;
}
