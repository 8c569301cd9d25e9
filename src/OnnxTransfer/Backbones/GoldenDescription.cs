namespace OnnxTransfer.Backbones;

/// <summary>What the backbone must give for a certain image, computed where it was trained.</summary>
/// <param name="Image">The image's file name, beside the description.</param>
/// <param name="Taps">The taps whose embeddings are concatenated, in this order.</param>
/// <param name="Values">The embedding.</param>
public sealed record GoldenDescription(string Image, IReadOnlyList<string> Taps, IReadOnlyList<float> Values)
{
    /// <summary>
    /// How far <paramref name="embedding"/> is from the golden one: the largest difference relative to the largest golden
    /// value, and the cosine between the two.
    /// </summary>
    /// <exception cref="ArgumentException">It has another width.</exception>
    public (double Difference, double Cosine) Compare(ReadOnlySpan<float> embedding)
    {
        if (embedding.Length != Values.Count)
        {
            throw new ArgumentException($"an embedding of {embedding.Length} numbers; the golden one has {Values.Count}", nameof(embedding));
        }

        return Compare([.. Values], embedding);
    }

    /// <summary>The same of any two vectors of one length. A vector of zeros is equal to itself and to nothing else.</summary>
    internal static (double Difference, double Cosine) Compare(ReadOnlySpan<float> expected, ReadOnlySpan<float> given)
    {
        double difference = 0, largest = 0, dot = 0, golden = 0, found = 0;
        for (var i = 0; i < expected.Length; i++)
        {
            double g = expected[i], f = given[i];
            difference = Math.Max(difference, Math.Abs(g - f));
            largest = Math.Max(largest, Math.Abs(g));
            dot += g * f;
            golden += g * g;
            found += f * f;
        }

        return golden == 0 && found == 0 ? (0, 1) : (difference / largest, dot / Math.Sqrt(golden * found));
    }
}
