using System.Globalization;
using OnnxTransfer.Onnx;

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
        var (whole, reader) = (ChannelAffine.Identity(3), new ChannelAffineReader(new Constants(model.Graph)));
        var operators = new List<string>();
        var tensor = flow.Input;
        while (flow.OnlyReader(tensor) is { } node && node.Output.Count > 0)
        {
            if (node.OpType is not ("Transpose" or "Cast" or "Identity" or "Pad"))
            {
                if (reader.Read(node, tensor, type: null, channels: 3, rank: 4, flow.Layout(tensor) ?? TensorLayout.Nchw) is not { } step)
                {
                    break;
                }

                operators.Add(node.OpType);
                whole = whole.Then(step);
            }

            tensor = node.Output[0];
        }

        return operators.Count == 0 || whole.Scale.Contains(0) ? null
            : new(string.Join(", ", operators), [.. whole.Shift.Zip(whole.Scale, (b, a) => (0 - b) / a)], [.. whole.Scale.Select(a => 1 / a)]);
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        static string List(double[] values) => string.Join(',', values.Select(v => v.ToString("0.####", CultureInfo.InvariantCulture)));
        return $"(x - [{List(Mean)}]) / [{List(Std)}] by {Operators}";
    }
}
