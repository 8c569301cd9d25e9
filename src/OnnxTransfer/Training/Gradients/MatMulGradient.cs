namespace OnnxTransfer.Training.Gradients;

/// <summary>y = A B over the last two dimensions: dA = dy Bᵀ, dB = Aᵀ dy, summed over dimensions in front that were broadcast.</summary>
internal static class MatMulGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string a = node.Input(0), b = node.Input(1);
        int rankA = node.Type(a).Dimensions.Count, rankB = node.Type(b).Dimensions.Count;
        if (rankA < 2 || rankB < 2)
        {
            throw node.Unsupported($"it multiplies {node.Type(a)} by {node.Type(b)}; expected matrices: give a vector a dimension of 1");
        }

        if (rankA == 2 && rankB == 2)
        {
            return
            [
                node.Needs(0) ? node.Add("Gemm", [gradient, b], ("transB", 1)) : null,
                node.Needs(1) ? node.Add("Gemm", [a, gradient], ("transA", 1)) : null,
            ];
        }

        return
        [
            node.Needs(0) ? SumTo(node, node.Add("MatMul", [gradient, Transposed(node, b)]), a) : null,
            node.Needs(1) ? SumTo(node, node.Add("MatMul", [Transposed(node, a), gradient]), b) : null,
        ];
    }

    private static string Transposed(GradientNode node, string tensor)
    {
        int rank = node.Type(tensor).Dimensions.Count;
        long[] order = [.. Enumerable.Range(0, rank - 2), rank - 1, rank - 2];
        return node.Add("Transpose", [tensor], ("perm", order));
    }

    // Like GradientNode.SumTo, but of the dimensions in front alone: the last two are those of the product.
    private static string SumTo(GradientNode node, string gradient, string input)
    {
        var from = node.Type(node.Output).Dimensions;
        var to = node.Type(input).Dimensions;
        int added = from.Count - to.Count;
        long[] axes = [.. Enumerable.Range(0, from.Count - 2).Where(i => i < added || to[i - added] != from[i]).Select(i => (long)i)];
        if (axes.Length == 0)
        {
            return gradient;
        }

        string sum = node.SumAlong(gradient, axes);
        return added == 0 ? sum : node.Add("Reshape", [sum, node.List([.. to])]);
    }
}
