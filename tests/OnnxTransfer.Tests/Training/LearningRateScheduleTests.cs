using OnnxTransfer.Tests.Numerics;
using OnnxTransfer.Training;

namespace OnnxTransfer.Tests.Training;

public sealed class LearningRateScheduleTests
{
    private static readonly Dictionary<string, LearningRateSchedule> Schedules = new()
    {
        ["constant"] = LearningRateSchedule.Constant,
        ["step"] = LearningRateSchedule.Step(4, 0.3),
        ["exponential"] = LearningRateSchedule.Exponential(0.9),
        ["cosine"] = LearningRateSchedule.Cosine(12),
        ["cosine with floor"] = LearningRateSchedule.Cosine(12, 0.2),
        ["cosine warmed up"] = LearningRateSchedule.Cosine(12) with { WarmUp = 3 },
        ["step warmed up"] = LearningRateSchedule.Step(4, 0.3) with { WarmUp = 2 },
    };

    public static TheoryData<string> Names => [.. Schedules.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Equals_torch_optim_lr_scheduler(string name)
    {
        double[] rates = GoldenFile.Read("Training", "steps.json").GetProperty("schedules").Doubles(name);
        Assert.All(rates.Index(), rate => Assert.Equal(rate.Item, 0.1 * Schedules[name].Factor(rate.Index), 1e-12));
    }

    [Fact]
    public void An_open_cosine_ends_with_the_last_epoch()
    {
        var schedule = (LearningRateSchedule.Cosine() with { WarmUp = 5 }).Over(25);
        Assert.Equal((LearningRateSchedule.Cosine(20) with { WarmUp = 5 }).Factor(24), schedule.Factor(24));
        Assert.Equal(schedule, schedule.Over(100));
        Assert.Equal(LearningRateSchedule.Step(3), LearningRateSchedule.Step(3).Over(100));
    }

    [Fact]
    public void A_rise_of_epochs_is_a_cycles_own_and_a_warm_up_before_others()
    {
        Assert.Equal(LearningRateSchedule.OneCycle(0.25, 0.2), LearningRateSchedule.OneCycle(0.3, 0.2).Rising(3, 12));
        Assert.Equal(LearningRateSchedule.OneCycle(0.5, 0.2, 6), LearningRateSchedule.OneCycle(0.3, 0.2, 6).Rising(3, 12));
        Assert.Equal(LearningRateSchedule.Cosine() with { WarmUp = 3 }, LearningRateSchedule.Cosine().Rising(3, 12));
        Assert.Equal(LearningRateSchedule.Constant with { WarmUp = 1 }, LearningRateSchedule.Constant.Rising(1, 12));
    }

    [Fact]
    public void Schedules_tell_themselves_and_their_faults()
    {
        Assert.Equal("Cosine(12, 0) after 3 epochs of warm-up", (LearningRateSchedule.Cosine(12) with { WarmUp = 3 }).ToString());
        Assert.Equal("Constant", LearningRateSchedule.Constant.ToString());
        Assert.All(Schedules.Values, schedule => Assert.Null(schedule.Fault));
        Assert.All(
            [LearningRateSchedule.Step(0), LearningRateSchedule.Exponential(0), LearningRateSchedule.Exponential(1.1), LearningRateSchedule.Cosine(-3), LearningRateSchedule.Constant with { WarmUp = -1 }],
            schedule => Assert.Contains("makes no sense", schedule.Fault!, StringComparison.Ordinal));
    }
}
