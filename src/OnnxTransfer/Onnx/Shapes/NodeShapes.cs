using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx.Shapes;

/// <summary>What a rule sees of a node: the node itself and what is known of its inputs.</summary>
internal sealed class NodeShapes(NodeProto node, int opset, KnownTensor?[] inputs)
{
    public NodeProto Proto => node;

    public string Operator => node.OpType;

    public int Opset => opset;

    /// <summary>Number of inputs, those left out at the end not counted.</summary>
    public int Inputs { get; } = Array.FindLastIndex(inputs, i => i is not null) + 1;

    public int Outputs => node.Output.Count;

    public KnownTensor this[int input] => Has(input) ? inputs[input]! : throw new ShapeException($"lacks its input {input}");

    public bool Has(int input) => input < inputs.Length && inputs[input] is not null;

    /// <summary>The values of an input that must be known to know the shape, such as the shape of a Reshape.</summary>
    public double[] Values(int input) => this[input].Values
        ?? throw new ShapeException($"has a shape that depends on the values of '{ShortNames.Of(node.Input[input])}', known only when the graph runs", open: true);

    /// <summary>The same as integers; the ends of int64 stay what they are.</summary>
    public long[] Longs(int input) => Array.ConvertAll(Values(input), v => (long)v);

    /// <summary>Integers that older operator sets hold as an attribute and newer ones as an input; null where neither is there.</summary>
    public long[]? LongsOf(string attribute, int input) => Proto.Longs(attribute) ?? (Has(input) ? Longs(input) : null);

    /// <summary>An axis counted from the end where it is negative.</summary>
    public static int Axis(long axis, int rank) => axis >= -rank && axis < rank
        ? (int)(axis < 0 ? axis + rank : axis)
        : throw new ShapeException($"has the axis {axis}; expected {-rank} to {rank - 1}, for its {rank} dimensions");

    /// <summary>The same for several, which must differ.</summary>
    public static int[] Axes(long[] axes, int rank)
    {
        Require(axes.Length <= rank, $"has {axes.Length} axes; expected at most {rank}");
        var found = Array.ConvertAll(axes, a => Axis(a, rank));
        Require(found.Distinct().Count() == found.Length, $"names an axis twice in [{string.Join(',', axes)}]");
        return found;
    }

    public static void Require(bool condition, string reason)
    {
        if (!condition)
        {
            throw new ShapeException(reason);
        }
    }
}
