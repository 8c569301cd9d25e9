namespace OnnxTransfer.Training;

/// <summary>A loss whose rows answer with 0 or 1 for each output: one that <see cref="LossGraph"/> can compute too.</summary>
internal interface ILabelLoss : IRowLoss
{
    /// <summary>True where the outputs exclude each other and their probabilities sum to 1.</summary>
    bool IsExclusive { get; }

    /// <summary>What the row should answer: 1 for each of its labels, 0 for all others.</summary>
    void Answer(int row, Span<byte> answer);
}
