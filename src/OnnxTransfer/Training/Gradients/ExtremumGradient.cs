using OnnxTransfer.Onnx;

namespace OnnxTransfer.Training.Gradients;

/// <summary>
/// The largest or smallest of several inputs (Max, Min): dy goes to the one that y is, in equal parts where several are, as
/// torch.maximum does; summed where they were broadcast.
/// </summary>
internal static class ExtremumGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        int type = (int)node.Type(node.Output).ElementType;
        string[] chosen = [.. node.Node.Input.Select(input => node.Add("Cast", [node.Add("Equal", [input, node.Output])], ("to", type)))];
        string share = node.Add("Div", [gradient, node.Add("Sum", chosen)]);
        return [.. chosen.Select((mask, i) => node.Needs(i) ? node.SumTo(node.Add("Mul", [share, mask]), node.Input(i)) : null)];
    }
}
