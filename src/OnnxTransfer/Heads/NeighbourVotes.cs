namespace OnnxTransfer.Heads;

/// <summary>What the rows answer, and how the answers of neighbours become one: class votes, label votes, or a mean of targets.</summary>
internal sealed record NeighbourVotes
{
    /// <summary>Cosine distances below this are rounding of float32.</summary>
    public const double CosineZero = 1e-12;

    /// <summary>Class per row; empty where rows answer otherwise.</summary>
    public int[] Labels { get; init; } = [];

    /// <summary>Labels per row; empty where rows answer otherwise.</summary>
    public int[][] LabelSets { get; init; } = [];

    /// <summary>N x m targets; empty where rows answer otherwise.</summary>
    public double[] Targets { get; init; } = [];

    /// <summary>Weight per row; empty: all 1.</summary>
    public double[] Weights { get; init; } = [];

    /// <summary>k or m.</summary>
    public required int Outputs { get; init; }

    /// <summary>How distances become votes.</summary>
    public required Weighting Weighting { get; init; }

    /// <summary>What distances mean: squared lengths, or 1 - cosine.</summary>
    public required Distance Distance { get; init; }

    /// <summary>Divides the cosines of <see cref="Weighting.Softmax"/>.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>
    /// The mean answer of the first neighbours, as many as weigh <paramref name="wanted"/> together; the last counts as far as
    /// there is room for it. NaN without neighbours.
    /// </summary>
    /// <param name="nearest">Neighbours, nearest first.</param>
    /// <param name="wanted">k, the weight of those that vote.</param>
    /// <param name="result">Receives the <see cref="Outputs"/> answers.</param>
    public void Count(ReadOnlySpan<Neighbour> nearest, double wanted, Span<double> result)
    {
        result.Clear();
        double room = wanted, total = 0;
        for (int i = 0; i < nearest.Length && room > 0; i++)
        {
            int row = nearest[i].Row;
            double weight = Math.Min(room, Weights.Length == 0 ? 1 : Weights[row]);
            room -= weight;
            double vote = weight * Vote(nearest[i].Distance, nearest[0].Distance);
            total += vote;
            Add(row, vote, result);
        }

        for (int c = 0; c < result.Length; c++)
        {
            result[c] /= total;
        }
    }

    // In units of the nearest one's vote, which loses nothing: votes are divided by their sum.
    private double Vote(double distance, double least) => Weighting switch
    {
        Weighting.InverseDistance when IsZero(least) => IsZero(distance) ? 1 : 0,
        Weighting.InverseDistance => Distance == Distance.Euclidean ? Math.Sqrt(least / distance) : least / distance,
        Weighting.Softmax => Math.Exp((least - distance) / Temperature),
        _ => 1,
    };

    private bool IsZero(double distance) => distance <= (Distance == Distance.Cosine ? CosineZero : 0);

    private void Add(int row, double vote, Span<double> result)
    {
        if (Labels.Length > 0)
        {
            result[Labels[row]] += vote;
        }
        else if (LabelSets.Length > 0)
        {
            foreach (int label in LabelSets[row])
            {
                result[label] += vote;
            }
        }
        else
        {
            for (int j = 0; j < Outputs; j++)
            {
                result[j] += vote * Targets[(row * Outputs) + j];
            }
        }
    }
}
