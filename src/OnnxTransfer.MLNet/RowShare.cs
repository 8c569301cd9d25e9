namespace OnnxTransfer.MLNet;

/// <summary>The share of one of several cursors: of the batches of rows, every n-th.</summary>
/// <param name="First">The first batch.</param>
/// <param name="Cursors">n, the cursors that share the rows.</param>
/// <param name="BatchRows">Rows of a batch.</param>
internal readonly record struct RowShare(int First, int Cursors, int BatchRows)
{
    /// <summary>Where the row that the cursor gives as its <paramref name="reached"/>-th stands among all rows; beyond them at the end.</summary>
    public long Place(long reached) => ((First + (reached / BatchRows * Cursors)) * BatchRows) + (reached % BatchRows);
}
