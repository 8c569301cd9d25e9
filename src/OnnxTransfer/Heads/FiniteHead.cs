using OnnxTransfer.Numerics;

namespace OnnxTransfer.Heads;

/// <summary>No NaN and no infinity ever stands in a fitted head.</summary>
internal static class FiniteHead
{
    /// <summary>Fails where a number of a head would not be finite.</summary>
    /// <exception cref="FitException">One is not.</exception>
    public static void Check(params ReadOnlySpan<float[]> parts)
    {
        foreach (float[] part in parts)
        {
            if (!FloatProducts.AllFinite(part))
            {
                throw new FitException(
                    "the fitted head holds a NaN or infinite value: embeddings or targets are too large for float32; " +
                    "expected values well below 1e38: scale them, or take a larger L2");
            }
        }
    }
}
