namespace OnnxTransfer.Training.Gradients;

/// <summary>y is a where the condition holds, else b: each gets dy where it was taken, summed where it was broadcast.</summary>
internal static class WhereGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string zero = node.Number(0, node.Output);
        return
        [
            null,
            node.Needs(1) ? node.SumTo(node.Add("Where", [node.Input(0), gradient, zero]), node.Input(1)) : null,
            node.Needs(2) ? node.SumTo(node.Add("Where", [node.Input(0), zero, gradient]), node.Input(2)) : null,
        ];
    }
}
