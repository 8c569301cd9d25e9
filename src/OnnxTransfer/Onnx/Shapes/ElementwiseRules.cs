namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Operators that compute each element for itself.</summary>
internal static class ElementwiseRules
{
    /// <summary>The shape and type of the input.</summary>
    public static KnownTensor[] Same(NodeShapes node)
    {
        var x = node[0];
        return [new(x.ElementType, x.Dims, ElementMath.Unary(node.Operator) is { } f ? Mapped(x, x.ElementType, f) : null)];
    }

    /// <summary>The shape of the input; true or false each.</summary>
    public static KnownTensor[] Test(NodeShapes node) => [new(ElementType.Bool, node[0].Dims)];

    /// <summary>One input or more, stretched to one shape.</summary>
    public static KnownTensor[] Broadcast(NodeShapes node) => Combined(node, node[0].ElementType);

    /// <summary>The same, giving true or false.</summary>
    public static KnownTensor[] Compare(NodeShapes node) => Combined(node, ElementType.Bool);

    /// <summary>The slope is stretched to the input, not the other way round.</summary>
    public static KnownTensor[] PRelu(NodeShapes node)
    {
        var (x, slope) = (node[0], node[1]);
        NodeShapes.Require(Shapes.Broadcast.Of(x, slope).AsSpan().SequenceEqual(x.Dims),
            $"its slope has the shape {slope.Shape}; expected one that broadcasts to the input {x.Shape}");
        return [new(x.ElementType, x.Dims)];
    }

    public static KnownTensor[] Where(NodeShapes node)
    {
        var (condition, a, b) = (node[0], node[1], node[2]);
        var dims = Shapes.Broadcast.Of(condition, a, b);
        return [new(a.ElementType, dims, Shapes.Broadcast.Stretched(condition, dims) is { } c && Shapes.Broadcast.Stretched(a, dims) is { } x
            && Shapes.Broadcast.Stretched(b, dims) is { } y ? [.. c.Select((truth, i) => truth != 0 ? x[i] : y[i])] : null)];
    }

    public static KnownTensor[] Cast(NodeShapes node) => CastTo(node[0], (ElementType)node.Proto.Long("to", 0));

    public static KnownTensor[] CastLike(NodeShapes node) => CastTo(node[0], node[1].ElementType);

    /// <summary>The mask is true where a value was kept; before operator set 10 it had the input's type.</summary>
    public static KnownTensor[] Dropout(NodeShapes node) =>
        [new(node[0].ElementType, node[0].Dims), new(node.Opset < 10 ? node[0].ElementType : ElementType.Bool, node[0].Dims)];

    private static KnownTensor[] CastTo(KnownTensor x, ElementType to)
    {
        NodeShapes.Require(to != ElementType.Undefined, "says no type; expected the attribute 'to'");
        return [new(to, x.Dims, Mapped(x, to, v => v))];
    }

    private static double[]? Mapped(KnownTensor x, ElementType type, Func<double, double> f) =>
        x.Values is { } values ? Array.ConvertAll(values, v => ElementMath.Rounded(type, f(v))) : null;

    private static KnownTensor[] Combined(NodeShapes node, ElementType type)
    {
        // Before operator set 7, B was stretched to A where the attribute said so.
        if (node.Opset < 7 && node.Proto.Long("broadcast", 0) != 0)
        {
            return [new(type, node[0].Dims)];
        }

        var inputs = Enumerable.Range(0, Math.Max(1, node.Inputs)).Select(i => node[i]).ToArray();
        var dims = Shapes.Broadcast.Of(inputs);

        // Mod has the divisor's sign, but with fmod the dividend's, which no shape is computed with.
        if (ElementMath.Binary(node.Operator) is not { } f || node.Proto.Long("fmod", 0) != 0 || inputs.Any(i => i.Values is null))
        {
            return [new(type, dims)];
        }

        var values = Shapes.Broadcast.Stretched(inputs[0], dims);
        foreach (var input in inputs.Skip(1))
        {
            values = Shapes.Broadcast.Stretched(input, dims) is { } next && values is not null
                ? [.. values.Zip(next, (a, b) => ElementMath.Rounded(type, f(a, b)))]
                : null;
        }

        return [new(type, dims, values)];
    }
}
