namespace OnnxTransfer.Heads;

/// <summary>A row near a query.</summary>
/// <param name="Distance">The squared Euclidean distance, or 1 - cosine, in float64.</param>
/// <param name="Row">Its place among the rows.</param>
internal readonly record struct Neighbour(double Distance, int Row) : IComparable<Neighbour>
{
    /// <summary>The nearer comes first; of rows equally near the one of the smaller number.</summary>
    public int CompareTo(Neighbour other) =>
        Distance < other.Distance ? -1 : Distance > other.Distance ? 1 : Row.CompareTo(other.Row);
}
