namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Operators that only arrange the same elements otherwise.</summary>
internal static class LayoutRules
{
    /// <summary>[a, b, c, d] becomes [a b, c d] for axis 2.</summary>
    public static KnownTensor[] Flatten(NodeShapes node)
    {
        var x = node[0];
        var axis = node.Proto.Long("axis", 1);
        var split = axis == x.Rank ? x.Rank : NodeShapes.Axis(axis, x.Rank);
        return [new(x.ElementType, [Product(x.Dims.AsSpan(0, split)), Product(x.Dims.AsSpan(split))], x.Values)];
    }

    /// <summary>-1 stands for what is left over, 0 for the input's dimension, unless allowzero says that it means 0.</summary>
    public static KnownTensor[] Reshape(NodeShapes node)
    {
        var x = node[0];
        var wanted = node.LongsOf("shape", 1) ?? throw new ShapeException("lacks its shape");
        var copies = node.Proto.Long("allowzero", 0) == 0;
        var dims = wanted.Select((d, i) => d != 0 || !copies ? d : i < x.Rank ? x.Dims[i]
            : throw new ShapeException($"copies dimension {i} of the input {x.Shape}, which has {x.Rank}")).ToArray();
        var place = Array.IndexOf(dims, -1);
        if (place >= 0)
        {
            dims[place] = 1;
            var others = Product(dims);
            NodeShapes.Require(others > 0 && x.Count % others == 0, $"cannot make {x.Shape} into [{string.Join(',', wanted)}]");
            dims[place] = x.Count / others;
        }

        var y = new KnownTensor(x.ElementType, dims, x.Values);
        NodeShapes.Require(y.Count == x.Count, $"makes {x.Shape}, {x.Count} elements, into {y.Shape}; expected a shape of as many");
        return [y];
    }

    public static KnownTensor[] Transpose(NodeShapes node)
    {
        var x = node[0];
        var order = node.Proto.Longs("perm") is { } given ? NodeShapes.Axes(given, x.Rank) : [.. Enumerable.Range(0, x.Rank).Reverse()];
        NodeShapes.Require(order.Length == x.Rank, $"orders {order.Length} dimensions; expected the {x.Rank} of its input {x.Shape}");
        long[] dims = [.. order.Select(i => x.Dims[i])];
        return [new(x.ElementType, dims, Rearranged.Of(x, dims, index => [.. Enumerable.Range(0, x.Rank).Select(i => index[Array.IndexOf(order, i)])]))];
    }

    /// <summary>Without axes, every dimension of 1 goes.</summary>
    public static KnownTensor[] Squeeze(NodeShapes node)
    {
        var x = node[0];
        var axes = node.LongsOf("axes", 1) is { } given ? NodeShapes.Axes(given, x.Rank) : [.. Enumerable.Range(0, x.Rank).Where(i => x.Dims[i] == 1)];
        NodeShapes.Require(axes.All(a => x.Dims[a] == 1), $"squeezes the axes [{string.Join(',', axes)}] of {x.Shape}; expected dimensions of 1");
        return [new(x.ElementType, [.. x.Dims.Where((_, i) => !axes.Contains(i))], x.Values)];
    }

    /// <summary>The axes count in the output.</summary>
    public static KnownTensor[] Unsqueeze(NodeShapes node)
    {
        var x = node[0];
        var given = node.LongsOf("axes", 1) ?? throw new ShapeException("lacks its axes");
        NodeShapes.Require(given.Length <= KnownTensor.MostDimensions, $"adds {given.Length} dimensions; expected at most {KnownTensor.MostDimensions}");
        var axes = NodeShapes.Axes(given, x.Rank + given.Length);
        var rest = new Queue<long>(x.Dims);
        return [new(x.ElementType, [.. Enumerable.Range(0, x.Rank + axes.Length).Select(i => axes.Contains(i) ? 1 : rest.Dequeue())], x.Values)];
    }

    /// <summary>[N, C b b, H, W] becomes [N, C, H b, W b].</summary>
    public static KnownTensor[] DepthToSpace(NodeShapes node)
    {
        var (x, b) = Blocks(node);
        NodeShapes.Require(x.Dims[1] % checked(b * b) == 0, $"has {x.Dims[1]} channels; expected a multiple of the block's {b} x {b}");
        return [new(x.ElementType, checked([x.Dims[0], x.Dims[1] / (b * b), x.Dims[2] * b, x.Dims[3] * b]))];
    }

    /// <summary>[N, C, H b, W b] becomes [N, C b b, H, W].</summary>
    public static KnownTensor[] SpaceToDepth(NodeShapes node)
    {
        var (x, b) = Blocks(node);
        NodeShapes.Require(x.Dims[2] % b == 0 && x.Dims[3] % b == 0, $"its input has the shape {x.Shape}; expected height and width that {b} divides");
        return [new(x.ElementType, checked([x.Dims[0], x.Dims[1] * b * b, x.Dims[2] / b, x.Dims[3] / b]))];
    }

    /// <summary>The product of dimensions, which may overflow.</summary>
    public static long Product(ReadOnlySpan<long> dims)
    {
        var product = 1L;
        foreach (var dim in dims)
        {
            product = checked(product * dim);
        }

        return product;
    }

    private static (KnownTensor X, long Block) Blocks(NodeShapes node)
    {
        var block = node.Proto.Long("blocksize", 0);
        NodeShapes.Require(node[0].Rank == 4 && block > 0, $"its input has the shape {node[0].Shape} and its blocksize is {block}; expected [N, channels, height, width] and at least 1");
        return (node[0], block);
    }
}
