namespace OnnxTransfer.Onnx.Shapes;

/// <summary>The values of a small constant after an operator that only picks, repeats or moves elements.</summary>
internal static class Rearranged
{
    /// <summary>
    /// Values of shape <paramref name="dims"/>, the one at each index taken from the index <paramref name="from"/> names in
    /// <paramref name="source"/>; null where the source has none or there would be too many.
    /// </summary>
    public static double[]? Of(KnownTensor source, long[] dims, Func<long[], long[]> from)
    {
        if (source.Values is not { } values || new KnownTensor(source.ElementType, dims).Count is var count && count > KnownTensor.MostValues)
        {
            return null;
        }

        var result = new double[count];
        var index = new long[dims.Length];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = values[Flat(from(index), source.Dims)];
            for (var d = dims.Length - 1; d >= 0 && ++index[d] == dims[d]; d--)
            {
                index[d] = 0;
            }
        }

        return result;
    }

    private static long Flat(long[] index, long[] dims)
    {
        var flat = 0L;
        for (var i = 0; i < dims.Length; i++)
        {
            flat = (flat * dims[i]) + index[i];
        }

        return flat;
    }
}
