namespace OnnxTransfer.Embeddings;

/// <summary>How a run's work was divided between threads, and how that was chosen.</summary>
public sealed record EmbedDivision
{
    /// <summary>Cores that the process may use.</summary>
    public required int Cores { get; init; }

    /// <summary>Threads that decode or run the backbone, whichever is ready; one more writes.</summary>
    public required int Threads { get; init; }

    /// <summary>How many of them may read, decode and resize at once.</summary>
    public required int DecodeThreads { get; init; }

    /// <summary>How many runs of the backbone may go on at once.</summary>
    public required int Runs { get; init; }

    /// <summary>Threads of ONNX Runtime: of one run where it is 1, otherwise shared between the runs.</summary>
    public required int ThreadsPerRun { get; init; }

    /// <summary>Images a run; the last ones, divided between the threads, may be fewer.</summary>
    public required int Batch { get; init; }

    /// <summary>How batch and runs were chosen.</summary>
    public required string Reason { get; init; }

    /// <summary>What what was asked for costs; null where it costs nothing.</summary>
    public required string? Note { get; init; }

    /// <summary>In one line.</summary>
    public override string ToString() =>
        $"{Threads} threads on {Cores} cores, up to {DecodeThreads} decode, up to {Runs} run the backbone{(ThreadsPerRun > 1 ? $" on {ThreadsPerRun} shared threads" : "")}, batches of {Batch} ({Reason})";
}
