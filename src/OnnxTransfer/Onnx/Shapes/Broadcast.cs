namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Multidirectional broadcasting as NumPy does it: dimensions aligned at the end, 1 stretched.</summary>
internal static class Broadcast
{
    public static long[] Of(params KnownTensor[] tensors)
    {
        var dims = Enumerable.Repeat(1L, tensors.Max(t => t.Rank)).ToArray();
        foreach (var tensor in tensors)
        {
            var offset = dims.Length - tensor.Rank;
            for (var i = 0; i < tensor.Rank; i++)
            {
                var (a, b) = (dims[i + offset], tensor.Dims[i]);
                NodeShapes.Require(a == b || a == 1 || b == 1,
                    $"its inputs have the shapes {string.Join(" and ", tensors.Take(8).Select(t => t.Shape))}; expected shapes that broadcast, dimension by dimension equal or 1");
                dims[i + offset] = a == 1 ? b : a;
            }
        }

        return dims;
    }

    /// <summary>The values of a small constant stretched to <paramref name="dims"/>, which it broadcasts to; null where it has none.</summary>
    public static double[]? Stretched(KnownTensor tensor, long[] dims) => Rearranged.Of(tensor, dims, index =>
        [.. tensor.Dims.Select((size, i) => size == 1 ? 0 : index[i + dims.Length - tensor.Rank])]);
}
