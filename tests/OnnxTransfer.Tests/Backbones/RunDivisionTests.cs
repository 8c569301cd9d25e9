using OnnxTransfer.Backbones;

namespace OnnxTransfer.Tests.Backbones;

public sealed class RunDivisionTests
{
    private const long Giga = 1_000_000_000;

    [Theory]
    [InlineData(0, 64, 64, 1, 8)] // room for 640 images: 64 runs of 10
    [InlineData(0, 640, 640, 1, 1)]
    [InlineData(0, 1280, 640, 641, 1)] // one image a run, as many as fit, the other threads shared
    [InlineData(32, 64, 20, 45, 32)]
    [InlineData(640, 64, 1, 64, 640)] // one run on all threads
    [InlineData(8, 64, 64, 1, 8)]
    public void As_many_runs_as_threads_and_memory_allow(int asked, int threads, int runs, int threadsEach, int batch)
    {
        var division = RunDivision.OnCpu(asked, threads, imageBytes: 100_000_000, available: 128 * Giga);

        Assert.Equal((runs, threadsEach, batch, asked > 0), (division.Runs, division.Threads, division.Batch, division.IsBatchFixed));
        Assert.Equal(threads, division.Runs + division.Threads - 1);
    }

    [Fact]
    public void Without_shapes_memory_is_no_bound() => Assert.Equal((4, 1, 8), RunDivision.OnCpu(0, 4, 0, Giga) is var d ? (d.Runs, d.Threads, d.Batch) : default);

    [Fact]
    public void How_it_was_chosen_is_told()
    {
        Assert.Equal("the usual batch, threads as asked", RunDivision.OnCpu(0, 4, 1, Giga).Reason);
        Assert.Equal("batch as memory allows, threads as asked", RunDivision.OnCpu(0, 4, Giga / 10, Giga).Reason);
        Assert.Equal("batch as asked, threads as asked; memory for 2 runs at once, which share 3 threads", RunDivision.OnCpu(2, 4, Giga / 10, Giga).Reason);
    }

    [Fact]
    public void A_gpu_gets_two_runs_so_that_copies_overlap() => Assert.Equal((2, 64), RunDivision.OnGpu(64, asked: false, gpus: 1) is var d ? (d.Runs, d.Batch) : default);
}
