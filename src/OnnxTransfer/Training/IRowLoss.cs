namespace OnnxTransfer.Training;

/// <summary>A convex loss of one row's k linear outputs; what the row should have answered lies with the loss.</summary>
internal interface IRowLoss
{
    /// <summary>k.</summary>
    int Outputs { get; }

    /// <summary>
    /// The loss of a row, unweighted; <paramref name="outputs"/>, k values W z + b, become the loss's gradient by each of them.
    /// </summary>
    double Apply(int row, Span<double> outputs);
}
