namespace OnnxTransfer.Training;

/// <summary>How the rows of an epoch are dealt to steps, and those of a step to parts.</summary>
/// <param name="Batch">Rows of a step.</param>
/// <param name="Part">Rows of a part, which are in memory at once.</param>
/// <param name="Learnt">Rows of an epoch that are learnt from.</param>
/// <param name="Whole">The batch asked for, of which every part must be a whole one; null: parts may differ.</param>
internal readonly record struct StepRows(int Batch, int Part, int Learnt, int? Whole = null)
{
    /// <summary>Steps of an epoch.</summary>
    public int Steps => (Learnt + Batch - 1) / Batch;

    /// <summary>Parts of a whole step.</summary>
    public int Parts => (Batch + Part - 1) / Part;

    /// <summary>Deals out <paramref name="count"/> rows; where there are fewer than a batch, the batch is smaller.</summary>
    /// <param name="source">The network, for messages.</param>
    /// <param name="count">Rows there are.</param>
    /// <param name="settings">With the sizes asked for.</param>
    /// <param name="whole">Whether every part must be full, for batch norms that take its statistics.</param>
    /// <exception cref="TrainingException">Parts must be full and cannot be.</exception>
    public static StepRows Of(string source, int count, TrainingSettings settings, bool whole)
    {
        int batch = Math.Min(settings.BatchSize, count), part = settings.MicroBatch == 0 ? batch : Math.Min(settings.MicroBatch, batch);
        if (!whole)
        {
            return new(batch, part, count);
        }

        if (part < 2 || (part < batch && settings.BatchSize % part != 0))
        {
            throw new TrainingException(
                $"{source}: batch norms in training take their statistics from the rows in memory at once, and BatchSize = {settings.BatchSize}, MicroBatch = {settings.MicroBatch} "
                + $"of {count} rows make {(part < 2 ? "single ones" : "parts of different sizes")}; expected a MicroBatch, or BatchSize, of at least 2 and a BatchSize that is a multiple of it{(count < 2 ? ": add rows" : "")}");
        }

        batch -= batch % part;
        return new(batch, part, count - (count % batch), settings.BatchSize);
    }
}
