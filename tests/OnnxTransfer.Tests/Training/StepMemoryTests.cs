using OnnxTransfer.Inference;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Tests.Training;

public sealed class StepMemoryTests
{
    private static readonly StepRows Rows = new(48, 48, 100);

    [Fact]
    public void A_step_that_does_not_fit_says_how_many_rows_would()
    {
        var memory = new StepMemory("small network", Rows, Built, null);
        memory.Check(Built(48), StepMemory.Needed(Built(48)));
        long available = StepMemory.Needed(Built(20));
        Assert.Equal(
            "small network: a step on 48 rows at once needs 0.0 GB for its tensors; expected at most the 0.0 GB that this process may use; " + Fitting(available),
            Assert.Throws<TrainingException>(() => memory.Check(Built(48), available)).Message);
        Assert.EndsWith("not even a row fits: train fewer layers, or on smaller inputs", Assert.Throws<TrainingException>(() => memory.Check(Built(48), 100)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gpu_that_is_short_of_memory_is_advised_on()
    {
        var error = new InferenceException("x: failed", new InvalidOperationException("Failed to allocate memory for requested buffer of size 123456"));
        Assert.True(StepMemory.IsShort(error));
        Assert.False(StepMemory.IsShort(new InferenceException("shapes differ")));
        Assert.Equal(
            "small network: a step on 48 rows at once does not fit into the GPU's memory (Failed to allocate memory for requested buffer of size 123456); "
            + "about 24 rows fit: set MicroBatch = 24, which takes the same steps in parts, or BatchSize",
            new StepMemory("small network", Rows, Built, null).Short(error).Message);
        long available = StepMemory.Needed(Built(20));
        Assert.EndsWith(Fitting(available), new StepMemory("small network", Rows, Built, (available * 5 / 4) + 5).Short(error).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(64, 48, "MicroBatch = 24")] // a part of 64 or equal ones of 48: parts may differ, but 24 are as many as fit
    [InlineData(97, 97, "MicroBatch = 48")] // a prime number has no equal parts
    public void Parts_are_equal_where_that_costs_little(int asked, int batch, string advice) => Assert.Contains(
        advice, Advice(new StepRows(batch, batch, asked)), StringComparison.Ordinal);

    [Theory]
    [InlineData(32, 21, "MicroBatch = 8")] // 21 rows and a BatchSize of 32: 7 would be refused
    [InlineData(31, 31, "BatchSize = 15")] // nothing divides 31
    public void Parts_divide_the_batch_asked_for_where_norms_want_whole_ones(int asked, int batch, string advice) => Assert.Contains(
        advice, Advice(new StepRows(batch, batch, batch, asked)), StringComparison.Ordinal);

    private static string Advice(StepRows rows) =>
        new StepMemory("small network", rows, Built, null).Short(new InferenceException("x: failed", new InvalidOperationException("out of memory"))).Message;

    // The most rows that fit, one by one, and the largest part of the batch of 48 up to that.
    private static string Fitting(long available)
    {
        int most = Enumerable.Range(1, 47).Last(rows => StepMemory.Needed(Built(rows)) <= available);
        int part = Enumerable.Range(1, most).Last(rows => 48 % rows == 0);
        Assert.InRange(most, 20, 47);
        return $"about {most} rows fit: set MicroBatch = {part}, which takes the same steps in parts, or BatchSize";
    }

    private static StepGraph Built(int rows)
    {
        var network = SmallNetwork.Build();
        var forward = ForwardGraph.Of(network, new SoftmaxCrossEntropy());
        return StepGraph.Build(forward.Model, forward.Loss, network.Weights, new Adam(), rows);
    }
}
