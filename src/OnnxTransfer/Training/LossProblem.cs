using OnnxTransfer.Numerics;

namespace OnnxTransfer.Training;

/// <summary>What an engine passes over.</summary>
/// <param name="Rows">N x D raw embeddings; read block by block, never copied as a whole.</param>
/// <param name="Loss">The loss of a row's outputs.</param>
/// <param name="Weights">Weight per row; empty: all 1.</param>
/// <param name="Standardisation">Applied to each row when it is read.</param>
/// <param name="Threads">Threads to work on, at least 1.</param>
internal sealed record LossProblem(IRows Rows, IRowLoss Loss, double[] Weights, Standardisation Standardisation, int Threads)
{
    /// <summary>The sum of the weights: what the mean divides by.</summary>
    public double TotalWeight { get; } = Weights.Length == 0 ? Rows.Count : Weights.Sum();

    public double Weight(int row) => Weights.Length == 0 ? 1 : Weights[row];
}
