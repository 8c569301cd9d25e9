namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Operators that pick elements of a tensor, or surround it with more.</summary>
internal static class PickRules
{
    /// <summary>The indices' shape takes the place of the axis.</summary>
    public static KnownTensor[] Gather(NodeShapes node)
    {
        var (x, indices) = (node[0], node[1]);
        var axis = NodeShapes.Axis(node.Proto.Long("axis", 0), x.Rank);
        long[] dims = [.. x.Dims[..axis], .. indices.Dims, .. x.Dims[(axis + 1)..]];
        return [new(x.ElementType, dims, indices.Values is { } at && new KnownTensor(ElementType.Int64, dims).Count > 0 ? Gathered(x, axis, indices, at, dims) : null)];
    }

    public static KnownTensor[] GatherElements(NodeShapes node) => [new(node[0].ElementType, node[1].Dims)];

    /// <summary>Up to operator set 9 attributes, then inputs: starts, ends, axes, steps.</summary>
    public static KnownTensor[] Slice(NodeShapes node)
    {
        var x = node[0];
        var starts = node.LongsOf("starts", 1) ?? throw new ShapeException("lacks its starts");
        var ends = node.LongsOf("ends", 2) ?? throw new ShapeException("lacks its ends");
        var axes = NodeShapes.Axes(node.LongsOf("axes", 3) ?? [.. Enumerable.Range(0, starts.Length).Select(i => (long)i)], x.Rank);
        var steps = node.LongsOf("steps", 4) ?? [.. starts.Select(_ => 1L)];
        NodeShapes.Require(starts.Length == axes.Length && ends.Length == axes.Length && steps.Length == axes.Length && !steps.Contains(0),
            $"has {starts.Length} starts, {ends.Length} ends, {axes.Length} axes and {steps.Length} steps; expected as many of each, no step of 0");
        long[] dims = [.. x.Dims];
        var from = new long[x.Rank];
        var by = Enumerable.Repeat(1L, x.Rank).ToArray();
        for (var i = 0; i < axes.Length; i++)
        {
            var axis = axes[i];
            (from[axis], dims[axis]) = Taken(x.Dims[axis], starts[i], ends[i], steps[i]);
            by[axis] = steps[i];
        }

        return [new(x.ElementType, dims, Rearranged.Of(x, dims, index => [.. index.Select((at, d) => from[d] + (at * by[d]))]))];
    }

    /// <summary>pads as [begins, ends]; negative ones cut. Operator set 18 may name the axes they are for.</summary>
    public static KnownTensor[] Pad(NodeShapes node)
    {
        var x = node[0];
        var pads = node.LongsOf("pads", 1) ?? node.Proto.Longs("paddings") ?? throw new ShapeException("lacks its pads");
        var axes = node.Has(3) ? NodeShapes.Axes(node.Longs(3), x.Rank) : [.. Enumerable.Range(0, x.Rank)];
        NodeShapes.Require(pads.Length == 2 * axes.Length, $"has {pads.Length} pads; expected {2 * axes.Length}, two for each dimension");
        long[] dims = [.. x.Dims];
        for (var i = 0; i < axes.Length; i++)
        {
            dims[axes[i]] = checked(dims[axes[i]] + pads[i] + pads[i + axes.Length]);
        }

        return [new(x.ElementType, dims)];
    }

    /// <summary>The k largest along an axis, and where they stood.</summary>
    public static KnownTensor[] TopK(NodeShapes node)
    {
        var x = node[0];
        var axis = NodeShapes.Axis(node.Proto.Long("axis", -1), x.Rank);
        var k = node.Proto.Has("k") ? [node.Proto.Long("k", 0)] : node.Longs(1);
        NodeShapes.Require(k.Length == 1 && k[0] >= 0 && k[0] <= x.Dims[axis], $"takes [{string.Join(',', k)}] of {x.Dims[axis]} elements; expected one number, at most that");
        long[] dims = [.. x.Dims];
        dims[axis] = k[0];
        return [new(x.ElementType, dims), new(ElementType.Int64, dims)];
    }

    private static double[]? Gathered(KnownTensor x, int axis, KnownTensor indices, double[] at, long[] dims)
    {
        var size = x.Dims[axis];
        NodeShapes.Require(at.All(i => i >= -size && i < size), $"takes an element that its input {x.Shape} has not; expected indices from {-size} to {size - 1}");
        return Rearranged.Of(x, dims, index =>
        {
            var place = 0L;
            for (var i = 0; i < indices.Rank; i++)
            {
                place = (place * indices.Dims[i]) + index[axis + i];
            }

            return [.. index[..axis], (long)(at[place] < 0 ? at[place] + size : at[place]), .. index[(axis + indices.Rank)..]];
        });
    }

    /// <summary>Where a slice of one dimension begins and how many it takes; ends beyond the dimension mean its end.</summary>
    private static (long Start, long Count) Taken(long size, long start, long end, long step)
    {
        if (size == 0)
        {
            return (0, 0);
        }

        start = start < 0 ? start + size : start;
        end = end < 0 ? end + size : end;
        var (least, most) = step > 0 ? (0L, size) : (-1L, size - 1);
        start = Math.Clamp(start, 0, most);
        end = Math.Clamp(end, least, most);
        var (way, stride) = step > 0 ? (end - start, step) : (start - end, -Math.Max(step, -long.MaxValue));
        return (start, way <= 0 ? 0 : ((way - 1) / stride) + 1);
    }
}
