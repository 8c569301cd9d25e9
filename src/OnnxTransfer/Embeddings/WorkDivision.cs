using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Embeddings;

/// <summary>
/// How a run's threads share its work. On a CPU there are as many as cores, and each takes whatever is ready and furthest on:
/// a batch to be run, else an image to be decoded, so that the division follows the time each takes. On a GPU the runs have
/// threads of their own, which mostly wait for it.
/// </summary>
/// <param name="Threads">All that decode and run the backbone; one more writes.</param>
/// <param name="Decoders">How many of them may decode at once.</param>
/// <param name="Runs">How many runs of the backbone may go on at once.</param>
/// <param name="Waiting">Images that may be decoded or wait for the backbone at once.</param>
/// <param name="HasRunners">Whether the first <paramref name="Runs"/> threads only run the backbone and the others only decode.</param>
internal sealed record WorkDivision(int Threads, int Decoders, int Runs, int Waiting, bool HasRunners = false)
{
    // Of a backbone's sessions each may have a batch that is not yet full; one more is being filled while one is taken.
    private const int PartialBatches = 4 + 2;

    public static WorkDivision Of(Backbone backbone, EmbedSettings settings, int largestBatch)
    {
        var (cores, runs, decoders) = (Environment.ProcessorCount, backbone.Division.Runs, settings.Decoders);
        var onGpu = backbone.Provider.IsGpu();
        var threads = onGpu ? decoders + runs : Math.Min(decoders + runs, Math.Max(cores, Math.Max(decoders, runs)));
        return new(threads, decoders, runs, ((PartialBatches + (onGpu ? runs : 0)) * largestBatch) + decoders, onGpu);
    }

    /// <summary>Whether the thread numbered <paramref name="thread"/> runs the backbone, and whether it decodes.</summary>
    public (bool Runs, bool Decodes) RoleOf(int thread) => HasRunners ? (thread < Runs, thread >= Runs) : (true, true);

    /// <summary>What a user should know of what was asked for; null where there is nothing.</summary>
    public string? Note => (HasRunners ? Decoders : Math.Max(Decoders, Runs)) is var asked && asked > Environment.ProcessorCount
        ? $"{asked} threads on {Environment.ProcessorCount} cores: they take turns, which costs time and memory and gains something only where they wait for a disk or a GPU"
        : null;
}
