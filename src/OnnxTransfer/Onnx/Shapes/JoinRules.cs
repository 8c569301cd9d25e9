namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Operators that join, divide or repeat tensors along axes.</summary>
internal static class JoinRules
{
    public static KnownTensor[] Concat(NodeShapes node)
    {
        var parts = Enumerable.Range(0, Math.Max(1, node.Inputs)).Select(i => node[i]).ToArray();
        var first = parts[0];
        var axis = NodeShapes.Axis(node.Proto.Long("axis", 1), first.Rank);
        long[] dims = [.. first.Dims];
        foreach (var next in parts.Skip(1))
        {
            NodeShapes.Require(next.Rank == first.Rank && Enumerable.Range(0, first.Rank).All(d => d == axis || next.Dims[d] == first.Dims[d]),
                $"joins {first.Shape} and {next.Shape} along axis {axis}; expected all other dimensions equal");
            dims[axis] = checked(dims[axis] + next.Dims[axis]);
        }

        // Shapes are vectors; of others no values are needed.
        return [new(first.ElementType, dims, first.Rank == 1 && dims[0] <= KnownTensor.MostValues && parts.All(p => p.Values is not null)
            ? [.. parts.SelectMany(p => p.Values!)] : null)];
    }

    /// <summary>Sizes by attribute or input; else parts of one size, the last smaller where num_outputs says how many.</summary>
    public static KnownTensor[] Split(NodeShapes node)
    {
        var x = node[0];
        var axis = NodeShapes.Axis(node.Proto.Long("axis", 0), x.Rank);
        var sizes = node.LongsOf("split", 1) ?? Parts(node, x.Dims[axis]);
        NodeShapes.Require(sizes.Length == node.Outputs && sizes.All(s => s >= 0) && Sum(sizes) == x.Dims[axis],
            $"divides {x.Dims[axis]} of {x.Shape} into [{string.Join(',', sizes.Take(16))}]; expected {node.Outputs} sizes that sum to it");
        var parts = new KnownTensor[sizes.Length];
        var start = 0L;
        for (var i = 0; i < parts.Length; i++)
        {
            var (offset, dims) = (start, x.Dims.ToArray());
            dims[axis] = sizes[i];
            parts[i] = new(x.ElementType, dims, Rearranged.Of(x, dims, index => [.. index.Select((at, d) => d == axis ? at + offset : at)]));
            start += sizes[i];
        }

        return parts;
    }

    public static KnownTensor[] Tile(NodeShapes node)
    {
        var (x, repeats) = (node[0], node.Longs(1));
        NodeShapes.Require(repeats.Length == x.Rank, $"repeats {repeats.Length} dimensions; expected the {x.Rank} of its input {x.Shape}");
        long[] dims = [.. x.Dims.Zip(repeats, (d, r) => checked(d * r))];
        return [new(x.ElementType, dims, Rearranged.Of(x, dims, index => [.. index.Select((at, d) => at % x.Dims[d])]))];
    }

    /// <summary>Broadcast to a shape that is an input.</summary>
    public static KnownTensor[] Expand(NodeShapes node)
    {
        var x = node[0];
        var dims = Broadcast.Of(x, new KnownTensor(x.ElementType, node.Longs(1)));
        return [new(x.ElementType, dims, Broadcast.Stretched(x, dims))];
    }

    private static long[] Parts(NodeShapes node, long size)
    {
        var parts = Math.Max(1, node.Outputs);
        var several = node.Proto.Long("num_outputs", parts);
        NodeShapes.Require(several == parts, $"has {node.Outputs} outputs and num_outputs {several}; expected the same");
        var each = (size + parts - 1) / parts;
        return [.. Enumerable.Range(0, parts).Select(i => Math.Clamp(size - (i * each), 0, each))];
    }

    private static Int128 Sum(long[] sizes) => sizes.Aggregate((Int128)0, (sum, s) => sum + s);
}
