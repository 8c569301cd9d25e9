using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Tests.Embeddings;

public sealed class BatchTuningTests
{
    private const string Lane = "the whole network";

    // A lane that runs less of the network: what it takes must not speak for a size.
    private const string Cheap = "its first stage";

    [Fact]
    public void The_fastest_size_is_kept_once_all_had_their_turns()
    {
        var tuning = Tuned(size => size == 2 ? 0.010 : 0.012);

        Assert.Equal((2, true), (tuning.Size, tuning.IsDone));
        Assert.Equal("batch as measured: 12.0 ms an image in batches of 1, 10.0 ms an image in batches of 2, 12.0 ms an image in batches of 8", tuning.Told);
    }

    [Fact]
    public void A_gain_that_may_be_noise_changes_nothing() => Assert.Equal(8, Tuned(size => size == 2 ? 0.0118 : 0.012).Size);

    [Fact]
    public void Of_a_disturbed_run_the_other_rounds_count()
    {
        var round = 0;
        Assert.Equal(1, Tuned(size => size == 1 ? (round++ == 0 ? 1 : 0.001) : 0.01).Size);
    }

    [Fact]
    public void One_size_leaves_nothing_to_choose()
    {
        var tuning = new BatchTuning(8, []);
        tuning.Next();
        tuning.Measured(Lane, 8, 1);

        Assert.Equal((8, 8, true, null), (tuning.Size, tuning.Largest, tuning.IsDone, tuning.Told));
    }

    [Fact]
    public void Sizes_take_turns_and_odd_rests_do_not_count()
    {
        var tuning = new BatchTuning(8, 1, 2);
        var sizes = new List<int>();
        for (var i = 0; i < 6; i++)
        {
            sizes.Add(tuning.Size);
            tuning.Next();
            tuning.Measured(Lane, 5, 0.000001);
        }

        Assert.Equal([8, 1, 2, 8, 1, 2], sizes);
        Assert.False(tuning.IsDone);
    }

    private static BatchTuning Tuned(Func<int, double> secondsAnImage)
    {
        var tuning = new BatchTuning(8, 1, 2);
        for (var i = 0; i < 100 && !tuning.IsDone; i++)
        {
            var size = tuning.Size;
            tuning.Next();
            tuning.Measured(Lane, size, size * secondsAnImage(size));
            tuning.Measured(Cheap, 1, 0.000001);
        }

        return tuning;
    }
}
