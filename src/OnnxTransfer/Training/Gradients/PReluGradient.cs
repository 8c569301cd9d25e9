namespace OnnxTransfer.Training.Gradients;

/// <summary>y = x where x &gt; 0, else slope x: dx = dy or slope dy, dslope = x dy where x ≤ 0, summed where it was broadcast.</summary>
internal static class PReluGradient
{
    public static string?[] Of(GradientNode node, string gradient)
    {
        string x = node.Input(0), above = node.IsAbove(x, 0);
        return
        [
            node.Needs(0) ? node.Add("Where", [above, gradient, node.Add("Mul", [gradient, node.Input(1)])]) : null,
            node.Needs(1) ? node.SumTo(node.Add("Where", [above, node.Number(0, x), node.Add("Mul", [gradient, x])]), node.Input(1)) : null,
        ];
    }
}
