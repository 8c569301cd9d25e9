using System.Globalization;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Backbones;

/// <summary>
/// What the nodes before the first convolution do to the image, as y = (x - <paramref name="Mean"/>) / <paramref name="Std"/>
/// per channel, and so in which range they expect x.
/// </summary>
/// <param name="Operators">Their operators, such as Sub, Mul.</param>
/// <param name="Mean">Three numbers.</param>
/// <param name="Std">Three numbers.</param>
internal sealed record InnerNormalisation(string Operators, double[] Mean, double[] Std)
{
    /// <summary>
    /// The largest value of x, 255 or 1, where mean and std tell it; null where x is to be normalised already (mean near 0,
    /// std near 1, as MXNet's batch normalisation of the data).
    /// </summary>
    public int? Range =>
        Mean.Max(Math.Abs) > 1.5 || Std.Max(Math.Abs) > 20 ? 255
        : Mean.All(m => m is > 0.2 and < 0.8) && Std.All(s => Math.Abs(s) is > 0.05 and < 0.8) ? 1
        : null;

    /// <summary>The mean and std that bring x / 255 to that range.</summary>
    public (float[] Mean, float[] Std)? Hint => Range is { } range ? ([0, 0, 0], Enumerable.Repeat(range == 255 ? 1 / 255f : 1f, 3).ToArray()) : null;

    /// <summary>Null where the graph begins without.</summary>
    public static InnerNormalisation? Find(OnnxModel model, ImageFlow flow)
    {
        var (scale, shift) = (new double[] { 1, 1, 1 }, new double[3]);
        var operators = new List<string>();
        var tensor = flow.Input;
        while (flow.OnlyReader(tensor) is { } node && node.Output.Count > 0)
        {
            if (node.OpType is not ("Transpose" or "Cast" or "Identity" or "Pad"))
            {
                if (Affine(model, flow, node, tensor) is not { } step)
                {
                    break;
                }

                operators.Add(node.OpType);
                for (var c = 0; c < 3; c++)
                {
                    (scale[c], shift[c]) = (scale[c] * step.Scale[c], (shift[c] * step.Scale[c]) + step.Shift[c]);
                }
            }

            tensor = node.Output[0];
        }

        return operators.Count == 0 || scale.Any(s => s == 0) ? null
            : new(string.Join(", ", operators), [.. shift.Zip(scale, (b, a) => (0 - b) / a)], [.. scale.Select(a => 1 / a)]);
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        static string List(double[] values) => string.Join(',', values.Select(v => v.ToString("0.####", CultureInfo.InvariantCulture)));
        return $"(x - [{List(Mean)}]) / [{List(Std)}] by {Operators}";
    }

    private static (double[] Scale, double[] Shift)? Affine(OnnxModel model, ImageFlow flow, NodeProto node, string tensor)
    {
        double[]? Constant(int input) => PerChannel(ConstantTensor(model, node.Input[input]), flow.Layout(tensor));
        double[] one = [1, 1, 1];
        switch (node.OpType)
        {
            case "BatchNormalization" when node.Input.Count >= 5:
                var epsilon = node.Attribute.FirstOrDefault(a => a.Name == "epsilon")?.F ?? 1e-5f;
                if (Constant(1) is not { } gamma || Constant(2) is not { } beta || Constant(3) is not { } mean || Constant(4) is not { } variance)
                {
                    return null;
                }

                double[] scale = [.. gamma.Zip(variance, (g, v) => g / Math.Sqrt(v + epsilon))];
                return (scale, [.. beta.Zip(mean.Zip(scale, (m, s) => m * s), (b, ms) => b - ms)]);
            case "Sub" or "Add" or "Mul" or "Div" when node.Input.Count == 2:
                var first = node.Input[0] == tensor;
                if (Constant(first ? 1 : 0) is not { } c || (node.OpType == "Div" && !first))
                {
                    return null;
                }

                return node.OpType switch
                {
                    "Mul" => (c, new double[3]),
                    "Div" => ([.. c.Select(v => 1 / v)], new double[3]),
                    "Add" => (one, c),
                    _ => first ? (one, [.. c.Select(v => -v)]) : ([-1, -1, -1], c),
                };
            default:
                return null;
        }
    }

    private static TensorProto? ConstantTensor(OnnxModel model, string name) => model.Graph.Initializer.FirstOrDefault(t => t.Name == name)
        ?? model.Graph.Node.FirstOrDefault(n => n.OpType == "Constant" && n.Output.Contains(name))?.Attribute.FirstOrDefault(a => a.Name == "value")?.T;

    /// <summary>One number for all channels or one each, where broadcasting lays them along the channels.</summary>
    private static double[]? PerChannel(TensorProto? tensor, TensorLayout? layout)
    {
        if (tensor is null || TensorData.Floats(tensor) is not { } values)
        {
            return null;
        }

        // [3] alone is a batch norm's, or lies along the last dimension of NHWC.
        var alongChannels = tensor.Dims is [3] || (layout == TensorLayout.Nhwc ? tensor.Dims.LastOrDefault() == 3 : tensor.Dims.Count >= 3 && tensor.Dims[^3] == 3);
        return values.Length == 1 ? [values[0], values[0], values[0]]
            : values.Length == 3 && alongChannels ? [values[0], values[1], values[2]]
            : null;
    }
}
