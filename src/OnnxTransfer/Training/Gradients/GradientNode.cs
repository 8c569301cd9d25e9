using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Training.Gradients;

/// <summary>A node of the forward graph as its gradient rule sees it, and the door through which the rule adds nodes.</summary>
/// <param name="builder">Holds the forward graph's nodes.</param>
/// <param name="source">The forward graph's name for messages.</param>
/// <param name="node">The node.</param>
/// <param name="shapes">Of the forward graph.</param>
/// <param name="dependent">Tensors that depend on what is trained.</param>
/// <param name="gradientOf">The gradient of a tensor; null where the loss does not depend on it.</param>
/// <param name="advice">What could be trained without this node's gradient, for messages.</param>
internal sealed class GradientNode(
    GraphBuilder builder, string source, NodeProto node, TensorShapes shapes, IReadOnlySet<string> dependent,
    Func<string, string?> gradientOf, Func<string> advice)
{
    public NodeProto Node => node;

    public int Opset => builder.Opset;

    public string Output => node.Output[0];

    /// <summary>The name of an input; "" where it is left out.</summary>
    public string Input(int index) => index < node.Input.Count ? node.Input[index] : "";

    /// <summary>Whether the input depends on what is trained, so that its gradient is wanted.</summary>
    public bool Needs(int index) => dependent.Contains(Input(index));

    /// <summary>The gradient of an output of several; zeros where the loss does not depend on it.</summary>
    public string GradientOf(int output)
    {
        string tensor = node.Output[output];
        return gradientOf(tensor) ?? Add("Expand", [Number(0, tensor), List([.. Type(tensor).Dimensions])]);
    }

    /// <summary>Element type and dimensions of an input or the output.</summary>
    public TensorType Type(string tensor) => shapes[tensor] ?? throw new TrainingException(
        $"{source}: the shape of '{tensor}', which the gradient of {ShortNames.Of(node)} needs, is unknown: {shapes.Unknown.GetValueOrDefault(tensor, "no node gives it")}");

    /// <summary>The numbers of a small integer tensor known beforehand, such as axes.</summary>
    public long[] Longs(string tensor) => shapes.Values(tensor) is { } values
        ? Array.ConvertAll(values, value => (long)value)
        : throw Unsupported($"'{tensor}' is computed by the graph; expected a constant");

    /// <summary>Whether a tensor is known to hold this number alone.</summary>
    public bool IsAll(string tensor, double number) => shapes.Values(tensor) is { Length: > 0 } values && Array.TrueForAll(values, value => value == number);

    /// <summary>An axis of a tensor, counted from the end where it is negative.</summary>
    public int Axis(long axis, string tensor) => (int)(axis < 0 ? axis + Type(tensor).Dimensions.Count : axis);

    /// <summary>An error for a form of the operator that its rule does not cover.</summary>
    public TrainingException Unsupported(string found) => new($"{source}: no gradient for {ShortNames.Of(node)}: {found}; {advice()}");

    /// <summary>Adds a node of one output.</summary>
    public string Add(string operation, string[] inputs, params (string Name, object Value)[] attributes) =>
        builder.Node(operation, inputs, $"{Output}_backward", attributes);

    /// <summary>A constant of one element, of the type of <paramref name="like"/>.</summary>
    public string Number(double value, string like) => builder.Reals($"{Output}_constant", Type(like).ElementType, [value], 1);

    /// <summary>A constant, of the type of <paramref name="like"/>.</summary>
    public string Numbers(double[] values, string like, params long[] shape) => builder.Reals($"{Output}_constant", Type(like).ElementType, values, shape);

    /// <summary>Where a tensor is above a number.</summary>
    public string IsAbove(string tensor, double number) => Add("Greater", [tensor, Number(number, tensor)]);

    /// <summary>A tensor with zeros before and behind it along each axis; cut where a number is negative.</summary>
    public string Pad(string tensor, params long[] pads) => Add("Pad", [tensor, List(pads)]);

    /// <summary>Zeros, of the type of <paramref name="like"/>.</summary>
    public string Zeros(string like, params long[] shape) => Add("Expand", [Number(0, like), List(shape)]);

    /// <summary>The node of the forward graph that gives a tensor; null for inputs and weights.</summary>
    public NodeProto? Giver(string tensor) => builder.Graph.Node.FirstOrDefault(giver => giver.Output.Contains(tensor));

    /// <summary>The node's second output, which it gives from now on where it did not.</summary>
    public string SecondOutput(string hint)
    {
        var outputs = Giver(Output)!.Output;
        if (outputs.Count == 1)
        {
            outputs.Add("");
        }

        return outputs[1].Length > 0 ? outputs[1] : outputs[1] = builder.Reserve($"{Output}_{hint}");
    }

    /// <summary>Has the graph be of this operator set at least.</summary>
    public void RaiseOpset(int opset) => builder.RaiseOpset(opset);

    /// <summary>A constant list of integers.</summary>
    public string List(params long[] values) => builder.Longs($"{Output}_list", values, values.Length);

    /// <summary>The sum along axes, which stay as dimensions of 1.</summary>
    public string SumAlong(string tensor, params long[] axes) => Add("ReduceSum", [tensor, List(axes)], ("keepdims", 1));

    /// <summary>The gradient of an input that was broadcast to the output's shape: the sum over all places it was copied to.</summary>
    public string SumTo(string gradient, string input)
    {
        var from = Type(Output).Dimensions;
        var to = Type(input).Dimensions;
        if (from.SequenceEqual(to))
        {
            return gradient;
        }

        int added = from.Count - to.Count;
        long[] axes = [.. Enumerable.Range(0, from.Count).Where(i => i < added || (to[i - added] == 1 && from[i] != 1)).Select(i => (long)i)];
        if (axes.Length == added)
        {
            return Add("ReduceSum", [gradient, List(axes)], ("keepdims", 0));
        }

        string sum = SumAlong(gradient, axes);
        return added == 0 ? sum : Add("Reshape", [sum, List([.. to])]);
    }
}
