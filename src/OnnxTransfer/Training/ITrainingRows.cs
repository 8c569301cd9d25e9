namespace OnnxTransfer.Training;

/// <summary>Rows that a network learns from, or is scored on, read when a batch needs them.</summary>
internal interface ITrainingRows
{
    /// <summary>How many there are.</summary>
    int Count { get; }

    /// <summary>Tells which batch <see cref="Fill"/> is asked for next, before the step that runs meanwhile: rows that take time may begin.</summary>
    void Prepare(int epoch, ReadOnlySpan<int> rows)
    {
    }

    /// <summary>Writes a batch.</summary>
    /// <param name="epoch">From 0 on: the same row may be augmented otherwise in every epoch, and is the same again in the same one.</param>
    /// <param name="rows">Which rows, in this order; one may occur more than once.</param>
    /// <param name="inputs">Receives the network's inputs, one row after the other: the bytes of floats or of pixels.</param>
    /// <param name="targets">Receives k numbers for each.</param>
    /// <param name="weights">Receives one for each; the mean of all rows' is 1.</param>
    /// <exception cref="OnnxTransferException">A row can no longer be read.</exception>
    void Fill(int epoch, ReadOnlySpan<int> rows, Span<byte> inputs, Span<float> targets, Span<float> weights);
}
