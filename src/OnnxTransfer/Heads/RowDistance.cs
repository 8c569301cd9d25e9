using System.Runtime.Intrinsics;

namespace OnnxTransfer.Heads;

/// <summary>Distances of two embeddings in float64, without cancellation: equal embeddings are at 0 exactly.</summary>
internal static class RowDistance
{
    /// <summary>The squared Euclidean distance; or 1 - cosine, as half the squared distance of both brought to length 1 (1 for zeros).</summary>
    public static double Of(Distance distance, ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        if (distance == Distance.Euclidean)
        {
            return Squared(x, 1, y, 1);
        }

        double lengthX = Math.Sqrt(SquaredLength(x)), lengthY = Math.Sqrt(SquaredLength(y));
        return lengthX == 0 || lengthY == 0 ? 1 : 0.5 * Squared(x, 1 / lengthX, y, 1 / lengthY);
    }

    /// <summary>The sum of squares.</summary>
    public static double SquaredLength(ReadOnlySpan<float> x)
    {
        Vector256<double> low = default, high = default;
        int i = 0;
        for (; i + 8 <= x.Length; i += 8)
        {
            var (lower, upper) = Vector256.Widen(Vector256.Create(x[i..]));
            low += lower * lower;
            high += upper * upper;
        }

        double sum = Vector256.Sum(low + high);
        for (; i < x.Length; i++)
        {
            sum += (double)x[i] * x[i];
        }

        return sum;
    }

    private static double Squared(ReadOnlySpan<float> x, double scaleX, ReadOnlySpan<float> y, double scaleY)
    {
        Vector256<double> low = default, high = default;
        int i = 0;
        for (; i + 8 <= x.Length; i += 8)
        {
            var (lower, upper) = Vector256.Widen(Vector256.Create(x[i..]));
            var (lowerY, upperY) = Vector256.Widen(Vector256.Create(y[i..]));
            lower = (lower * scaleX) - (lowerY * scaleY);
            upper = (upper * scaleX) - (upperY * scaleY);
            low += lower * lower;
            high += upper * upper;
        }

        double sum = Vector256.Sum(low + high);
        for (; i < x.Length; i++)
        {
            double difference = (x[i] * scaleX) - (y[i] * scaleY);
            sum += difference * difference;
        }

        return sum;
    }
}
