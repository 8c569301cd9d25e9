namespace OnnxTransfer.Training;

/// <summary>
/// A convex loss of one row's k linear outputs, for an <see cref="ILossEngine"/>; what the row should have answered lies with
/// the loss. Losses of training graphs are <see cref="Losses.GraphLoss"/>.
/// </summary>
internal interface IRowLoss
{
    /// <summary>k.</summary>
    int Outputs { get; }

    /// <summary>
    /// The loss of a row, unweighted; <paramref name="outputs"/>, k values W z + b, become the loss's gradient by each of them.
    /// </summary>
    double Apply(int row, Span<double> outputs);
}
