using System.CommandLine;
using OnnxTransfer.Backbones;
using OnnxTransfer.Heads.Tuning;
using OnnxTransfer.Inference;
using OnnxTransfer.Training;

namespace OnnxTransfer.Cli.Tests;

/// <summary>What the options of a training make of its usual settings.</summary>
public sealed class TuneOptionsTests
{
    private static readonly TrainingSettings Cosine = new Autoencoder().Training;

    public static TheoryData<LearningRateSchedule, string> Schedules => new()
    {
        { LearningRateSchedule.Cosine(), "" },
        { LearningRateSchedule.Cosine() with { WarmUp = 2 }, "--warm-up 2" },
        { LearningRateSchedule.OneCycle(0.3, 0.2), "--schedule one-cycle" },
        { LearningRateSchedule.OneCycle(0.1, 0.2), "--schedule one-cycle --warm-up 2" },
        { LearningRateSchedule.Constant with { WarmUp = 2 }, "--schedule constant --warm-up 2" },
    };

    [Theory]
    [MemberData(nameof(Schedules))]
    public void A_warm_up_keeps_the_schedule(LearningRateSchedule expected, string options) => Assert.Equal(expected, Applied(new(Cosine), options).Schedule);

    [Fact]
    public void A_recipe_keeps_its_cycle()
    {
        var (options, recipe) = (new TuneOptions(FineTuning.UsualTraining), FromScratch.UsualTraining);

        Assert.Equal(recipe.Schedule, Applied(options, "--schedule one-cycle", recipe).Schedule);
        Assert.Equal(LearningRateSchedule.OneCycle(0.1), Applied(options, "--warm-up 4", recipe).Schedule);
    }

    [Fact]
    public void Help_tells_what_is_usual()
    {
        Assert.EndsWith("(default: one-cycle)", new TuneOptions(FineTuning.UsualTraining).Schedule.Description, StringComparison.Ordinal);
        Assert.EndsWith("(default: cosine)", new TuneOptions(Cosine).Schedule.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_is_trained_on_the_first_of_the_backbones_GPUs()
    {
        var (command, options) = (new Command("train"), new TrainOptions());
        options.AddTo(command);
        var parsed = command.Parse(["photos"]);
        using var backbone = Backbone.Load("resnet14-cifar10", ExecutionProvider.Cpu, new BackboneSettings { Devices = [2, 1] });

        var (fine, scratch) = (options.Unfreeze.Of(parsed, options, backbone, 0.2, 1).Training, options.Scratch.Of(parsed, options, backbone, 0.2, 1).Training);

        Assert.Equal((2, 2), (fine.Device, scratch.Device));
        Assert.Equal((ExecutionProvider.Cpu, ExecutionProvider.Cpu), (fine.Provider, scratch.Provider));
    }

    private static TrainingSettings Applied(TuneOptions options, string line, TrainingSettings? usual = null)
    {
        var command = new Command("train");
        options.AddTo(command);
        return options.Apply(command.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)), usual);
    }
}
