using OnnxTransfer.Inference;

namespace OnnxTransfer.Backbones;

/// <summary>
/// How the cores are divided between runs of a backbone that go on at once while many images are embedded. On a CPU one run
/// on many threads waits at every operator for its slowest thread; one run a core, each on one thread, does not, and leaves
/// the scheduler free to decode between runs. The price is memory: every run has its own tensors.
/// </summary>
/// <param name="Runs">Runs at once, for all sessions together.</param>
/// <param name="Threads">Threads of a session on the CPU: that of each run, and those that runs share where there are fewer runs than threads.</param>
/// <param name="Batch">Images a run.</param>
/// <param name="LargestBatch">The most images a run for which the runs at once have the memory.</param>
/// <param name="IsBatchFixed">Whether the batch was asked for or is the only one the session runs, so that nothing is left to choose.</param>
/// <param name="Reason">How this was chosen.</param>
internal sealed record RunDivision(int Runs, int Threads, int Batch, int LargestBatch, bool IsBatchFixed, string Reason)
{
    /// <summary>Images a run on a CPU unless measured or asked for otherwise.</summary>
    public const int UsualBatch = 8;

    // What the tensors of all runs may take of the memory; the rest is weights, images, and others' work.
    private const int MemoryShare = 2;

    /// <summary>On a GPU two: while one computes, the other's images are on their way.</summary>
    public static RunDivision OnGpu(int batch, bool asked, int gpus) =>
        new(2 * gpus, 1, batch, batch, true, asked ? "batch as asked" : "the usual batch of a GPU");

    /// <summary>On a CPU as many runs as threads, each on one, as far as memory goes.</summary>
    /// <param name="asked">Images a run; 0: to be chosen.</param>
    /// <param name="threads">Threads asked for; 0: one for each core.</param>
    /// <param name="imageBytes">What one image takes in a run.</param>
    /// <param name="available">Memory this process may use.</param>
    public static RunDivision OnCpu(int asked, int threads, long imageBytes, long available)
    {
        var all = threads > 0 ? threads : Environment.ProcessorCount;
        var fitting = Math.Max(1, available / MemoryShare / Math.Max(1, imageBytes)); // images in all runs together
        var runs = (int)Math.Clamp(fitting / Math.Max(1, asked), 1, all);
        var largest = (int)Math.Clamp(fitting / runs, 1, int.MaxValue);
        var batch = asked > 0 ? asked : Math.Min(UsualBatch, largest);
        var reason = (asked > 0 ? "batch as asked" : batch < UsualBatch ? "batch as memory allows" : "the usual batch")
            + (threads > 0 ? ", threads as asked" : "")
            + (runs < all ? $"; memory for {runs} runs at once, which share {all - runs + 1} threads" : "");
        return new(runs, all - runs + 1, batch, largest, asked > 0, reason);
    }
}
