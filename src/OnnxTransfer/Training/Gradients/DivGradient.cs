namespace OnnxTransfer.Training.Gradients;

/// <summary>y = a / b: da = dy / b, db = -dy y / b, summed where they were broadcast.</summary>
internal static class DivGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string share = node.Add("Div", [gradient, node.Input(1)]);
        return
        [
            node.Needs(0) ? node.SumTo(share, node.Input(0)) : null,
            node.Needs(1) ? node.Add("Neg", [node.SumTo(node.Add("Mul", [share, node.Output]), node.Input(1))]) : null,
        ];
    }
}
